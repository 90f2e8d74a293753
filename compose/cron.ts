/** Cron lines and wall-clock times, read in a time zone. Days with 23 or 25 hours are the library's affair. */
import { Cron } from 'croner';
import type { NextOccurrence } from '../domain/window.ts';

/** An hour that a clock set forward leaves out comes when it is over; one that comes twice counts the first time. */
export const nextOccurrence: NextOccurrence = (cron, timeZone, after) => {
  try {
    const line = new Cron(cron, {
      mode: '5-part',
      paused: true,
      ...(timeZone === undefined ? {} : { timezone: timeZone }),
    });
    return line.nextRun(new Date(after))?.getTime();
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
