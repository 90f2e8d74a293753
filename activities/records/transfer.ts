/** Records as lines of JSON: to keep a copy, to look with other tools, to move from one database to another. */
import type { Entry, Hour, Point, Records, SeriesName } from '../ports/records.ts';
import { entryKinds } from '../ports/records.ts';

type Line =
  | ({ type: 'samples'; points: Point[] } & SeriesName)
  | ({ type: 'hours'; hours: Hour[] } & SeriesName)
  | ({ type: 'entry' } & Entry);

const always = { from: 0, to: Number.MAX_SAFE_INTEGER };

/** One series after the other, so that no more than one is in memory. */
export async function* exported(records: Records): AsyncIterable<string> {
  const line = (one: Line): string => `${JSON.stringify(one)}\n`;
  for (const series of await records.series()) {
    yield line({ type: 'samples', ...series, points: await records.points(series, always) });
    yield line({ type: 'hours', ...series, hours: await records.hours(series, always) });
  }
  for (const kind of entryKinds)
    for (const entry of await records.entries({ kind })) yield line({ type: 'entry', ...entry });
}

/** A line that is none. */
export class TransferMistake extends Error {
  override readonly name = 'TransferMistake';
}

/**
 * Each line is written whole, and those before a mistake stay: what is imported twice is there once.
 * @throws TransferMistake with the number of the line.
 */
export const importInto = async (records: Records, lines: AsyncIterable<string>): Promise<number> => {
  let count = 0;
  for await (const text of lines) {
    count += 1;
    if (text.trim() === '') continue;
    const line = readLine(text, count);
    const { measure, place } = line.type === 'entry' ? { measure: '', place: '' } : line;
    if (line.type === 'samples')
      await records.write({ samples: line.points.map((point) => ({ measure, place, ...point })) });
    else if (line.type === 'hours')
      await records.write({ hours: line.hours.map((hour) => ({ measure, place, ...hour })) });
    else {
      const { type: _type, ...entry } = line;
      await records.write({ entries: [entry] });
    }
  }
  return count;
};

const readLine = (text: string, number: number): Line => {
  try {
    const line = JSON.parse(text) as Line;
    if (isLine(line)) return line;
  } catch {
    // Told below.
  }
  throw new TransferMistake(
    `Line ${number} is none of exported records. What stands before it was imported.`,
  );
};

const isLine = (line: Line): boolean => {
  const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
  const isText = (value: unknown): boolean => typeof value === 'string';
  switch (line.type) {
    case 'samples':
      return (
        isText(line.measure) &&
        isText(line.place) &&
        line.points.every(({ at, value }) => isNumber(at) && isNumber(value))
      );
    case 'hours':
      return (
        isText(line.measure) &&
        isText(line.place) &&
        line.hours.every((hour) => Object.values(hour).every(isNumber) && Object.keys(hour).length === 5)
      );
    case 'entry':
      return entryKinds.includes(line.kind) && isText(line.id) && isText(line.about) && isNumber(line.at);
    default:
      return false;
  }
};
