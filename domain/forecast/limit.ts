/** When a path reaches a limit. */
import type { LimitReached } from './forecast.ts';
import type { Path } from './past.ts';

/** Nothing is said of what lies further ahead: two months, about twice what is looked back on. */
const reachMs = 60 * 86_400_000;

type Reach = { now: number; stepMs: number; limit: number };

/** @returns the first time from `now` on at which the path is at the limit or above; `undefined` beyond reach. */
const firstReached = (path: Path, { now, stepMs, limit }: Reach): number | undefined => {
  let before = path(now);
  if (before >= limit) return now;
  for (let at = now + stepMs; at <= now + reachMs; at += stepMs) {
    const value = path(at);
    if (value >= limit) return at - stepMs * ((value - limit) / (value - before));
    before = value;
  }
  return undefined;
};

/** @param width half that of the interval at a time. */
export const limitReached = (path: Path, width: Path, reach: Reach): LimitReached => {
  const at = firstReached(path, reach);
  const from = firstReached((time) => path(time) + width(time), reach);
  const to = firstReached((time) => path(time) - width(time), reach);
  return {
    limit: reach.limit,
    ...(at === undefined ? {} : { at }),
    ...(from === undefined ? {} : { from: Math.min(from, at ?? from) }),
    ...(to === undefined ? {} : { to }),
  };
};
