/** Whether what is kept of a data set is new enough, and proven to come back. */
import type { SetStatus } from './data-set.ts';
import type { Finding, Severity } from './incident.ts';
import { restoreStateText, type RestoreState } from './restore-test.ts';
import type { Keep } from './retention.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Whoever keeps one of each day takes one each day; where two are missing in a row, something does not run. */
const expected: readonly [period: keyof Keep, atMostMs: number][] = [
  ['hourly', 3 * hourMs],
  ['daily', 2 * dayMs],
  ['weekly', 14 * dayMs],
  ['monthly', 62 * dayMs],
  ['yearly', 731 * dayMs],
];

/** The path of a data set, and what is known of a restore of it; `not kept`: nobody wants it back. */
export type ProvenSet = { path: string; state: RestoreState | 'not kept' };

/**
 * Whether what lies in these places was brought back for proof, lately enough.
 * @returns `unknown` where there are none, and where one of them is of no data set.
 */
export const restoreProved = (places: readonly string[], sets: readonly ProvenSet[]): boolean | 'unknown' => {
  const states = places.map(
    (place) => sets.find(({ path }) => place === path || place.startsWith(`${path}/`))?.state,
  );
  if (states.some((state) => state !== undefined && state !== 'not kept' && state !== 'proven')) return false;
  return states.length > 0 && states.every((state) => state !== undefined) ? true : 'unknown';
};

/** What was never tried is a thing to do, one that failed may be a loss already. */
const severityOf: Record<RestoreState, Severity | 'fine'> = {
  proven: 'fine',
  old: 'warning',
  never: 'info',
  failed: 'critical',
};

/** Ages in ms; absent where there is none. @param now ms since the epoch. */
export const proofAges = (
  { newest, restore }: SetStatus,
  now: number,
): { snapshotMs?: number; provenMs?: number } => ({
  ...(newest ? { snapshotMs: now - Date.parse(newest.takenAt) } : {}),
  ...(restore?.proven ? { provenMs: now - Date.parse(restore.proven.at) } : {}),
});

/** Of a set of which something is kept. */
export const proofFindings = (set: SetStatus, now: number): Finding[] => {
  const { name, restore } = set;
  if (!restore) return [];
  return [
    snapshotFinding(set, now),
    {
      what: 'restore-unproven',
      where: name,
      state: severityOf[restore.state],
      evidence: restoreStateText(name, restore.state, restore) ?? 'a restore of it was proven',
    },
  ];
};

const snapshotFinding = ({ name, newest, keep }: SetStatus, now: number): Finding => {
  const about = { what: 'snapshot-old', where: name };
  if (!newest) return { ...about, state: 'warning', evidence: 'there is no snapshot of it' };
  const ageMs = now - Date.parse(newest.takenAt);
  const [period, atMostMs] = expected.find(([one]) => (keep?.[one] ?? 0) > 0) ?? [undefined, Infinity];
  const age = ageMs < 2 * dayMs ? `${Math.floor(ageMs / hourMs)} h` : `${Math.floor(ageMs / dayMs)} days`;
  return ageMs > atMostMs
    ? {
        ...about,
        state: 'warning',
        evidence: `its newest snapshot is ${age} old, and ${String(period)} ones are kept`,
      }
    : { ...about, state: 'fine', evidence: `its newest snapshot is ${age} old` };
};
