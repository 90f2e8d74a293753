/** What users would ask instead: each a path of the level from now on. */
import type { Sample } from '../../domain/series.ts';

export type Contender = {
  name: string;
  path: (samples: readonly Sample[], now: number) => Path;
  /** It is asked about every so-manieth series only. */
  every?: number;
};
/** The level at a time (ms since the epoch). */
export type Path = (at: number) => number;

const hourMs = 3_600_000;

/**
 * Prometheus' `predict_linear(v[range], t)`: "predicts the value of time series t seconds from now, based on the range vector v,
 * using simple linear regression" (its documentation, Query functions): ordinary least squares over the range.
 */
export const predictLinear = (hours: number): Contender => ({
  name: `predict_linear ${hours} h`,
  path: (samples, now) => {
    const some = samples.filter(({ at }) => at > now - hours * hourMs);
    const meanAt = some.reduce((sum, { at }) => sum + (at - now), 0) / some.length;
    const meanValue = some.reduce((sum, { value }) => sum + value, 0) / some.length;
    const covered = some.reduce((sum, { at, value }) => sum + (at - now - meanAt) * (value - meanValue), 0);
    const squares = some.reduce((sum, { at }) => sum + (at - now - meanAt) ** 2, 0);
    const slope = squares > 0 ? covered / squares : 0;
    return (at) => meanValue + slope * (at - now - meanAt);
  },
});

/** What was gained in seven days, net of everything, goes on from the last sample. */
export const meanRate: Contender = {
  name: '7-day mean rate',
  path: (samples, now) => {
    const last = samples.at(-1) ?? { at: now, value: 0 };
    const first = samples.find(({ at }) => at >= now - 7 * 24 * hourMs) ?? last;
    const rate = last.at > first.at ? (last.value - first.value) / (last.at - first.at) : 0;
    return (at) => last.value + rate * (at - last.at);
  },
};

export const noChange: Contender = {
  name: 'no change',
  path: (samples) => {
    const last = samples.at(-1)?.value ?? 0;
    return () => last;
  },
};
