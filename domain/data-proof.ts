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
