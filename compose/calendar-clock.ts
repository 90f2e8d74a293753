/** Times of an iCalendar file: what a clock on the wall shows, and in which zone it hangs. */
import ICAL from 'ical.js';
import type { Span } from '../domain/window.ts';
import { CalendarMistake, lineOf, type CalendarComponent } from './calendar-component.ts';
import { isTimeZone } from './cron.ts';

/** What a clock shows, as ms since the epoch as if it showed UTC. */
export type Wall = number;
/** From what it shows to ms since the epoch. One clock for each zone. */
export type Clock = (wall: Wall) => number;
export type Moment = { wall: Wall; isDate: boolean; clock: Clock };

export const dayMs = 86_400_000;
export const dayOf = (wall: Wall): number => Math.floor(wall / dayMs);
export const momentMs = ({ wall, clock }: Moment): number => clock(wall);

const utc: Clock = (wall) => wall;

/** The zones that a file names: by their IANA names where they have one, for what a file says of a zone may be years old. */
export class Clocks {
  readonly #defined: ReadonlyMap<string, CalendarComponent>;
  readonly #clocks = new Map<string, Clock>();
  readonly #own: Clock;

  /** @param timeZone of times that name none; absent: the host's. */
  constructor(defined: readonly CalendarComponent[], timeZone: string | undefined) {
    this.#defined = new Map(defined.map((zone) => [String(zone.parsed.getFirstPropertyValue('tzid')), zone]));
    this.#own = clockOf(timeZone);
  }

  /** Of all values of all properties of that name. @throws CalendarMistake */
  moments(component: CalendarComponent, property: string): Moment[] {
    return valuesOf(component, property).map(({ text, zone }) =>
      this.#moment(component, property, text, zone),
    );
  }

  /** Moments, and spans from one to another. */
  periods(component: CalendarComponent, property: string): { start: Moment; to?: number }[] {
    return valuesOf(component, property).map(({ text, until, zone }) => {
      const start = this.#moment(component, property, text, zone);
      if (until === undefined) return { start };
      const to = until.startsWith('P')
        ? momentMs(start) + ICAL.Duration.fromString(until).toSeconds() * 1_000
        : momentMs(this.#moment(component, property, until, zone));
      return { start, to };
    });
  }

  /** @param clock of a time that names no zone. */
  #moment(component: CalendarComponent, property: string, text: string, zone: string | undefined): Moment {
    const wall = readWall(text);
    if (wall === undefined)
      throw new CalendarMistake(
        lineOf(component, property),
        `${property.toUpperCase()}: ${JSON.stringify(text)} is no time.`,
      );
    const isDate = !text.includes('T');
    if (text.endsWith('Z')) return { wall, isDate, clock: utc };
    if (zone === undefined) return { wall, isDate, clock: this.#own };
    return { wall, isDate, clock: this.#named(zone, lineOf(component, property)) };
  }

  #named(zone: string, line: number): Clock {
    const known = this.#clocks.get(zone);
    if (known) return known;
    const defined = this.#defined.get(zone);
    if (!defined && !isTimeZone(zone))
      throw new CalendarMistake(
        line,
        `Time zone ${JSON.stringify(zone)} is not known, and the file does not define it.`,
      );
    const clock = isTimeZone(zone) ? clockOf(zone) : definedClock(defined as CalendarComponent);
    this.#clocks.set(zone, clock);
    return clock;
  }
}

/** `until` is the second half of a period. */
type Value = { text: string; until?: string; zone?: string };

const valuesOf = ({ parsed }: CalendarComponent, property: string): Value[] =>
  parsed.getAllProperties(property).flatMap((one) => {
    const zone = one.getFirstParameter('tzid') as string | undefined;
    const values = (one.toJSON() as unknown[]).slice(3) as (string | [string, string])[];
    return values.map((value) => {
      const [text, until] = typeof value === 'string' ? [value] : value;
      return { text, ...(until === undefined ? {} : { until }), ...(zone === undefined ? {} : { zone }) };
    });
  });

/** `2026-12-24`, `2026-12-24T18:00:00`, with or without `Z`. */
export const readWall = (text: string): Wall | undefined => {
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ?)?$/.test(text)) return undefined;
  const plain = text.replace('Z', '');
  const wall = Date.parse(plain.includes('T') ? `${plain}Z` : plain);
  // There is no 30th of February, though some find one.
  return Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(plain) ? undefined : wall;
};

/** Nobody asks for the hour of what is further off. */
const exactly: Span = { from: dayMs, to: Date.UTC(2200, 0) };

const near =
  (clock: Clock): Clock =>
  (wall) =>
    wall > exactly.from && wall < exactly.to ? clock(wall) : wall;

/** Clocks go by it at the same pace a day before a change and a day after. */
const clockOf = (timeZone: string | undefined): Clock => {
  const offsetAt = offsetsOf(timeZone);
  return near((wall) => {
    const [before, after] = [offsetAt(wall - dayMs), offsetAt(wall + dayMs)];
    const isBefore = before === after || offsetAt(wall - before) === before;
    // An hour that comes twice counts the first time; one that is left out is counted on from before (RFC 5545, 3.3.5).
    const isAfter = !isBefore && offsetAt(wall - after) === after;
    return wall - (isAfter ? after : before);
  });
};

/** The library that reads cron lines finds a time, too, in a sixth of a millisecond: too long for those of two years. */
const offsetsOf = (timeZone: string | undefined): ((at: number) => number) => {
  const shown = new Intl.DateTimeFormat('en', {
    ...(timeZone === undefined ? {} : { timeZone }),
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (at) => {
    const [month = 0, day, year = 0, hour, minute, second] = shown
      .formatToParts(at)
      .filter(({ type }) => type !== 'literal')
      .map(({ value }) => Number(value));
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000;
  };
};

const definedClock = ({ parsed }: CalendarComponent): Clock => {
  const zone = new ICAL.Timezone(parsed);
  return near((wall) => {
    const time = timeOf(wall, false);
    time.zone = zone;
    return time.toUnixTime() * 1_000;
  });
};

export const timeOf = (wall: Wall, isDate: boolean): ICAL.Time => {
  const at = new Date(wall);
  return new ICAL.Time(
    {
      year: at.getUTCFullYear(),
      month: at.getUTCMonth() + 1,
      day: at.getUTCDate(),
      hour: at.getUTCHours(),
      minute: at.getUTCMinutes(),
      second: at.getUTCSeconds(),
      isDate,
    },
    ICAL.Timezone.localTimezone,
  );
};

export const wallOf = ({ year, month, day, hour, minute, second }: ICAL.Time): Wall =>
  Date.UTC(year, month - 1, day, hour, minute, second);
