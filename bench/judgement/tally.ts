/** Figures of many verdicts. */
import { median } from '../../domain/forecast/order-statistics.ts';
import { horizonMs, type Answer, type Verdict } from './judge.ts';

/** Share of the time that it really took; `Infinity` where the contender says never. */
export const timeErrors = (
  verdicts: readonly Verdict[],
  answerOf: (verdict: Verdict) => Answer | undefined,
): number[] =>
  verdicts.flatMap((verdict) => {
    const [said, real] = [answerOf(verdict), verdict.truth.fullAfterMs];
    if (!said || real === undefined) return [];
    return [said.fullAfterMs === undefined ? Infinity : Math.abs(said.fullAfterMs / real - 1)];
  });

/** What one would be off by who knew the rule of the growth, and not the draws to come. */
export const floorErrors = (verdicts: readonly Verdict[]): number[] =>
  timeErrors(verdicts, ({ truth: { floorMs } }) => (floorMs === undefined ? {} : { fullAfterMs: floorMs }));

export type Alarms = { right: number; wrong: number; missed: number; asked: number };

/** "Full within 72 h". */
export const alarms = (
  verdicts: readonly Verdict[],
  answerOf: (verdict: Verdict) => Answer | undefined,
): Alarms => {
  const count = { right: 0, wrong: 0, missed: 0, asked: 0 };
  for (const verdict of verdicts) {
    const answer = answerOf(verdict);
    if (!answer) continue;
    const said = (answer.fullAfterMs ?? Infinity) <= horizonMs;
    const real = (verdict.truth.fullAfterMs ?? Infinity) <= horizonMs;
    count.asked += 1;
    if (said && real) count.right += 1;
    else if (said) count.wrong += 1;
    else if (real) count.missed += 1;
  }
  return count;
};

/** The harmonic mean of precision and recall (van Rijsbergen, Information Retrieval, 1979). */
export const f1 = ({ right, wrong, missed }: Alarms): number => (2 * right) / (2 * right + wrong + missed);

export const shareOf = (values: readonly boolean[]): number | undefined =>
  values.length === 0 ? undefined : values.filter(Boolean).length / values.length;

/** `2.1 (0.8–7.3)`: the median with the quartiles, in per cent. */
export const percents = (errors: readonly number[]): string => {
  if (errors.length === 0) return '–';
  const sorted = [...errors].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return `${percent(middle(errors))} (${percent(at(0.25))}–${percent(at(0.75))})`;
};

/** The median where some are infinite: halfway to infinity is infinity. */
export const middle = (errors: readonly number[]): number => {
  const value = median(errors.map((error) => Math.min(error, Number.MAX_VALUE)));
  return value === undefined || value > Number.MAX_SAFE_INTEGER ? Infinity : value;
};

export const percent = (share: number): string => (share === Infinity ? 'never' : (100 * share).toFixed(1));
