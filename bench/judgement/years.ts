/** What came of simulated years, at each level: whether promises were kept, and who was trusted with what. */
import { acts, levels, type Level } from '../../domain/autonomy.ts';
import { calibrationOf, type Calibration } from '../../domain/calibration.ts';
import type { Decided } from '../../domain/decided.ts';
import { mean, median } from '../../domain/forecast/order-statistics.ts';
import { helped } from '../../domain/outcome.ts';
import { scoredActions } from '../../domain/scored.ts';
import type { Place, Year } from './life.ts';
import { dayMs } from './troubles.ts';
import { liveYear } from './year.ts';

/** What docs/autonomy.md says of each level; stated again, so that a slip in the rules is seen. */
const asked: Partial<Record<Level, number>> = { conservative: 0.95, moderate: 0.85, aggressive: 0.75 };
/** Below this true chance nobody would want to be left out. */
export const poorChance = 0.6;

type PlaybookRow = Pick<Calibration, 'count' | 'promised' | 'kept'> & {
  playbook: string;
  /** Least and greatest true chance. */
  chances: [number, number];
  alone: number;
};

export type YearRow = {
  level: Level;
  years: number;
  incidents: number;
  /** Of all actions, and of those that nobody was asked for. */
  all: Calibration;
  alone: Calibration;
  /** Brier score of who knows the true chances. */
  floor: number;
  /** Unasked with less confidence than the level asks. */
  below: number;
  /** Unasked with a poor true chance, and how many of them helped all the same. */
  poor: { count: number; helped: number };
  /** How often the level fell. */
  lowered: number;
  /** Playbooks whose true chance at a place is all year what the level asks. */
  good: { count: number; trusted: number; attempts: number; days: number };
  playbooks: PlaybookRow[];
};

const yearSeeds = 15_485_863;

/** As many years as a run of so many series is worth: one takes as long as 50. */
export const judgeYears = (seed: number, count: number): YearRow[] =>
  levels.filter(acts).map((level) =>
    rowOf(
      level,
      Array.from({ length: Math.ceil(count / 50) }, (_, index) =>
        liveYear((seed + index * yearSeeds) >>> 0, level),
      ),
    ),
  );

export const rowOf = (level: Level, years: readonly Year[]): YearRow => {
  const alone = ({ decision }: Decided): boolean => decision.answer !== 'ask';
  const chances = years.flatMap((year) => [...year.chances.values()]);
  const unasked = years.flatMap((year) => year.decided.filter(alone));
  return {
    level,
    years: years.length,
    incidents: years.reduce((sum, year) => sum + year.incidents, 0),
    all: calibrationIn(years, () => true),
    alone: calibrationIn(years, alone),
    floor: mean(chances.map((chance) => chance * (1 - chance))),
    below: unasked.filter(({ level: at, confidence }) => confidence.value < (asked[at.level] ?? Infinity))
      .length,
    poor: poorOf(years, alone),
    lowered: years.reduce((sum, year) => sum + year.lowered, 0),
    good: goodOf(level, years, alone),
    playbooks: playbookRows(years, alone),
  };
};

type Which = (one: Decided) => boolean;

const nothing: Calibration = { count: 0, promised: 0, kept: 0, brier: 0, baseRateBrier: 0, bins: [] };

const calibrationIn = (years: readonly Year[], which: Which): Calibration =>
  calibrationOf(years.flatMap(({ decided, outcomes }) => scoredActions(decided.filter(which), outcomes))) ??
  nothing;

const chanceOf = ({ chances }: Year, { action }: Decided): number | undefined =>
  action && chances.get(action.operation);

const poorOf = (years: readonly Year[], alone: Which): YearRow['poor'] => {
  const verdicts = years.flatMap((year) => {
    const poor = new Set(
      year.decided
        .filter((one) => alone(one) && (chanceOf(year, one) ?? 1) < poorChance)
        .map(({ action }) => action?.operation),
    );
    return year.outcomes.filter(({ operation }) => poor.has(operation)).map(helped);
  });
  return { count: verdicts.length, helped: verdicts.filter(Boolean).length };
};

/** Those that were tried at all. */
const goodOf = (level: Level, years: readonly Year[], alone: Which): YearRow['good'] => {
  const tries = years.flatMap((year) =>
    year.places.flatMap((place) =>
      place.trouble.remedies
        .filter(({ playbook }) => leastChance(place, playbook) >= (asked[level] ?? 1))
        .map(({ playbook }) => year.decided.filter((one) => isOf(one, place, playbook)))
        .filter((some) => some.length > 0),
    ),
  );
  const waited = tries.flatMap((some) => {
    const attempts = some.findIndex(alone);
    const [begun, trusted] = [some[0]?.at ?? 0, some[attempts]?.at];
    return trusted === undefined ? [] : [{ attempts, days: (trusted - begun) / dayMs }];
  });
  return {
    count: tries.length,
    trusted: waited.length,
    attempts: median(waited.map(({ attempts }) => attempts)) ?? 0,
    days: median(waited.map(({ days }) => days)) ?? 0,
  };
};

const leastChance = ({ chanceOf: of }: Place, playbook: string): number =>
  Math.min(...Array.from({ length: 12 }, (_, month) => of(playbook, month + 1)));

const isOf = ({ proposal }: Decided, { place, trouble }: Place, playbook: string): boolean =>
  proposal.playbook === playbook && proposal.target === place && proposal.cause === trouble.what;

const playbookRows = (years: readonly Year[], alone: Which): PlaybookRow[] =>
  [...new Set(years.flatMap(({ decided }) => decided.map(({ proposal }) => proposal.playbook)))]
    .sort()
    .map((playbook) => {
      const isOwn: Which = ({ proposal }) => proposal.playbook === playbook;
      const chances = years.flatMap((year) =>
        year.decided.filter(isOwn).flatMap((one) => chanceOf(year, one) ?? []),
      );
      const { count, promised, kept } = calibrationIn(years, isOwn);
      return {
        playbook,
        count,
        promised,
        kept,
        chances: [Math.min(...chances), Math.max(...chances)],
        alone: calibrationIn(years, (one) => isOwn(one) && alone(one)).count,
      };
    });
