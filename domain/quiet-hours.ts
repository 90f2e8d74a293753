/**
 * Quiet hours: when few use a target, by what was measured. The shape of a week is told from two weeks on, that of a day from three
 * days on; from less nothing is told. What is expected of an hour is the median of what it was, and its interval the least and the
 * most that it was.
 */
import { median } from './forecast/order-statistics.ts';

const dayHours = 24;
const weekHours = 7 * dayHours;

/** So many weeks, or days, at least have to agree. */
const leastWeeks = 2;
const leastDays = 3;
/** An hour of a shape that was seen less often says nothing. */
const leastSeen = 2;

/** What was measured in an hour. `at`: its begin, ms since the epoch. */
export type TrafficHour = { at: number; value: number };

/** Of what is usual: one look that was missed is made up for by the next one, two are not. */
const leastLooks = 0.75;

/** Those that were looked at all the while: what was missed of others would make them look quiet. @property count looks in it. */
export const wholeHours = <Hour extends { count: number }>(hours: readonly Hour[]): Hour[] => {
  const usual = median(hours.map(({ count }) => count)) ?? 0;
  return hours.filter(({ count }) => count >= leastLooks * usual);
};

/** @returns the hour of the week of a time, 0 to 167, Monday at midnight being 0. */
export type WeekHour = (at: number) => number;

export type QuietWindow = {
  /** Hour of the week of its begin; of the day where the shape is that of a day. */
  from: number;
  hours: number;
  /** Requests an hour, of which the least and the most were measured. */
  expected: number;
  low: number;
  high: number;
  /** Of what is usual at all hours; 0 where there is no traffic at all. */
  share: number;
};

export type QuietHours =
  | { state: 'told'; shape: 'week' | 'day'; windows: QuietWindow[]; usual: number; expected: number[] }
  | { state: 'not enough'; why: string };

export type Wish = {
  /** How long a window is. */
  hours: number;
  /** How many, the quietest first; none touches another. */
  count: number;
};

export const quietHours = (measured: readonly TrafficHour[], weekHour: WeekHour, wish: Wish): QuietHours => {
  const hours = measured.filter(({ value }) => Number.isFinite(value) && value >= 0);
  const covered = new Set(hours.map(({ at }) => Math.floor(at / hourMs))).size;
  if (covered < leastDays * dayHours)
    return {
      state: 'not enough',
      why: `${covered} hours were measured; the shape of a day shows from ${leastDays * dayHours} on`,
    };
  const shape = covered >= leastWeeks * weekHours ? 'week' : 'day';
  const length = shape === 'week' ? weekHours : dayHours;
  const slots = slotsOf(hours, weekHour, length);
  const expected = slots.map((values) => median(values) ?? Number.NaN);
  const usual = median(hours.map(({ value }) => value)) ?? 0;
  const windows = quietest(slots, expected, usual, wish);
  return windows.length === 0
    ? { state: 'not enough', why: `no ${wish.hours} hours in a row were measured twice` }
    : { state: 'told', shape, windows, usual, expected };
};

const hourMs = 3_600_000;

const slotsOf = (hours: readonly TrafficHour[], weekHour: WeekHour, length: number): number[][] => {
  const slots = Array.from({ length }, (): number[] => []);
  for (const { at, value } of hours) slots[weekHour(at) % length]?.push(value);
  return slots;
};

const quietest = (
  slots: readonly number[][],
  expected: readonly number[],
  usual: number,
  { hours, count }: Wish,
): QuietWindow[] => {
  const all = slots
    .map((_, from) => windowAt(slots, expected, usual, from, hours))
    .filter((one) => one !== undefined)
    .sort((a, b) => a.expected - b.expected || a.high - b.high || a.from - b.from);
  const chosen: QuietWindow[] = [];
  for (const one of all)
    if (chosen.length < count && chosen.every((other) => !touches(one, other, slots.length)))
      chosen.push(one);
  return chosen;
};

/** @returns `undefined` where one of its hours is not known well enough. */
const windowAt = (
  slots: readonly number[][],
  expected: readonly number[],
  usual: number,
  from: number,
  hours: number,
): QuietWindow | undefined => {
  const places = Array.from({ length: hours }, (_, index) => (from + index) % slots.length);
  const seen = places.map((place) => slots[place] ?? []);
  if (seen.some((values) => values.length < leastSeen)) return undefined;
  const mean = (pick: (place: number, values: readonly number[]) => number): number =>
    places.reduce((sum, place, index) => sum + pick(place, seen[index] ?? []), 0) / hours;
  const value = mean((place) => expected[place] ?? 0);
  return {
    from,
    hours,
    expected: value,
    low: mean((_, values) => Math.min(...values)),
    high: mean((_, values) => Math.max(...values)),
    share: usual === 0 ? 0 : value / usual,
  };
};

const touches = (one: QuietWindow, other: QuietWindow, length: number): boolean => {
  const away = (from: number, to: number): number => (((to - from) % length) + length) % length;
  return away(one.from, other.from) < one.hours || away(other.from, one.from) < other.hours;
};

/** By the clock of a time zone, whatever it is moved by. @param timeZone IANA name. */
export const weekHourIn = (timeZone: string): WeekHour => {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  return (at) => {
    const parts = format.formatToParts(at);
    const told = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
    return weekdays.indexOf(told('weekday')) * dayHours + Number(told('hour'));
  };
};

export const weekdays: readonly string[] = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

const clock = (hour: number): string => `${String(hour % dayHours).padStart(2, '0')}:00`;

/** `Sun 04:00 to 06:00`, or `every day 04:00 to 06:00`. */
export const windowText = ({ from, hours }: QuietWindow, shape: 'week' | 'day'): string =>
  `${shape === 'day' ? 'every day' : (weekdays[Math.floor(from / dayHours)] ?? '')} ${clock(from)} to ${clock(from + hours)}`;
