/** Quiet hours as an iCalendar file (RFC 5545), as calendars and windows of `baton.yml` read it. */
import { weekdays, windowText, type QuietHours } from './quiet-hours.ts';

export type TargetHours = { target: string; quiet: QuietHours };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Each window comes round each week, or each day. Its times name no zone: they are those of whoever reads the file.
 * @param now ms since the epoch.
 */
export const quietCalendar = (all: readonly TargetHours[], now: number): string =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Baton//windows//EN',
    ...all.flatMap((one) => eventsOf(one, now)),
    'END:VCALENDAR',
  ]
    .map((line) => `${folded(line)}\r\n`)
    .join('');

const eventsOf = ({ target, quiet }: TargetHours, now: number): string[] => {
  if (quiet.state !== 'told') return [];
  return quiet.windows.flatMap((window) => {
    const begins = firstAfter(window.from, quiet.shape, now);
    const repeats = quiet.shape === 'day' ? 'DAILY' : 'WEEKLY';
    return [
      'BEGIN:VEVENT',
      `UID:${hexOf(target)}-${quiet.shape}-${window.from}-${window.hours}@baton`,
      `DTSTAMP:${stamp(now)}Z`,
      `DTSTART:${stamp(begins)}`,
      `DTEND:${stamp(begins + window.hours * hourMs)}`,
      `RRULE:FREQ=${repeats}`,
      `SUMMARY:${textOf(`${target}: quiet, ${windowText(window, quiet.shape)}`)}`,
      'TRANSP:TRANSPARENT',
      'END:VEVENT',
    ];
  });
};

/** The wall clock is counted as if it were UTC. */
const firstAfter = (from: number, shape: 'week' | 'day', now: number): number => {
  const midnight = Math.floor(now / dayMs) * dayMs;
  if (shape === 'day') return midnight + dayMs + from * hourMs;
  const today = (new Date(midnight).getUTCDay() + weekdays.length - 1) % weekdays.length;
  const days = (Math.floor(from / 24) - today + weekdays.length) % weekdays.length || weekdays.length;
  return midnight + days * dayMs + (from % 24) * hourMs;
};

/** `20261126T023000`. */
const stamp = (at: number): string => new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');

const textOf = (text: string): string =>
  text.replaceAll(/[\u0000-\u001f\u007f]+/g, ' ').replaceAll(/[\\;,]/g, '\\$&');

/** A name that identifies: letters and digits, whatever the target is called. */
const hexOf = (text: string): string =>
  [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Lines are 75 octets at most; a character is four at most. */
const folded = (line: string): string =>
  Array.from(line)
    .reduce<string[][]>((rows, character) => {
      const row = rows.at(-1);
      if (row && new TextEncoder().encode([...row, character].join('')).length <= 73) row.push(character);
      else rows.push([character]);
      return rows;
    }, [])
    .map((row) => row.join(''))
    .join('\r\n ');
