/** Amounts that success is measured by: `85%`, `500M`, `200ms`, `1`, and shares of what was before. */
import type { Amount, Unit } from '../domain/measure.ts';
import { parseBytes, parseDuration } from './units.ts';

const forms: Record<Unit, string> = {
  percent: 'a percentage such as 85%',
  bytes: 'a size such as 500M',
  ms: 'a duration such as 200ms',
  count: 'a whole number',
  days: 'a number of days such as 14',
};

/** @returns `undefined` where the text is no amount of this unit. */
export const readAmount = (text: string | number, unit: Unit): Amount | undefined => {
  const written = String(text).trim();
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(written)?.[1];
  const by = plainAmount(percent !== undefined && unit === 'percent' ? percent : written, unit);
  if (by !== undefined) return { by, relative: false };
  return percent === undefined ? undefined : { by: Number(percent), relative: true };
};

const plainAmount = (text: string, unit: Unit): number | undefined => {
  switch (unit) {
    case 'percent':
    case 'days':
      return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
    case 'count':
      return /^\d+$/.test(text) ? Number(text) : undefined;
    case 'bytes':
      return parseBytes(text);
    case 'ms':
      return parseDuration(text);
  }
};

/** What is wrong with it; `undefined` where nothing is. @param mayBeShare of what was before. */
export const amountFault = (text: string | number, unit: Unit, mayBeShare: boolean): string | undefined => {
  const read = readAmount(text, unit);
  if (!read || (read.relative && !mayBeShare))
    return `must be ${forms[unit]}${mayBeShare && unit !== 'percent' ? ', or a share such as 10%' : ''}`;
  // A success that asks for no difference would call doing nothing one.
  return mayBeShare && read.by === 0 ? 'must be more than nothing' : undefined;
};
