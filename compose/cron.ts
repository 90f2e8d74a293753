/** Cron lines and wall-clock times, read in a time zone. Days with 23 or 25 hours are the library's affair. */
import { Cron } from 'croner';
import { z } from 'zod';
import type { NextOccurrence } from '../domain/window.ts';

/** A cron line of a file. */
export const cronLine = z.string().refine((text) => nextOccurrence(text, undefined, 0) !== undefined, {
  error: 'must be a cron line with five fields that comes round, such as "30 2 * * 1-5"',
});

/** An hour that a clock set forward leaves out comes when it is over; one that comes twice counts the first time. */
export const nextOccurrence: NextOccurrence = (cron, timeZone, after) =>
  lineOf(cron, timeZone)?.nextRun(new Date(after))?.getTime();

/** A time zone of a file. */
export const timeZone = z
  .string()
  .refine((name) => isTimeZone(name), { error: 'must be a time zone such as Europe/Berlin' });

const dayMs = 24 * 3_600_000;

/**
 * When a line comes on days whose clock leaves its own time out: when that hour is over. On all other days it comes as it says.
 * @param from ms since the epoch.
 */
export const madeUpFor = (cron: string, timeZone: string, from: number, years: number): number[] => {
  const line = lineOf(cron, timeZone);
  const offset = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const offsetAt = (at: number): string =>
    offset.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const found: number[] = [];
  for (let day = from; day < from + years * 366 * dayMs; day += dayMs) {
    if (offsetAt(day) === offsetAt(day + dayMs)) continue;
    for (let at = line?.nextRun(new Date(day)); at && at.getTime() <= day + dayMs; at = line?.nextRun(at))
      if (line?.match(at) === false) found.push(at.getTime());
  }
  return found;
};

/** Reading a line takes longer than using it, and the lines of a host are few. */
const lines = new Map<string, Cron | undefined>();

const lineOf = (cron: string, timeZone: string | undefined): Cron | undefined => {
  const key = `${cron} ${timeZone ?? ''}`;
  if (!lines.has(key)) lines.set(key, readLine(cron, timeZone));
  return lines.get(key);
};

const readLine = (cron: string, timeZone: string | undefined): Cron | undefined => {
  // The library takes a date for a line too.
  if (!/^\S+(?: +\S+){4}$/.test(cron)) return undefined;
  try {
    return new Cron(cron, {
      mode: '5-part',
      paused: true,
      ...(timeZone === undefined ? {} : { timezone: timeZone }),
    });
  } catch {
    return undefined;
  }
};

/** @returns `2026-12-24` or `2026-12-24T18:00` as ms since the epoch; `undefined` where it is no time. */
export const readTime = (text: string, timeZone?: string): number | undefined => {
  const [, day, clock = '00:00'] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d))?$/.exec(text) ?? [];
  // There is no 30th of February, though the library finds one.
  if (day === undefined || !isDay(day)) return undefined;
  try {
    const once = new Cron(`${day}T${clock}:00`, timeZone === undefined ? {} : { timezone: timeZone });
    return once.nextRun(new Date(0))?.getTime();
  } catch {
    return undefined;
  }
};

const isDay = (day: string): boolean => {
  const at = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day);
};

export const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};
