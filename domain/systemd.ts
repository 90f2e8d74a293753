/** What systemctl(1) and journalctl(1) print, and what of it is wrong. */
import type { Finding } from './incident.ts';

/** `user`: that of the worker's own user. */
export const unitManagers = ['system', 'user'] as const;
export type UnitManager = (typeof unitManagers)[number];

export type FailedUnit = { unit: string; description: string };

/** @property perHour measured over the time that was read. */
export type ErrorRate = { unit: string; count: number; perHour: number };

/** @property all false where there were more than are read: then the newest, and the time that these span. */
export type JournalErrors = { rates: ErrorRate[]; all: boolean };

/** Podman runs health checks as units of the container's id; what they find is told of its service. */
const healthCheck = /^[0-9a-f]{64}(?:-[0-9a-f]+)?\.(?:service|timer)$/;

/**
 * @param text of `systemctl list-units --failed --plain --no-legend --output=json`, or what it prints where it knows no JSON.
 * @throws where it is neither.
 */
export const parseFailedUnits = (text: string): FailedUnit[] =>
  (text.trimStart().startsWith('[') ? unitsInJson(text) : unitsInLines(text)).filter(
    ({ unit }) => !healthCheck.test(unit),
  );

const unitsInJson = (text: string): FailedUnit[] =>
  (JSON.parse(text) as unknown[]).map((row) => {
    const { unit, description } = row as Record<string, unknown>;
    if (typeof unit !== 'string') throw new Error('systemctl names no unit where one should be');
    return { unit, description: typeof description === 'string' ? description : '' };
  });

/** UNIT LOAD ACTIVE SUB DESCRIPTION; older ones put a dot before a unit that failed. */
const unitsInLines = (text: string): FailedUnit[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const found = /^(?:[●*×]\s+|\s*)(\S+\.[a-z]+)\s+\S+\s+failed\s+\S+\s*(.*)$/.exec(line);
      if (!found) throw new Error('systemctl prints what is no unit');
      return { unit: found[1] ?? '', description: (found[2] ?? '').trim() };
    });

const hourMs = 3_600_000;

/**
 * @param text of `journalctl --output=json --reverse`, a line for each entry, the newest first.
 * @param since when it was read from, @param now to; ms since the epoch. @param most so many entries are read.
 * @throws where a line is no entry.
 */
export const parseJournalErrors = (
  text: string,
  { since, now, most }: { since: number; now: number; most: number },
): JournalErrors => {
  // Where there is none it says so, also as JSON.
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('-- '));
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const all = entries.length < most;
  const oldest = Number(entries.at(-1)?.['__REALTIME_TIMESTAMP']) / 1_000;
  const from = all || !Number.isFinite(oldest) ? since : oldest;
  // Of what came within one second no rate is known but that it is high.
  const spanMs = Math.max(now - from, 1_000);
  const rates = [...Map.groupBy(entries, unitOf)].map(([unit, some]) => ({
    unit,
    count: some.length,
    perHour: (some.length * hourMs) / spanMs,
  }));
  return { rates: rates.sort((a, b) => b.count - a.count || (a.unit < b.unit ? -1 : 1)), all };
};

/**
 * Whom an entry is about, and else who wrote it: systemd.journal-fields(7). A field that is there twice, or holds no text, is an
 * array or null: it names nobody.
 */
const unitOf = (entry: Record<string, unknown>): string => {
  const text = (field: string): string | undefined => {
    const value = entry[field];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const user = text('USER_UNIT') ?? text('_SYSTEMD_USER_UNIT');
  const named = text('UNIT') ?? (user === undefined ? text('_SYSTEMD_UNIT') : placeOfUnit('user', user));
  const other = text('_TRANSPORT') === 'kernel' ? 'kernel' : text('SYSLOG_IDENTIFIER');
  return printable(named ?? other ?? 'others');
};

/** Whoever may write to the journal may name itself as it likes. */
const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd').slice(0, 120);

/** `backup.service`, or `user:backup.service`. */
export const placeOfUnit = (manager: UnitManager, unit: string): string =>
  printable(manager === 'user' ? `user:${unit}` : unit);

export const unitFinding = (manager: UnitManager, { unit, description }: FailedUnit): Finding => ({
  what: 'unit-failed',
  where: placeOfUnit(manager, unit),
  state: 'warning',
  evidence: description === '' || description === unit ? 'failed' : `failed: ${printable(description)}`,
});

/** One a minute, ten of them: something is tried again and again. Fewer are part of a day. */
const [noisyPerHour, noisyCount] = [60, 10];

/** Only of what is noisy; whoever is not named is not. */
export const journalFindings = ({ rates }: JournalErrors): Finding[] =>
  rates
    .filter(({ count, perHour }) => count >= noisyCount && perHour >= noisyPerHour)
    .map(({ unit, count, perHour }) => ({
      what: 'journal-errors',
      where: unit,
      state: 'info',
      evidence: `${count} errors in the journal, ${Math.round(perHour)} an hour`,
    }));
