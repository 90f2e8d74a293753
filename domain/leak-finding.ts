/** What is told of memory that rises: how fast, and when its limit is reached. */
import { findLeak, type Leak } from './forecast/leak.ts';
import type { Finding } from './incident.ts';
import { readSeries, type Measure, type Quarantined, type Sample } from './series.ts';
import { formatBytes } from './size.ts';

const dayMs = 24 * 3_600_000;

/** A limit that is reached within this is nearer than the next morning that somebody looks. */
const soonMs = 2 * dayMs;

/** `limitBytes`: of the container, or of the machine. Times in ms since the epoch. */
export type LeakAbout = { limitBytes: number; machineBytes: number; startedAt: number; now: number };

/** None of a leak where too little was measured to say. */
export const leakFindings = (where: string, samples: readonly Sample[], about: LeakAbout): Finding[] => {
  const { limitBytes, machineBytes, startedAt, now } = about;
  const measure: Measure = { unit: 'bytes', min: 0, max: machineBytes, zero: 'impossible' };
  const series = readSeries(samples, measure, now);
  return [
    historyFinding(`memory ${where}`, series.quarantined),
    ...leakFinding(where, findLeak(series, { now, limit: limitBytes, restarts: [startedAt] }), about),
  ];
};

/** Values that cannot be are set aside, and that is told: what made them may be wrong in other ways too. */
export const historyFinding = (where: string, quarantined: readonly Quarantined[]): Finding => ({
  what: 'impossible-history',
  where,
  state: quarantined.length > 0 ? 'warning' : 'fine',
  evidence:
    quarantined.length > 0
      ? `set aside: ${quarantined.map(({ count, reason, last }) => `${count} that ${count === 1 ? 'is' : 'are'} "${reason}", last ${new Date(last).toISOString().slice(0, 16)}Z`).join('; ')}`
      : 'every value is possible',
});

/** A restart gives back what has leaked; whether it leaks again is told by the days after it. */
const restartSettlesMs = 3 * dayMs;

const leakFinding = (where: string, leak: Leak, { limitBytes, startedAt, now }: LeakAbout): Finding[] => {
  const about = { what: 'memory-leak', where };
  switch (leak.state) {
    case 'quarantined':
      return [];
    case 'not enough':
      return now - startedAt < restartSettlesMs ? [{ ...about, state: 'fine', evidence: leak.why }] : [];
    case 'none':
      return [{ ...about, state: 'fine', evidence: leak.why }];
    case 'leak':
      return [
        {
          ...about,
          state: leak.at - now <= soonMs ? 'warning' : 'info',
          evidence: `${formatBytes(leak.perHour)} an hour: ${leak.why}; ${limitText(leak, limitBytes, now)}`,
          dueAt: leak.from,
        },
      ];
  }
};

const limitText = (
  { at, from, to }: Extract<Leak, { state: 'leak' }>,
  limitBytes: number,
  now: number,
): string => {
  const days = (time: number): string => ((time - now) / dayMs).toFixed(1);
  const until = to === undefined ? `from ${days(from)} on` : `${days(from)} to ${days(to)}`;
  return `its limit of ${formatBytes(limitBytes)} is reached in ${days(at)} days (${until})`;
};
