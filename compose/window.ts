/** `windows:` of `baton.yml`: spans of time in which something may happen, or in which nobody wants to hear of it. */
import { z } from 'zod';
import type { Openings, Span, Window } from '../domain/window.ts';
import { duration } from './check.ts';
import { cronLine, readTime, timeZone } from './cron.ts';
import type { Reader } from './reader.ts';
import { locate } from './schema.ts';
import type { Node } from './tree.ts';
import { parseDuration } from './units.ts';

const cron = cronLine.describe('When it opens: minute, hour, day of month, month, day of week.');

const longest = 366 * 86_400_000;
export const someTime = duration.refine(
  (text) => {
    const ms = parseDuration(String(text));
    // What is no duration is told already.
    return ms === undefined || (ms > 0 && ms <= longest);
  },
  { error: 'must be a duration of a year at most, and not none' },
);

export const windowName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, {
  error: 'must be a name of a-z, 0-9, _ and -',
});

const exception = z
  .strictObject({
    opens: cron.optional(),
    for: someTime.optional(),
    from: z.string().optional().describe('2026-12-24, or 2026-12-24T18:00, in the window’s time zone.'),
    to: z.string().optional(),
  })
  .refine(
    (one) =>
      one.opens === undefined
        ? one.from !== undefined && one.to !== undefined && one.for === undefined
        : one.for !== undefined && one.from === undefined && one.to === undefined,
    { error: 'needs either "opens" and "for", or "from" and "to"' },
  );

/** The schema of a window. */
export const windowKeys = z.strictObject({
  opens: cron,
  for: someTime.describe('How long it stays open.'),
  time_zone: timeZone.optional().describe('Default: that of the host.'),
  except: z.array(exception).optional().describe('When it is closed all the same.'),
});

/** @param at where it stands, for mistakes. */
export const toWindow = (
  reader: Reader,
  one: z.infer<typeof windowKeys>,
  root: Node,
  at: (string | number)[],
): Window => {
  const { opens, for: lasts, time_zone: zone, except = [] } = one;
  return {
    opens,
    lastsMs: milliseconds(lasts),
    ...(zone === undefined ? {} : { timeZone: zone }),
    except: except.flatMap((each, index): (Openings | Span)[] => {
      if (each.opens !== undefined) return [{ opens: each.opens, lastsMs: milliseconds(each.for ?? '0') }];
      const [from, to] = (['from', 'to'] as const).map((end) => {
        const time = readTime(each[end] ?? '', zone);
        if (time === undefined)
          reader.error(
            locate(root, [...at, 'except', index, end]),
            'time',
            `${JSON.stringify(each[end] ?? '')} is no time; write 2026-12-24 or 2026-12-24T18:00.`,
          );
        return time;
      });
      if (from !== undefined && to !== undefined && from >= to)
        reader.error(locate(root, [...at, 'except', index, 'to']), 'time', '"to" is not after "from".');
      return [{ from: from ?? 0, to: to ?? 0 }];
    }),
  };
};

/** @returns milliseconds of what the schema has taken for a duration. */
export const milliseconds = (text: string | number): number => parseDuration(String(text)) ?? 0;
