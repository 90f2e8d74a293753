/** What is to be reached, and whether it is. */
import type { Verdict } from './judge.ts';
import { trafficGoal, type WindowRow } from './windows.ts';
import { alarms, f1, middle, percent, shareOf, timeErrors } from './tally.ts';

export type Figure = { what: string; goal: string; measured: string; reached: boolean };

const errorGoal = 0.05;
const f1Goal = 0.93;
const alarmGoal = 0.005;
const coverageGoal = { low: 0.75, high: 0.9 };

export const figuresOf = (byFamily: ReadonlyMap<string, Verdict[]>): Figure[] => {
  const all = [...byFamily.values()].flat();
  const fills = [...byFamily].filter(([, verdicts]) =>
    verdicts.some(({ truth }) => truth.fullAfterMs !== undefined),
  );
  return [
    {
      what: 'median error of the time to full, all families together',
      goal: `≤ ${percent(errorGoal)} %`,
      measured: `${percent(middle(ownErrors(all)))} %`,
      reached: middle(ownErrors(all)) <= errorGoal,
    },
    ...fills.map(([family, verdicts]) => errorFigure(family, verdicts)),
    ...fills.map(([family, verdicts]) => beatsFigure(family, verdicts)),
    {
      what: '"full within 72 h", F1',
      goal: `≥ ${f1Goal}`,
      measured: f1(alarms(all, ({ own }) => own)).toFixed(3),
      reached: f1(alarms(all, ({ own }) => own)) >= f1Goal,
    },
    alarmFigure(all),
    ...[...byFamily].map(([family, verdicts]) => coverageFigure(family, verdicts)),
  ];
};

const ownErrors = (verdicts: readonly Verdict[]): number[] => timeErrors(verdicts, ({ own }) => own);

const errorFigure = (family: string, verdicts: readonly Verdict[]): Figure => {
  const error = middle(ownErrors(verdicts));
  return {
    what: `the same, ${family}`,
    goal: `≤ ${percent(errorGoal)} %`,
    measured: `${percent(error)} %`,
    reached: error <= errorGoal,
  };
};

const beatsFigure = (family: string, verdicts: readonly Verdict[]): Figure => {
  const [own, rate] = [
    middle(ownErrors(verdicts)),
    middle(timeErrors(verdicts, ({ others }) => others.get('7-day mean rate'))),
  ];
  return {
    what: `never worse than the 7-day mean rate, ${family}`,
    goal: `≤ ${percent(rate)} %`,
    measured: `${percent(own)} %`,
    reached: own <= rate,
  };
};

const alarmFigure = (all: readonly Verdict[]): Figure => {
  const never = all.filter(({ truth }) => truth.family === 'never fills');
  const { wrong, asked } = alarms(never, ({ own }) => own);
  return {
    what: '"full within 72 h" of what never fills',
    goal: `≤ ${percent(alarmGoal)} %`,
    measured: `${percent(wrong / asked)} % (${wrong} of ${asked})`,
    reached: wrong / asked <= alarmGoal,
  };
};

export const windowFigures = (rows: readonly WindowRow[]): Figure[] =>
  rows.map(({ family, share }) => ({
    what: `traffic in the chosen window, as a share of that at 03:00, ${family}`,
    goal: `≤ ${trafficGoal}`,
    measured: share.toFixed(2),
    reached: share <= trafficGoal,
  }));

const coverageFigure = (family: string, verdicts: readonly Verdict[]): Figure => {
  const covered = coveredOf(verdicts);
  return {
    what: `80 % intervals of the next 72 h, ${family}`,
    goal: `hold ${coverageGoal.low} to ${coverageGoal.high}`,
    measured: covered.toFixed(2),
    reached: covered >= coverageGoal.low && covered <= coverageGoal.high,
  };
};

export const coveredOf = (verdicts: readonly Verdict[]): number => {
  const shares = verdicts.flatMap(({ own }) => own.covered ?? []);
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
};

export const timeCoveredOf = (verdicts: readonly Verdict[]): number | undefined =>
  shareOf(verdicts.flatMap(({ own }) => own.timeCovered ?? []));
