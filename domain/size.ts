const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1536` → `1.5 KiB`. Binary units (IEC 80000-13), one decimal below 10. */
export const formatBytes = (bytes: number): string => {
  let value = bytes;
  let unit = 0;
  // What would be written as 1024 is one of the next unit.
  while (Math.round(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit] as string}`;
};

/** `604800000` → `7d`, as a person writes an age. */
export const formatAge = (ms: number): string => {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  const whole = units.find(([, unitMs]) => ms >= unitMs && ms % unitMs === 0);
  return whole ? `${ms / whole[1]}${whole[0]}` : `${ms / 1000}s`;
};

/** `83000` → `1m 23s`; `2400` → `2.4s`; `210` → `210ms`. */
export const formatDuration = (ms: number): string => {
  // What would be written as 1000 ms or 60 s is one of the next unit.
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}h ${minutes}m` : `${minutes}m ${seconds % 60}s`;
};
