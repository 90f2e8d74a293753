/**
 * Windows: spans of time in which changes are welcome. The rule for when they open is a cron line; reading one needs a
 * calendar and a time zone, so its occurrences are handed in (`activities/window.ts`).
 */

/** Opens at each occurrence of `opens` in `timeZone`, and stays open for `lastsMs`. */
export type Openings = { opens: string; lastsMs: number };

export type Window = Openings & {
  /** IANA name; absent: the host's own. */
  timeZone?: string;
  /** Spans in which it is closed whatever `opens` says: repeated, or once (milliseconds since the epoch). */
  except: (Openings | Span)[];
};

/** Half open, in milliseconds since the epoch. */
export type Span = { from: number; to: number };

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
  let at = from;
  for (let tries = 0; tries < openingsLimit; tries += 1) {
    const open = windows.map((window) => openAt(window, at, next));
    if (open.some((span) => span === undefined)) return undefined;
    const spans = open as Span[];
    const span = {
      from: Math.max(at, ...spans.map((one) => one.from)),
      to: Math.min(...spans.map((one) => one.to)),
    };
    if (span.to - span.from >= Math.max(1, needsMs)) return span;
    at = Math.max(span.from, span.to);
  }
  return undefined;
};

/** The span in which a window is open at `from`, or else opens next; cut to what comes after `from`. */
const openAt = (window: Window, from: number, next: NextOccurrence): Span | undefined => {
  let after = from - window.lastsMs;
  for (let tries = 0; tries < openingsLimit; tries += 1) {
    const opens = next(window.opens, window.timeZone, after);
    if (opens === undefined) return undefined;
    const whole = { from: Math.max(from, opens), to: opens + window.lastsMs };
    const closed = closedDuring(window, whole, next);
    const [first] = without(whole, closed);
    if (first) return first;
    // What is closed for weeks is not gone through opening by opening.
    const covering = closed.find((one) => one.from <= whole.from && one.to >= whole.to);
    after = Math.max(opens, (covering?.to ?? opens) - window.lastsMs);
  }
  return undefined;
};

const closedDuring = ({ except, timeZone }: Window, { from, to }: Span, next: NextOccurrence): Span[] =>
  except.flatMap((one) => {
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
