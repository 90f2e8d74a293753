/** Whether promises were kept: confidences held against what came of the actions. */

/** A promise, and whether it was kept. */
export type Scored = {
  /** 0 to 1. */
  promised: number;
  kept: boolean;
};

export type Calibration = {
  count: number;
  /** Mean of the promises, and share of those that were kept: 0 to 1. */
  promised: number;
  kept: number;
  /** Mean squared error of the promises (Brier, 1950, "Verification of forecasts expressed in terms of probability"): 0 is best. */
  brier: number;
  /** That of whoever always promises the share that was kept, which knows no case from another. */
  baseRateBrier: number;
  /** Promises in tenths; those without any are left out. */
  bins: { from: number; to: number; count: number; promised: number; kept: number }[];
};

/** @returns `undefined` where nothing was promised yet. */
export const calibrationOf = (scored: readonly Scored[]): Calibration | undefined => {
  if (scored.length === 0) return undefined;
  const kept = mean(scored.map(asNumber));
  return {
    count: scored.length,
    promised: mean(scored.map((one) => one.promised)),
    kept,
    brier: mean(scored.map((one) => (one.promised - asNumber(one)) ** 2)),
    baseRateBrier: kept * (1 - kept),
    bins: Array.from({ length: 10 }, (_, tenth) => binOf(scored, tenth)).filter(({ count }) => count > 0),
  };
};

const binOf = (scored: readonly Scored[], tenth: number): Calibration['bins'][number] => {
  const within = scored.filter(({ promised }) => Math.min(9, Math.floor(promised * 10 + 1e-9)) === tenth);
  return {
    from: tenth / 10,
    to: (tenth + 1) / 10,
    count: within.length,
    promised: mean(within.map((one) => one.promised)),
    kept: mean(within.map(asNumber)),
  };
};

const asNumber = ({ kept }: Scored): number => (kept ? 1 : 0);

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
