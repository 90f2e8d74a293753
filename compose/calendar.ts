/**
 * iCalendar files as windows: the spans of their events. Rules are gone through on the wall clock, and each time is then found
 * in its zone, as the days with 23 and 25 hours demand.
 */
import type ICAL from 'ical.js';
import type { Span } from '../domain/window.ts';
import { Clocks, dayMs, dayOf, momentMs, timeOf, wallOf, type Moment, type Wall } from './calendar-clock.ts';
import { CalendarMistake, readComponents } from './calendar-component.ts';
import { readEvent, type CalendarEvent, type CalendarRule } from './calendar-event.ts';

/** Clocks on the wall differ from UTC by less. */
const marginMs = 2 * dayMs;

/** More than a year of hours; a calendar of minutes is a mistake. */
const mostSpans = 10_000;

/**
 * @param timeZone of whole days and of times that name none; absent: the host's.
 * @param range what is asked for, in ms since the epoch.
 * @returns the spans of all events that are not cancelled, in order; those that touch are one.
 * @throws CalendarMistake
 */
export const calendarSpans = (text: string, timeZone: string | undefined, range: Span): Span[] => {
  const { VEVENT, VTIMEZONE } = readComponents(text);
  const clocks = new Clocks(VTIMEZONE, timeZone);
  const events = VEVENT.map((component) => readEvent(component, clocks));
  const replaced = Map.groupBy(
    events.filter(({ replaces }) => replaces),
    ({ uid }) => uid,
  );
  const spans: Span[] = [];
  for (const event of events) {
    // An event with the same id that names one of its times stands in for that one, also where it is cancelled.
    const instead = event.replaces ? [] : (replaced.get(event.uid) ?? []);
    for (const span of spansOf(event, instead, range))
      if (spans.push(span) > mostSpans)
        throw new CalendarMistake(event.line, `There are more than ${mostSpans} times, up to this event.`);
  }
  return joined(spans);
};

function* spansOf(event: CalendarEvent, instead: readonly CalendarEvent[], range: Span): Iterable<Span> {
  if (event.isCancelled) return;
  const left = [...event.except, ...instead.flatMap(({ replaces }) => replaces ?? [])];
  const days = new Set(left.filter(({ isDate }) => isDate).map(({ wall }) => dayOf(wall)));
  const moments = new Set(left.filter(({ isDate }) => !isDate).map(momentMs));
  for (const { from, to, wall } of timesOf(event, range))
    if (to > Math.max(from, range.from) && from < range.to && !moments.has(from) && !days.has(dayOf(wall)))
      yield { from: Math.max(from, range.from), to: Math.min(to, range.to) };
}

type Time = Span & { wall: Wall };

/** Some of them before or after the range: finding a time in its zone is what takes long. */
function* timesOf({ start, more, rules, lasts }: CalendarEvent, range: Span): Iterable<Time> {
  const since = range.from - lasts.aboutMs - marginMs;
  const until = range.to + marginMs;
  const timeAt = (wall: Wall): Time => ({ wall, from: start.clock(wall), to: lasts.end(wall) });
  if (start.wall > since && start.wall < until) yield timeAt(start.wall);
  for (const { start: one, to } of more) {
    const from = momentMs(one);
    yield {
      wall: one.wall,
      from,
      to: to ?? (one.clock === start.clock ? lasts.end(one.wall) : from + lasts.aboutMs),
    };
  }
  for (const rule of rules)
    for (const wall of wallsOf(rule, start, since)) {
      if (wall > until || wall > rule.last + marginMs) break;
      const time = wall < since ? undefined : timeAt(wall);
      if (time && time.from <= rule.last) yield time;
    }
}

/** When a rule comes, on the wall, from some time before `since` on, without end. */
function* wallsOf({ recur }: CalendarRule, start: Moment, since: Wall): Iterable<Wall> {
  const begin = recur.count ? start.wall : jumped(recur, start.wall, since);
  const times = recur.iterator(timeOf(begin, start.isDate));
  for (let time = times.next() as ICAL.Time | null; time; time = times.next() as ICAL.Time | null) {
    const wall = wallOf(time);
    // Where it begins is a time of the event, or, after a jump, over long since.
    if (wall !== begin) yield wall;
  }
}

const periodsMs: Readonly<Record<string, number>> = {
  SECONDLY: 1_000,
  MINUTELY: 60_000,
  HOURLY: 3_600_000,
  DAILY: dayMs,
  WEEKLY: 7 * dayMs,
};

/** By whole periods, so that the years which have passed are not gone through day by day. */
const jumped = ({ freq, interval }: ICAL.Recur, from: Wall, since: Wall): Wall => {
  const period = (periodsMs[freq] ?? 0) * interval;
  const periods = period > 0 ? Math.floor((since - from) / period) - 1 : 0;
  return from + Math.max(0, periods) * period;
};

const joined = (spans: readonly Span[]): Span[] => {
  const all: Span[] = [];
  for (const { from, to } of spans.toSorted((one, other) => one.from - other.from)) {
    const last = all.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else all.push({ from, to });
  }
  return all;
};
