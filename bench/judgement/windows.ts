/** Quiet hours: the traffic in the window that was chosen, beside that of a fixed 03:00, in the two weeks after. */
import { mean, median } from '../../domain/forecast/order-statistics.ts';
import { quietHours, type TrafficHour } from '../../domain/quiet-hours.ts';
import { hourMs } from './judge.ts';
import { randomFrom, type Random } from './random.ts';

const dayMs = 24 * hourMs;
/** A Monday. */
const start = Date.parse('2026-01-05T00:00:00Z');
const windowHours = 2;
const weekHour = (at: number): number => Math.floor((at - start) / hourMs) % 168;

/** Requests that are usual in an hour of the week. */
type Shape = (hour: number) => number;

/** A hill of a day about its middle, in hours. */
const hill = (hour: number, middle: number, width: number): number => {
  const away = Math.abs(((hour - middle + 36) % 24) - 12);
  return Math.exp(-((away / width) ** 2));
};
const isWeekend = (hour: number): boolean => hour >= 5 * 24;

/** People whose night is not the server's, jobs at night, and weeks of two kinds: what a fixed hour does not know. */
export const trafficFamilies: Record<string, (random: Random) => Shape> = {
  'people of another continent': (random) => {
    const [middle, floor] = [random.between(1, 6), random.between(2, 10)];
    return (hour) => floor + 300 * hill(hour, middle, 5);
  },
  'late evenings': (random) => {
    const floor = random.between(2, 10);
    return (hour) => floor + 250 * hill(hour, random.between(23.5, 24.5), 4.5);
  },
  'jobs at three at night': (random) => {
    const job = random.between(200, 900);
    return (hour) => 20 + 150 * hill(hour, 14, 5) + (hour % 24 === 3 || hour % 24 === 4 ? job : 0);
  },
  'quiet weekends': (random) => {
    const night = random.between(30, 60);
    return (hour) => (isWeekend(hour) ? 4 : night + 200 * hill(hour, 13, 5));
  },
  'weekends up all night': (random) => {
    const party = random.between(150, 400);
    return (hour) => (isWeekend(hour) ? party * hill(hour, 3, 5) + 20 : 15 + 90 * hill(hour, 2, 4));
  },
  'a shift of every night': (random) => {
    const middle = random.between(1, 5);
    return (hour) => 10 + 200 * hill(hour, middle, 4) + 60 * hill(hour, 20, 3);
  },
};

/** Bursts, and counts that are never quite the same. */
const drawn = (shape: Shape, random: Random, weeks: number): TrafficHour[] =>
  Array.from({ length: weeks * 168 }, (_, index) => {
    const usual = shape(index % 168);
    const burst = random.chance(0.01) ? random.between(2, 10) : 1;
    return { at: start + index * hourMs, value: Math.max(0, burst * usual * (1 + 0.25 * random.normal())) };
  });

/** Of the traffic at a fixed 03:00. */
export const trafficGoal = 0.6;

export type WindowRow = {
  family: string;
  /** Median of the share of the traffic of 03:00 to 05:00 that the chosen window had, and how often it was above the goal. */
  share: number;
  above: number;
  of: number;
};

export const judgeWindows = (seed: number, count: number): WindowRow[] =>
  Object.entries(trafficFamilies).map(([family, draw], place) => {
    const shares = Array.from({ length: count }, (_, index) =>
      shareOf(draw, randomFrom((seed + place * 7_919 + index) >>> 0)),
    );
    return {
      family,
      share: median(shares) ?? 0,
      above: shares.filter((share) => share > trafficGoal).length,
      of: count,
    };
  });

/** Chosen of four weeks, judged by the two after. */
const shareOf = (draw: (random: Random) => Shape, random: Random): number => {
  const all = drawn(draw(random), random, 6);
  const [seen, later] = [all.slice(0, 4 * 168), all.slice(4 * 168)];
  const quiet = quietHours(seen, weekHour, { hours: windowHours, count: 1 });
  const [chosen] = quiet.state === 'told' ? quiet.windows : [];
  if (!chosen) return Number.POSITIVE_INFINITY;
  const period = quiet.state === 'told' && quiet.shape === 'day' ? dayMs / hourMs : 168;
  const traffic = (from: number, every: number): number =>
    mean(
      later
        .filter(({ at }) => (((weekHour(at) - from) % every) + every) % every < windowHours)
        .map(({ value }) => value),
    );
  return traffic(chosen.from, period) / traffic(3, 24);
};
