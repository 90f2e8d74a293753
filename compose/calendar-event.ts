/** An event of an iCalendar file, as far as it says when something is. */
import ICAL from 'ical.js';
import { dayMs, momentMs, readWall, type Clocks, type Moment, type Wall } from './calendar-clock.ts';
import { CalendarMistake, lineOf, type CalendarComponent } from './calendar-component.ts';

/** @property last not after this, in ms since the epoch; `recur` itself has no end, but perhaps a count. */
export type CalendarRule = { recur: ICAL.Recur; last: number };

export type CalendarEvent = {
  line: number;
  uid: string;
  isCancelled: boolean;
  start: Moment;
  lasts: Lasting;
  rules: CalendarRule[];
  more: { start: Moment; to?: number }[];
  except: Moment[];
  /** The time of another event, with the same id, that this one stands in for. */
  replaces?: Moment;
};

export type Lasting = {
  /** When it ends that begins then; ms since the epoch. */
  end: (wall: Wall) => number;
  /** How long that is, but for a change of the clock. */
  aboutMs: number;
};

/** What would be read wrongly rather than not at all. */
const unsupported: Readonly<Record<string, string>> = {
  exrule: 'EXRULE is not supported: list the times in EXDATE.',
};

/** @throws CalendarMistake */
export const readEvent = (component: CalendarComponent, clocks: Clocks): CalendarEvent => {
  const { parsed, line } = component;
  for (const [property, message] of Object.entries(unsupported))
    if (parsed.hasProperty(property)) throw mistake(component, property, message);
  const [start, ...others] = clocks.moments(component, 'dtstart');
  if (!start || others.length > 0) throw mistake(component, 'dtstart', 'An event has one DTSTART.');
  const [replaces] = clocks.moments(component, 'recurrence-id');
  if (parsed.getFirstProperty('recurrence-id')?.getFirstParameter('range'))
    throw mistake(component, 'recurrence-id', 'RANGE is not supported: end the event, and write another.');
  const uid = parsed.getFirstPropertyValue('uid');
  return {
    line,
    uid: typeof uid === 'string' ? uid : `line ${line}`,
    isCancelled: parsed.getFirstPropertyValue('status') === 'CANCELLED',
    start,
    lasts: readEnd(component, start, clocks),
    rules: readRules(component, start),
    more: clocks.periods(component, 'rdate'),
    except: clocks.moments(component, 'exdate'),
    ...(replaces ? { replaces } : {}),
  };
};

/** It ends when the same clock shows that time, as calendars show it; hours of a DURATION are hours. */
const readEnd = (component: CalendarComponent, start: Moment, clocks: Clocks): Lasting => {
  const [end] = clocks.moments(component, 'dtend');
  if (!end) return readDuration(component, start);
  if (end.isDate !== start.isDate)
    throw mistake(component, 'dtend', 'DTSTART and DTEND are both days, or both times.');
  const isShown = end.clock === start.clock;
  const aboutMs = isShown ? end.wall - start.wall : momentMs(end) - momentMs(start);
  if (aboutMs < 0) throw mistake(component, 'dtend', 'DTEND is before DTSTART.');
  return {
    aboutMs,
    end: (wall) => (isShown ? start.clock(wall + aboutMs) : start.clock(wall) + aboutMs),
  };
};

const readDuration = (component: CalendarComponent, { isDate, clock }: Moment): Lasting => {
  const duration = hydrated(component, 'duration');
  // A day without an end is that day; a time without one is a moment.
  if (!(duration instanceof ICAL.Duration)) return lasting(clock, isDate ? dayMs : 0, 0);
  if (duration.isNegative) throw mistake(component, 'duration', 'DURATION is negative.');
  const { weeks, days, hours, minutes, seconds } = duration;
  return lasting(clock, (weeks * 7 + days) * dayMs, ((hours * 60 + minutes) * 60 + seconds) * 1_000);
};

const lasting = (clock: Moment['clock'], daysMs: number, restMs: number): Lasting => ({
  end: (wall) => clock(wall + daysMs) + restMs,
  aboutMs: daysMs + restMs,
});

const readRules = (component: CalendarComponent, start: Moment): CalendarRule[] =>
  component.parsed.getAllProperties('rrule').map((property) => {
    const recur = hydrated(component, 'rrule', property);
    if (!(recur instanceof ICAL.Recur) || !recur.freq || (recur.count !== null && recur.count < 1))
      throw mistake(component, 'rrule', 'RRULE must say how often, as FREQ=WEEKLY.');
    const last = recur.until ? lastOf(String(recur.until), start) : Infinity;
    if (Number.isNaN(last)) throw mistake(component, 'rrule', 'UNTIL is no time.');
    const endless = recur.clone();
    endless.until = null;
    return { recur: endless, last };
  });

/** A day counts as a whole. */
const lastOf = (until: string, { clock }: Moment): number => {
  const wall = readWall(until) ?? Number.NaN;
  if (until.endsWith('Z')) return wall;
  return until.includes('T') ? clock(wall) : clock(wall + dayMs) - 1;
};

/** Values are read as they are asked for. */
const hydrated = (
  component: CalendarComponent,
  name: string,
  property = component.parsed.getFirstProperty(name),
): unknown => {
  try {
    return property?.getFirstValue();
  } catch (error) {
    throw mistake(component, name, `${name.toUpperCase()} cannot be read: ${(error as Error).message}.`);
  }
};

const mistake = (component: CalendarComponent, property: string, message: string): CalendarMistake =>
  new CalendarMistake(lineOf(component, property), message);
