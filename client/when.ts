/** Times as people type and read them, in the time zone of whoever sits there. */
import { format, isValid, parse, parseISO } from 'date-fns';
import { formatDuration } from '../domain/size.ts';

/** `2026-11-26T02:30`, `2026-11-26 02:30`, or `02:30` for when it next is that time. @returns `undefined` where it is no time. */
export const parseTime = (text: string, now: Date): Date | undefined => {
  if (/^\d{1,2}:\d\d$/.test(text)) {
    const today = parse(text, 'H:mm', now);
    if (!isValid(today)) return undefined;
    const tomorrow = new Date(now);
    tomorrow.setDate(tomorrow.getDate() + 1);
    return today > now ? today : parse(text, 'H:mm', tomorrow);
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
  const isNear = Math.abs(Date.parse(iso) - now.getTime()) < 6 * dayMs;
  return format(parseISO(iso), isNear ? 'EEE HH:mm' : 'EEE yyyy-MM-dd HH:mm');
};

const awayText = (ms: number): string =>
  ms < 2 * dayMs ? formatDuration(ms) : `${Math.round(ms / dayMs)} days`;
