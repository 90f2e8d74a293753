/** What btrfs says of a filesystem: when all of it was last read (a scrub), and what its devices got wrong. */
import { countText } from './count-text.ts';

export type Scrub =
  | { state: 'never' }
  | {
      state: 'running' | 'finished' | 'aborted' | 'interrupted';
      /** ISO 8601, UTC. */
      at: string;
      /** In btrfs' words: `csum=2`; absent: none. */
      errors?: string;
    };

export type FilesystemHealth = {
  /** Where it is mounted. */
  filesystem: string;
  scrub: Scrub;
  /** Counters that are not 0: `/dev/sda corruption_errs 2`. */
  devices: string[];
  /** Absent where it was not asked, or could not be. */
  allocation?: Allocation;
  /** Why it could not be asked. */
  unknown?: string;
};

/** @param said by `btrfs scrub status`, with TZ=UTC. */
export const parseScrub = (said: string): Scrub => {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:\\s+(.+)$`, 'm').exec(said)?.[1]?.trim();
  const began = field('Scrub (?:started|resumed)');
  if (began === undefined) return { state: 'never' };
  const state =
    (['running', 'aborted', 'interrupted'] as const).find((one) => one === field('Status')) ?? 'finished';
  const errors = field('Error summary');
  return {
    state,
    at: new Date(`${began} UTC`).toISOString(),
    ...(errors === undefined || errors === 'no errors found' ? {} : { errors }),
  };
};

/** @param said by `btrfs device stats`: `[/dev/sda].corruption_errs  2`. */
export const parseDeviceStats = (said: string): string[] =>
  said.split('\n').flatMap((line) => {
    const [, device, counter, count] = /^\[(.+)\]\.(\w+)\s+(\d+)$/.exec(line) ?? [];
    return count === undefined || count === '0' ? [] : [`${device ?? ''} ${counter ?? ''} ${count}`];
  });

/** Bytes. What no chunk has yet, and what chunks for metadata have and use: btrfs is full where it can make no more of these. */
export type Allocation = { unallocatedBytes: number; metadataBytes: number; metadataUsedBytes: number };

/** @param said by `btrfs filesystem usage -b`. @returns `undefined` where it does not say all of it. */
export const parseAllocation = (said: string): Allocation | undefined => {
  const unallocated = /^\s+Device unallocated:\s+(\d+)$/m.exec(said)?.[1];
  const [, size, used] = /^Metadata,[^:]+: Size:(\d+), Used:(\d+)/m.exec(said) ?? [];
  if (unallocated === undefined || size === undefined || used === undefined) return undefined;
  return {
    unallocatedBytes: Number(unallocated),
    metadataBytes: Number(size),
    metadataUsedBytes: Number(used),
  };
};

const dayMs = 24 * 3_600_000;
/** Distributions that scrub by themselves do it each month; one that was left out twice is worth a word. */
export const oldScrubMs = 65 * dayMs;

/** What a person should know of it. @param now ms since the epoch. */
export const healthFinding = (
  { scrub, devices, unknown }: FilesystemHealth,
  now: number,
): { state: 'ok' | 'warning' | 'problem'; detail: string } => {
  if (unknown !== undefined) return { state: 'warning', detail: `could not be asked: ${unknown}` };
  const seen = devices.length === 0 ? [] : [`its devices counted errors: ${devices.join(', ')}`];
  if (scrub.state === 'never')
    return {
      state: seen.length > 0 ? 'problem' : 'warning',
      detail: ['never scrubbed: what has rotted is not known', ...seen].join('; '),
    };
  const ageMs = now - Date.parse(scrub.at);
  const told = `scrub ${scrub.state}, ${ageText(ageMs)}, ${scrub.errors ?? 'no errors'}`;
  const bad = seen.length > 0 || scrub.errors !== undefined;
  const old = scrub.state !== 'running' && (ageMs > oldScrubMs || scrub.state !== 'finished');
  return { state: bad ? 'problem' : old ? 'warning' : 'ok', detail: [told, ...seen].join('; ') };
};

const ageText = (ms: number): string =>
  ms < dayMs ? 'today' : `${countText(Math.floor(ms / dayMs), 'day')} ago`;
