/** `windows:` of `baton.yml`: spans of time in which something may happen, or in which nobody wants to hear of it. */
import { z } from 'zod';
import type { Calendar, Openings, Span, Window } from '../domain/window.ts';
import { Calendars } from './calendars.ts';
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

const calendar = z
  .string()
  .min(1)
  .describe('An iCalendar file (.ics), relative to baton.yml: during its events.');

const exception = z
  .strictObject({
    opens: cron.optional(),
    for: someTime.optional(),
    calendar: calendar.optional(),
    from: z.string().optional().describe('2026-12-24, or 2026-12-24T18:00, in the window’s time zone.'),
    to: z.string().optional(),
  })
  .refine((one) => hasOnly(one, ['opens', 'for'], ['from', 'to'], ['calendar']), {
    error: 'needs either "opens" and "for", or "from" and "to", or "calendar"',
  });

/** The schema of a window. */
export const windowKeys = z
  .strictObject({
    opens: cron.optional(),
    for: someTime.optional().describe('How long it stays open.'),
    calendar: calendar.optional(),
    time_zone: timeZone.optional().describe('Default: that of the host.'),
    at_end: z
      .enum(['finish', 'unwind'])
      .optional()
      .describe(
        'What becomes of what runs as it closes: it goes on to its end, or is put back. Default: finish.',
      ),
    except: z.array(exception).optional().describe('When it is closed all the same.'),
  })
  .refine((one) => hasOnly(one, ['opens', 'for'], ['calendar']), {
    error: 'needs either "opens" and "for", or "calendar"',
  });

/** Whether it has all keys of one of the forms, and none of the others. */
const hasOnly = (one: Record<string, unknown>, ...forms: string[][]): boolean => {
  const there = forms.flat().filter((key) => one[key] !== undefined);
  return forms.some((keys) => keys.every((key) => there.includes(key)) && there.length === keys.length);
};

type WindowKeys = z.infer<typeof windowKeys>;
type ExceptionKeys = z.infer<typeof exception>;

/** Reads the windows of a file, and the calendars that they name. */
export class WindowReader {
  readonly #reader: Reader;
  readonly #root: Node;
  readonly #calendars: Calendars;

  /** @param now in ms since the epoch: calendars are read from then on. */
  constructor(reader: Reader, root: Node, now: number) {
    this.#reader = reader;
    this.#root = root;
    this.#calendars = new Calendars(reader, now);
  }

  /** @param at where it stands, for mistakes. */
  async read(one: WindowKeys, at: (string | number)[]): Promise<Window> {
    const { time_zone: zone, except = [] } = one;
    const excepted: Window['except'] = [];
    for (const [index, each] of except.entries()) {
      const where = [...at, 'except', index];
      const isOnce = each.from !== undefined;
      excepted.push(isOnce ? this.#span(each, zone, where) : await this.#opens(each, zone, where));
    }
    return {
      ...(await this.#opens(one, zone, at)),
      ...(zone === undefined ? {} : { timeZone: zone }),
      ...(one.at_end === 'unwind' ? { atEnd: one.at_end } : {}),
      except: excepted,
    };
  }

  async #opens(
    { opens = '', for: lasts = '0', calendar: file }: Pick<WindowKeys, 'opens' | 'for' | 'calendar'>,
    zone: string | undefined,
    at: (string | number)[],
  ): Promise<Openings | Calendar> {
    return file === undefined
      ? { opens, lastsMs: milliseconds(lasts) }
      : await this.#calendars.read(file, zone, locate(this.#root, [...at, 'calendar']));
  }

  #span(each: ExceptionKeys, zone: string | undefined, at: (string | number)[]): Span {
    const [from, to] = (['from', 'to'] as const).map((end) => {
      const time = readTime(each[end] ?? '', zone);
      if (time === undefined)
        this.#reader.error(
          locate(this.#root, [...at, end]),
          'time',
          `${JSON.stringify(each[end] ?? '')} is no time; write 2026-12-24 or 2026-12-24T18:00.`,
        );
      return time;
    });
    if (from !== undefined && to !== undefined && from >= to)
      this.#reader.error(locate(this.#root, [...at, 'to']), 'time', '"to" is not after "from".');
    return { from: from ?? 0, to: to ?? 0 };
  }
}

/** @returns milliseconds of what the schema has taken for a duration. */
export const milliseconds = (text: string | number): number => parseDuration(String(text)) ?? 0;
