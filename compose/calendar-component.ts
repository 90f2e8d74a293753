/** The components of an iCalendar file (RFC 5545), each with the lines on which it was written, so that mistakes can be told there. */
import ICAL from 'ical.js';

/** A mistake of a calendar, and the line on which it is. */
export class CalendarMistake extends Error {
  override readonly name = 'CalendarMistake';
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** A line as it was before it was folded. */
type ContentLine = { line: number; text: string; name: string };

export type CalendarComponent = { line: number; lines: ContentLine[]; parsed: ICAL.Component };

/** @throws CalendarMistake */
export const readComponents = (text: string): Record<'VEVENT' | 'VTIMEZONE', CalendarComponent[]> => {
  const found = { VEVENT: [] as CalendarComponent[], VTIMEZONE: [] as CalendarComponent[] };
  const open: ContentLine[] = [];
  let lines: ContentLine[] = [];
  const all = unfold(text);
  if (all[0]?.text.toUpperCase() !== 'BEGIN:VCALENDAR')
    throw new CalendarMistake(1, 'This is no calendar: it does not begin with BEGIN:VCALENDAR.');
  for (const one of all) {
    const value = one.text.slice(one.text.indexOf(':') + 1).toUpperCase();
    if (one.name === 'BEGIN') open.push({ ...one, text: value });
    if (one.name === 'BEGIN' && open.length === 2) lines = [];
    lines.push(one);
    if (one.name !== 'END') continue;
    const begun = open.pop();
    if (begun?.text !== value)
      throw new CalendarMistake(one.line, `END:${value} ends ${begun ? `BEGIN:${begun.text}` : 'nothing'}.`);
    if (open.length === 1 && (value === 'VEVENT' || value === 'VTIMEZONE'))
      found[value].push({ line: begun.line, lines, parsed: parse(lines) });
  }
  const unfinished = open.at(-1);
  if (unfinished)
    throw new CalendarMistake(
      unfinished.line,
      `BEGIN:${unfinished.text} has no end; the file may be cut off.`,
    );
  return found;
};

/** Long lines go on in the next one, after a space. */
const unfold = (text: string): ContentLine[] => {
  const lines: ContentLine[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const last = lines.at(-1);
    if (last && /^[ \t]/.test(raw)) last.text += raw.slice(1);
    else if (raw.trim() !== '') lines.push({ line: index + 1, text: raw, name: '' });
  }
  for (const one of lines) {
    const [, name] = /^([A-Za-z0-9-]+)[;:]/.exec(one.text) ?? [];
    if (name === undefined) throw new CalendarMistake(one.line, 'This is no line of a calendar.');
    one.name = name.toUpperCase();
  }
  return lines;
};

const parse = (lines: readonly ContentLine[]): ICAL.Component => {
  try {
    return new ICAL.Component(ICAL.parse(lines.map(({ text }) => text).join('\r\n')) as unknown[]);
  } catch (error) {
    throw new CalendarMistake(lines[0]?.line ?? 1, `This cannot be read: ${(error as Error).message}.`);
  }
};

/** Where a property was written, or else its component. */
export const lineOf = ({ line, lines }: CalendarComponent, property: string): number =>
  lines.find(({ name }) => name === property.toUpperCase())?.line ?? line;
