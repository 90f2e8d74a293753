/** The hours in which something that can wait is done: as a person said, or as the traffic on record tells. */
import { percent } from './confidence.ts';
import { quietHours, type TrafficHour, type WeekHour } from './quiet-hours.ts';
import { isAt } from './target.ts';
import type { Span, Window } from './window.ts';

/** @property why in words, after "it can wait for". */
export type QuietSpan = Span & { why: string };

/** What was measured of one place. */
export type Traffic = { place: string; hours: readonly TrafficHour[] };

const hourMs = 3_600_000;
/** An hour that is a little quieter a week from now is not worth the days in which a second try would still be in time. */
const aheadMs = 48 * hourMs;

/** Of a target or its stack; of all that is measured where the target has none of its own, as a disk has not. */
export const trafficAround = (target: string, all: readonly Traffic[]): TrafficHour[] => {
  const own = all.filter(({ place }) => isAt(place, target));
  const pooled = own.length > 0 ? own : all;
  const sums = new Map<number, TrafficHour & { of: number }>();
  for (const { hours } of pooled)
    for (const { at, value } of hours) {
      const sum = sums.get(at) ?? { at, value: 0, of: 0 };
      sums.set(at, { at, value: sum.value + value, of: sum.of + 1 });
    }
  // Where one was not measured, the others make the hour look quieter than it was.
  return [...sums.values()].filter(({ of }) => of === pooled.length).map(({ at, value }) => ({ at, value }));
};

/** When most hosts at home have least to do, in their own time zone. A guess, until there is a record of their traffic. */
export const usualQuietHours: Window = { opens: '0 3 * * *', lastsMs: 2 * hourMs, except: [] };

export type Wanted = {
  /** Milliseconds since the epoch. */
  now: number;
  takesMs: number;
  /** By when it must be over, ms since the epoch. */
  dueAt?: number;
};

/** The quietest span of the next two days that is long enough and in time. @returns `undefined` where too little was measured. */
export const quietSpan = (
  measured: readonly TrafficHour[],
  weekHour: WeekHour,
  { now, takesMs, dueAt = Infinity }: Wanted,
): QuietSpan | undefined => {
  const hours = Math.max(2, Math.ceil(takesMs / hourMs));
  const quiet = quietHours(measured, weekHour, { hours, count: Infinity });
  if (quiet.state !== 'told') return undefined;
  const length = quiet.shape === 'week' ? 7 * 24 : 24;
  const thisHour = Math.floor(now / hourMs) * hourMs;
  const isInTime = ({ from, to }: Span): boolean => Math.max(from, now) + takesMs <= Math.min(to, dueAt);
  for (const { from: begins, share } of quiet.windows)
    for (let from = thisHour - (hours - 1) * hourMs; from <= now + aheadMs; from += hourMs) {
      const span = { from, to: from + hours * hourMs };
      if (weekHour(from) % length !== begins || !isInTime(span)) continue;
      const days = Math.round(measured.length / 24);
      return {
        ...span,
        why: `hours with ${percent(share)} of the usual traffic, as measured on ${days} days`,
      };
    }
  return undefined;
};
