/** Families of series: how levels of about 1 at the beginning go on. */
import type { Random } from './random.ts';

export const stepMs = 15 * 60_000;
const dayMs = 86_400_000;
export const stepDays = stepMs / dayMs;

/** Levels from the beginning on, `history` of them measured. */
export type Shape = {
  levels: number[];
  /** Standard deviation of what is measured about the level. */
  noise: number;
  fills: boolean;
  /** Where chance decides on the growth to come: what is to be expected of it, a day. */
  expected?: (step: number) => number;
  /** Which samples are kept. */
  keeps?: (step: number) => boolean;
};
type Draw = (random: Random, history: number, steps: number) => Shape;

/** Per day, so that four weeks of it are 10 to 60 % of the level at the beginning. */
const drawRate = (random: Random): number => random.scale(0.1, 0.6) / 28;
const drawNoise = (random: Random): number => random.scale(0.0001, 0.001);

/** The level where it grows by `rate(step)` a day. */
const grown = (steps: number, rate: (step: number) => number): number[] => {
  let level = 1;
  return Array.from({ length: steps }, (_, step) => (level += rate(step) * stepDays));
};

const hourOf = (step: number): number => (step * stepDays * 24) % 24;
const weekdayOf = (step: number): number => Math.floor(step * stepDays) % 7;

/** How a day's growth is spread over its hours; 1 on average. */
const drawDay = (random: Random): ((step: number) => number) => {
  const [depth, peak] = [random.between(0, 0.9), random.between(0, 24)];
  return (step) => 1 + depth * Math.cos(((hourOf(step) - peak) / 24) * 2 * Math.PI);
};

const linear: Draw = (random, _history, steps) => {
  const rate = drawRate(random);
  return { levels: grown(steps, () => rate), noise: drawNoise(random), fills: true };
};

/** Most of the growth comes in bursts, one to six a day, at times and of sizes that nobody knows. */
const bursts: Draw = (random, _history, steps) => {
  const [rate, aDay] = [drawRate(random), random.between(1, 6)];
  const size = (rate * 0.8) / aDay;
  return {
    levels: grown(
      steps,
      () => rate * 0.2 + (random.chance(aDay * stepDays) ? random.exponential(size) / stepDays : 0),
    ),
    noise: drawNoise(random),
    fills: true,
    expected: () => rate,
  };
};

/** Cleanups, one to seven days apart and up to an hour late, that take most of what has grown since the last. */
const sawtooth: Draw = (random, _history, steps) => {
  const [rate, period] = [drawRate(random) * 3, random.pick([1, 1, 2, 3, 5, 7]) / stepDays];
  const [share, first] = [random.between(0.5, 0.9), Math.floor(random.between(0, period))];
  const late = Array.from({ length: Math.ceil(steps / period) + 1 }, () => Math.floor(random.between(0, 4)));
  const cleans = new Set(late.map((delay, turn) => first + turn * period + delay));
  let [level, since] = [1, 0];
  const levels = Array.from({ length: steps }, (_, step) => {
    [level, since] = [level + rate * stepDays, since + rate * stepDays];
    if (cleans.has(step)) [level, since] = [level - since * share, 0];
    return level;
  });
  return { levels, noise: drawNoise(random), fills: true };
};

/** Little at weekends, more at some hours. */
const weekly: Draw = (random, _history, steps) => {
  const [rate, weekend, day] = [drawRate(random), random.between(0, 0.4), drawDay(random)];
  const first = Math.floor(random.between(0, 7));
  return {
    levels: grown(steps, (step) => rate * day(step) * ((weekdayOf(step) + first) % 7 < 5 ? 1 : weekend)),
    noise: drawNoise(random),
    fills: true,
  };
};

/** Two to fourteen days ago it began to grow up to five times as fast, or as slowly. */
const changed: Draw = (random, history, steps) => {
  const [rate, day] = [drawRate(random), drawDay(random)];
  const times = random.scale(1.5, 5) ** (random.chance(0.5) ? 1 : -1);
  const change = history - Math.floor(random.between(2, 14) / stepDays);
  return {
    levels: grown(steps, (step) => rate * day(step) * (step < change ? 1 : times)),
    noise: drawNoise(random),
    fills: true,
  };
};

