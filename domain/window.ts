/**
 * Windows: spans of time in which changes are welcome. The rule for when they open is a cron line or a calendar file; reading
 * one needs a time zone, so what they say is handed in (`compose/cron.ts`, `compose/calendar.ts`).
 */

import type { Need } from './need.ts';

/** Opens at each occurrence of `opens` in `timeZone`, and stays open for `lastsMs`. */
export type Openings = { opens: string; lastsMs: number };

/** What a calendar file says, as far ahead as it was read. */
export type Calendar = {
  /** The file; absolute. */
  calendar: string;
  /** In order; none touches another. */
  spans: readonly Span[];
};

export type Window = (Openings | Calendar) & {
  /** IANA name; absent: the host's own. */
  timeZone?: string;
  /** What runs when it closes is put back; absent: it goes on to its end. */
  atEnd?: 'unwind';
  /** Spans in which it is closed whatever `opens` says: repeated, or once (milliseconds since the epoch). */
  except: (Openings | Calendar | Span)[];
};

/** Half open, in milliseconds since the epoch. */
export type Span = { from: number; to: number };

/** An opening of windows, as it is told to an operation that waits for it; times are ISO 8601, UTC. */
export type Opening = {
  opens: string;
  closes: string;
  /** What runs then is put back. */
  unwindsAt?: string;
  /** How long it is open at least; absent: nothing is known of how long the operation takes. */
  need?: Need;
};

/** @returns the first occurrence of a cron line after `after` (ms since the epoch); `undefined` where there is none. */
export type NextOccurrence = (
  cron: string,
  timeZone: string | undefined,
  after: number,
) => number | undefined;

/** Windows whose exceptions leave nothing of them are given up after as many openings. */
const openingsLimit = 1_000;

/**
 * The first span at or after `from` in which all `windows` are open, and long enough for what takes `needsMs`.
 * @returns `undefined` where none is found.
 */
export const nextOpening = (
  windows: readonly Window[],
  from: number,
  next: NextOccurrence,
  needsMs = 0,
): Span | undefined => {
  let found: Span | undefined;
  for (let at = from, tries = 0; tries < openingsLimit; tries += 1) {
    const span = allOpenAt(windows, at, next);
    const goesOn = found && span?.from === found.to;
    if (found && !goesOn && isLongEnough(found, needsMs)) return found;
    if (!span) return undefined;
    // What opens as the one before closes is open all the while.
    if (span.to > span.from) found = { from: found && goesOn ? found.from : span.from, to: span.to };
    if (span.to === Infinity) return found;
    at = Math.max(span.from, span.to);
  }
  return found && isLongEnough(found, needsMs) ? found : undefined;
};

const isLongEnough = ({ from, to }: Span, needsMs: number): boolean => to - from >= Math.max(1, needsMs);

/** Where they are not open together next, the span has no length. */
const allOpenAt = (windows: readonly Window[], at: number, next: NextOccurrence): Span | undefined => {
  const open = windows.map((window) => openAt(window, at, next));
  if (open.some((span) => span === undefined)) return undefined;
  const spans = open as Span[];
  return {
    from: Math.max(at, ...spans.map((one) => one.from)),
    to: Math.min(...spans.map((one) => one.to)),
  };
};

/** The span in which a window is open at `from`, or else opens next; cut to what comes after `from`. */
const openAt = (window: Window, from: number, next: NextOccurrence): Span | undefined => {
  for (let at = from, tries = 0; tries < openingsLimit; tries += 1) {
    const span = spanAfter(window, window.timeZone, at, next);
    if (!span) return undefined;
    const whole = { from: Math.max(at, span.from), to: span.to };
    const closed = closedDuring(window, whole, next);
    const [first] = without(whole, closed);
    if (first) return first;
    // What is closed for weeks is not gone through opening by opening.
    const covering = closed.filter((one) => one.from <= whole.from && one.to >= whole.to);
    at = Math.max(whole.to, ...covering.map(({ to }) => to));
  }
  return undefined;
};

/** The first span that ends after `at`; it may have begun before. */
const spanAfter = (
  rule: Openings | Calendar,
  timeZone: string | undefined,
  at: number,
  next: NextOccurrence,
): Span | undefined => {
  if ('calendar' in rule) return rule.spans.find(({ to }) => to > at);
  const from = next(rule.opens, timeZone, at - rule.lastsMs);
  return from === undefined ? undefined : { from, to: from + rule.lastsMs };
};

const closedDuring = ({ except, timeZone }: Window, { from, to }: Span, next: NextOccurrence): Span[] =>
  except.flatMap((one) => {
    if ('calendar' in one) return one.spans.filter((span) => span.to > from && span.from < to);
    if ('from' in one) return one.to > from && one.from < to ? [one] : [];
    const spans: Span[] = [];
    for (
      let opens = next(one.opens, timeZone, from - one.lastsMs);
      opens !== undefined && opens < to && spans.length < openingsLimit;
      opens = next(one.opens, timeZone, opens)
    )
      spans.push({ from: opens, to: opens + one.lastsMs });
    return spans;
  });

/** What is left of a span, in order. */
const without = (span: Span, closed: readonly Span[]): Span[] =>
  closed.reduce<Span[]>((left, { from, to }) => left.flatMap((one) => cutOut(one, from, to)), [span]);

const cutOut = (span: Span, from: number, to: number): Span[] =>
  to <= span.from || from >= span.to
    ? [span]
    : [
        { from: span.from, to: from },
        { from: to, to: span.to },
      ].filter((one) => one.to > one.from);
