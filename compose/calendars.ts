/** The calendar files that `baton.yml` names, read within one time limit for all. */
import type { Location } from '../domain/stack.ts';
import type { Calendar, Span } from '../domain/window.ts';
import { CalendarMistake } from './calendar-component.ts';
import { calendarSpans } from './calendar.ts';
import type { Reader } from './reader.ts';
import { readSmallFile } from './small-file.ts';
import { TookTooLong, within } from './time-limit.ts';

const dayMs = 86_400_000;
/** Nobody waits longer than a year; what is asked for may lie in the past by as long as a worker was away. */
const ahead: Span = { from: -31 * dayMs, to: 732 * dayMs };

/** A calendar of thousands of events takes a tenth of it. Meanwhile a worker does nothing else, and its heartbeats are due every few seconds. */
const limitMs = 2_000;

export class Calendars {
  readonly #reader: Reader;
  readonly #range: Span;
  #leftMs = limitMs;

  /** @param now in ms since the epoch. */
  constructor(reader: Reader, now: number) {
    this.#reader = reader;
    this.#range = { from: now + ahead.from, to: now + ahead.to };
  }

  /** @returns nothing in it where it has mistakes, which are told. */
  async read(path: string, timeZone: string | undefined, at: Location): Promise<Calendar> {
    const file = this.#reader.absolute(path, at) ?? path;
    try {
      const text = (await readSmallFile(file)).toString();
      return { calendar: file, spans: this.#within(() => calendarSpans(text, timeZone, this.#range)) };
    } catch (error) {
      this.#tell(file, at, error as Error);
      return { calendar: file, spans: [] };
    }
  }

  #within<T>(work: () => T): T {
    const began = performance.now();
    try {
      return within(this.#leftMs, work);
    } finally {
      this.#leftMs -= performance.now() - began;
    }
  }

  #tell(file: string, at: Location, error: Error): void {
    if (error instanceof CalendarMistake)
      this.#reader.error({ file, line: error.line, column: 1 }, 'calendar', error.message);
    else if (error instanceof TookTooLong)
      this.#reader.error(
        at,
        'calendar',
        `${file} takes longer than ${limitMs / 1_000} s to read; one of its rules may never come round.`,
      );
    else this.#reader.error(at, 'calendar', `${file} cannot be read: ${error.message}`);
  }
}