/** About a level for ever: with a memory of hours, with a daily shape, cleaned up at a threshold, or as good as still. */
const never: Draw = (random, _history, steps) => {
  const noise = drawNoise(random);
  const size = random.scale(0.002, 0.05);
  const kind = random.pick(['wandering', 'daily', 'threshold', 'still']);
  if (kind === 'wandering') return { levels: wander(random, steps, size), noise, fills: false };
  if (kind === 'daily') {
    const day = drawDay(random);
    return {
      levels: Array.from({ length: steps }, (_, step) => 1 + size * day(step)),
      noise,
      fills: false,
    };
  }
  if (kind === 'still') return { levels: grown(steps, () => 0), noise, fills: false };
  const rate = drawRate(random) * 3;
  const threshold = 1 + rate * random.between(1, 10);
  const floor = 1 + (threshold - 1) * random.between(0, 0.5);
  let level = 1;
  return {
    levels: Array.from({ length: steps }, () => {
      level = level >= threshold ? floor : level + rate * stepDays * random.between(0.5, 1.5);
      return level;
    }),
    noise,
    fills: false,
  };
};

/** Ornstein and Uhlenbeck's walk: drawn back to 1 within hours to days. */
const wander = (random: Random, steps: number, size: number): number[] => {
  const pull = stepDays / random.scale(0.1, 2);
  let off = size * random.normal();
  return Array.from({ length: steps }, () => {
    off += -pull * off + size * Math.sqrt(2 * pull) * random.normal();
    return 1 + off;
  });
};

/** A line under what is written and deleted within hours, with a wild value now and then. */
const noisy: Draw = (random, _history, steps) => {
  const rate = drawRate(random);
  const size = rate * random.scale(0.2, 2);
  const line = grown(steps, () => rate);
  return {
    levels: line,
    noise: size,
    fills: true,
  };
};

/** Jumps: a few large ones in the past, none to come; or one every night. */
const steps: Draw = (random, history, length) => {
  const rate = drawRate(random);
  const nightly = random.chance(0.5);
  const hour = Math.floor(random.between(0, 1 / stepDays));
  const rare = new Set(
    Array.from({ length: Math.ceil(random.between(0, 4)) }, () => Math.floor(random.between(0, history))),
  );
  const steady = rate * (nightly ? 0.2 : 1);
  const night = (step: number): number => (nightly && step % (1 / stepDays) === hour ? rate * 0.8 : 0);
  const jump = (step: number): number =>
    night(step) * random.between(0.7, 1.3) + (!nightly && rare.has(step) ? random.between(0.02, 0.1) : 0);
  return {
    levels: grown(length, (step) => steady + jump(step) / stepDays),
    noise: drawNoise(random),
    fills: true,
    expected: (step) => steady + night(step) / stepDays,
  };
};

/** A fifth to a half of the samples are missing, and one to three spans of six hours to three days; perhaps the last hours. */
const missing: Draw = (random, history, length) => {
  const [rate, day, share] = [drawRate(random), drawDay(random), random.between(0.2, 0.5)];
  const gaps = Array.from({ length: Math.ceil(random.between(0, 3)) }, () => {
    const from = random.between(0, history - 1 / stepDays);
    return { from, to: Math.min(from + random.between(0.25, 3) / stepDays, history - 1 / stepDays) };
  });
  const end = history - (random.chance(0.5) ? random.between(0, 0.5) / stepDays : 0);
  const lost = Array.from({ length }, () => random.chance(share));
  return {
    levels: grown(length, (step) => rate * day(step)),
    noise: drawNoise(random),
    fills: true,
    keeps: (step) =>
      (step < end || step >= history) &&
      lost[step] === false &&
      !gaps.some(({ from, to }) => step >= from && step < to),
  };
};

/** One to three times somebody has made room, at no regular time. */
const resets: Draw = (random, history, length) => {
  const [rate, day] = [drawRate(random) * 2, drawDay(random)];
  const drops = new Set(
    Array.from({ length: Math.ceil(random.between(0, 3)) }, () =>
      Math.floor(random.between(2 / stepDays, history - 1 / stepDays)),
    ),
  );
  let level = 1;
  const levels = Array.from({ length }, (_, step) => {
    level += rate * day(step) * stepDays;
    if (drops.has(step)) level *= 1 - random.between(0.1, 0.5);
    return level;
  });
  return { levels, noise: drawNoise(random), fills: true };
};

/** Ever more slowly towards a level; the limit is below it or above. */
const saturating: Draw = (random, _history, length) => {
  const [height, days] = [random.scale(0.1, 1), random.scale(5, 30)];
  return {
    levels: Array.from({ length }, (_, step) => 1 + height * (1 - Math.exp((-step * stepDays) / days))),
    noise: drawNoise(random),
    fills: random.chance(0.5),
  };
};

export const families: Record<string, Draw> = {
  linear,
  bursts,
  'sawtooth from cleanups': sawtooth,
  'weekly season': weekly,
  'change of rate': changed,
  'never fills': never,
  noise: noisy,
  steps,
  'missing data': missing,
  resets,
  saturating,
};
