/** Arbitration: of several methods the one whose backtest on the series itself is best makes the forecast, or it is muted. */
import { formatAge, formatDuration } from '../size.ts';
import { isUntrustworthy, onGrid, type Sample, type Series } from '../series.ts';
import { backtest, isAhead, type Trial } from './backtest.ts';
import type { Expected, Forecast, Question } from './forecast.ts';
import { coverage, widthOf } from './interval.ts';
import { limitReached } from './limit.ts';
import { noChange, pastOf, type Method, type Path } from './past.ts';

const hourMs = 3_600_000;
/** Fewer samples on the grid are not enough: a day of hours. */
const leastSamples = 24;
/** After so many steps without a sample (a day of hours) nobody knows what has happened since. */
const staleSteps = 24;
/** How much better a method must be than one before it in the list that treats resets otherwise: less is chance. */
const margin = 0.98;
/** The best of many methods is somewhat better than "no change" by chance alone: its error must be smaller by a tenth. */
const mutedFrom = 0.9;
/** Points of the forecast that are stored. */
const points = 12;

/** Which part of the history is looked at. */
type Part = (history: readonly Sample[], stepMs: number) => readonly Sample[];
type Asked = Question & { stepMs: number };
/** How the best method did, how all did, and where it goes from here. */
type Choice = { best: Trial; trials: readonly Trial[]; path: Path };

export const arbitrate = (
  series: Series,
  question: Question,
  methods: readonly Method[],
  partOf: Part = (history) => history,
): Forecast => {
  const asked = { stepMs: hourMs, ...question };
  const made = { madeAt: asked.now, horizonMs: asked.horizonMs, quarantined: series.quarantined };
  if (isUntrustworthy(series)) return { ...made, state: 'quarantined', why: quarantineText(series) };
  const whole = onGrid(series.samples, asked.stepMs);
  const lacking = whatLacks(whole, asked);
  if (lacking !== undefined) return { ...made, state: 'not enough', why: lacking };
  const history = partOf(whole, asked.stepMs);
  const choice = history.length < leastSamples ? undefined : choose(history, asked, methods);
  if (!choice) return { ...made, state: 'not enough', why: 'no method could be tried on its past' };
  const said = saidBy(choice, history, asked);
  return choice.best.skill < mutedFrom
    ? { ...made, state: 'told', ...said }
    : { ...made, state: 'muted', why: mutedText(choice.best), ...said };
};

const whatLacks = (history: readonly Sample[], { now, stepMs }: Asked): string | undefined => {
  if (history.length < leastSamples)
    return `${history.length} of ${leastSamples} samples, one each ${formatAge(stepMs)}`;
  const ageMs = now - (history.at(-1)?.at ?? now);
  return ageMs > staleSteps * stepMs ? `nothing was measured for ${formatDuration(ageMs)}` : undefined;
};

const choose = (
  history: readonly Sample[],
  { stepMs, horizonMs }: Asked,
  methods: readonly Method[],
): Choice | undefined => {
  const past = pastOf(history, stepMs);
  const paths = new Map(
    methods.flatMap((method) => {
      const path = method.fit(past);
      return path ? [[method, path] as const] : [];
    }),
  );
  const trials = backtest(history, stepMs, testedMs(history, horizonMs), [...paths.keys()]);
  const best = trials.reduce<Trial | undefined>(better, undefined);
  const path = best && paths.get(best.method);
  return path && { best, trials, path };
};

const saidBy = ({ best, trials, path }: Choice, history: readonly Sample[], asked: Asked) => {
  const { now, horizonMs, stepMs, limit } = asked;
  const [first, end] = [history[0]?.at ?? now, history.at(-1)?.at ?? now];
  const width = widthOf(best);
  const widthAt: Path = (at) => width(at - end);
  return {
    method: best.method.name,
    since: first,
    coverage,
    expected: expectedOf(path, widthAt, now, horizonMs),
    record: {
      origins: new Set(best.misses.map(({ origin }) => origin)).size,
      skills: trials.map(({ method, skill }) => ({ method: method.name, skill })),
    },
    ...(limit === undefined ? {} : { limit: limitReached(path, widthAt, { now, stepMs, limit }) }),
  };
};

/** Of two that speak of the same, the simpler, unless the other's lead is more than the luck of the origins. */
const better = (best: Trial | undefined, trial: Trial): Trial => {
  if (!best) return trial;
  const isLike = best.method.untilReset === trial.method.untilReset;
  return (isLike ? isAhead(trial, best) : trial.skill < margin * best.skill) ? trial : best;
};

/** A third of what there is: the rest is to learn from. */
const testedMs = (history: readonly Sample[], horizonMs: number): number =>
  Math.min(horizonMs, ((history.at(-1)?.at ?? 0) - (history[0]?.at ?? 0)) / 3);

const expectedOf = (path: Path, width: Path, now: number, horizonMs: number): Expected[] =>
  Array.from({ length: points }, (_, index) => {
    const at = now + ((index + 1) * horizonMs) / points;
    const value = path(at);
    return { at, value, low: value - width(at), high: value + width(at) };
  });

const quarantineText = ({ samples, quarantined }: Series): string =>
  `${quarantined.map(({ count, reason }) => `${count} values: ${reason}`).join('; ')}; ${samples.length} are left`;

const mutedText = ({ method, skill }: Trial): string =>
  `on its own past the best method (${method.name}) was off by ${Math.round(skill * 100)} % of what "${noChange.name}" was off by`;
