/** Times as people type and read them, in the time zone of whoever sits there. */
import { addDays } from 'date-fns/addDays';
import { isValid } from 'date-fns/isValid';
import { lightFormat } from 'date-fns/lightFormat';
import { parseISO } from 'date-fns/parseISO';
import { formatDuration } from '../domain/size.ts';

/** `2026-11-26T02:30`, `2026-11-26 02:30`, or `02:30` for when it next is that time. @returns `undefined` where it is no time. */
export const parseTime = (text: string, now: Date): Date | undefined => {
  if (/^\d{1,2}:\d\d$/.test(text)) {
    const on = (day: Date): Date => parseISO(`${lightFormat(day, 'yyyy-MM-dd')}T${text.padStart(5, '0')}`);
    const today = on(now);
    if (!isValid(today)) return undefined;
    return today > now ? today : on(addDays(now, 1));
  }
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) return undefined;
  const time = parseISO(text);
  return isValid(time) ? time : undefined;
};

const dayMs = 24 * 3_600_000;

/** `Tue 02:30, in 3h 12m`; with its date where that is further off than a week. */
export const whenText = (iso: string, now: Date): string => {
  const ms = Date.parse(iso) - now.getTime();
  const when = momentText(iso, now);
  return ms <= 0 ? `${when}, now` : `${when}, in ${awayText(ms)}`;
};

/** `Tue 02:30`; with its date where that is further off than a week. */
export const momentText = (iso: string, now: Date): string => {
  const time = parseISO(iso);
  const isNear = Math.abs(time.getTime() - now.getTime()) < 6 * dayMs;
  // `format` of date-fns knows weekdays too, and takes 140 ms to load.
  const weekday = time.toLocaleDateString('en', { weekday: 'short' });
  return `${weekday} ${lightFormat(time, isNear ? 'HH:mm' : 'yyyy-MM-dd HH:mm')}`;
};

const awayText = (ms: number): string =>
  ms < 2 * dayMs ? formatDuration(ms) : `${Math.round(ms / dayMs)} days`;
