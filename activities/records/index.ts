/** Records over a database: series of samples that become hours, and entries that are kept whole. */
import { entryKinds } from '../ports/records.ts';
import type {
  Entry,
  EntryKind,
  EntryQuery,
  Note,
  Period,
  Records,
  SeriesName,
  Tidied,
} from '../ports/records.ts';
import { migrate } from './migrations.ts';
import { openPostgres } from './postgres.ts';
import type { Sql, Statements, Value } from './sql.ts';
import { openSqlite } from './sqlite.ts';

const secondMs = 1_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** As long as samples, and as hours of them, are kept: two weeks for a fortnight's shape, and more than a year for its seasons. */
const samplesKeptMs = 14 * dayMs;
const hoursKeptMs = 400 * dayMs;

/** @param place a file, or the address of a PostgreSQL database. */
export const openRecords = async (place: string): Promise<Records> => {
  const sql = /^postgres(?:ql)?:\/\//.test(place) ? openPostgres(place) : openSqlite(place);
  await migrate(sql);
  return recordsIn(sql);
};

/** Opened when they are first asked for; where that fails, the next one who asks tries again. */
export const recordsWhenAsked = (place: string): (() => Promise<Records>) => {
  let opened: Promise<Records> | undefined;
  return async () => {
    opened ??= openRecords(place);
    try {
      return await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
  };
};

const recordsIn = (sql: Sql): Records => ({
  write: async (note) => {
    await sql.transaction(async (statements) => {
      await writeNote(statements, note);
    });
  },

  series: async () =>
    (await sql.all('SELECT measure, place FROM series ORDER BY measure, place')).map((row) => ({
      measure: String(row['measure']),
      place: String(row['place']),
    })),

  points: async (series, period) =>
    (await rowsOf(sql, 'samples', series, period)).map((row) => ({
      at: Number(row['at']) * secondMs,
      value: Number(row['value']),
    })),

  hours: async (series, period) =>
    (await rowsOf(sql, 'hours', series, period)).map((row) => ({
      at: Number(row['at']) * secondMs,
      count: Number(row['count']),
      mean: Number(row['mean']),
      least: Number(row['least']),
      most: Number(row['most']),
    })),

  entries: async (query) => await entriesIn(sql, query),
  newestOfEach: async (kind) => await newestIn(sql, kind),

  reserve: async (budget, id, places) =>
    await sql.transaction(async (statements) => {
      const taken = await statements.all('SELECT id FROM places WHERE budget = $1', [budget]);
      if (taken.some((row) => row['id'] === id)) return true;
      if (taken.length >= places) return false;
      await statements.all('INSERT INTO places (budget, id) VALUES ($1, $2)', [budget, id]);
      return true;
    }),

  reserved: async (budget) => (await sql.all('SELECT id FROM places WHERE budget = $1', [budget])).length,

  tidy: async (now) => await sql.transaction(async (statements) => await tidyAll(statements, now)),
  check: async () => [...(await sql.check()), ...(await strayRows(sql))],
  vacuum: async () => {
    await sql.vacuum();
  },
  close: async () => {
    await sql.close();
  },
});

const writeNote = async (
  statements: Statements,
  { samples = [], hours = [], entries = [] }: Note,
): Promise<void> => {
  const ids = await seriesIds(statements, [...samples, ...hours]);
  await statements.each(
    `INSERT INTO samples (series, at, value) VALUES ($1, $2, $3)
     ON CONFLICT (series, at) DO UPDATE SET value = excluded.value`,
    samples.map(({ at, value, ...series }): Value[] => [ids.get(keyOf(series)) ?? 0, seconds(at), value]),
  );
  await statements.each(
    `INSERT INTO hours (series, at, count, mean, least, most) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (series, at) DO UPDATE
     SET count = excluded.count, mean = excluded.mean, least = excluded.least, most = excluded.most`,
    hours.map(({ at, count, mean, least, most, ...series }): Value[] => [
      ids.get(keyOf(series)) ?? 0,
      seconds(at),
      ...[count, mean, least, most],
    ]),
  );
  await statements.each(
    `INSERT INTO entries (kind, id, at, about, body) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (kind, id) DO UPDATE SET at = excluded.at, about = excluded.about, body = excluded.body`,
    entries.map(({ kind, id, at, about, body }): Value[] => [
      kind,
      id,
      seconds(at),
      about,
      JSON.stringify(body),
    ]),
  );
};

const seconds = (ms: number): number => Math.floor(ms / secondMs);

const keyOf = ({ measure, place }: SeriesName): string => `${measure} ${place}`;

/** Ids of all series that samples name; those that are new are added. */
const seriesIds = async (
  statements: Statements,
  samples: readonly SeriesName[],
): Promise<ReadonlyMap<string, number>> => {
  const named = new Map(samples.map((sample) => [keyOf(sample), sample]));
  if (named.size === 0) return new Map();
  const known = new Map(
    (await statements.all('SELECT id, measure, place FROM series')).map((row) => [
      keyOf({ measure: String(row['measure']), place: String(row['place']) }),
      Number(row['id']),
    ]),
  );
  const next = Math.max(0, ...known.values()) + 1;
  const fresh = [...named].filter(([key]) => !known.has(key));
  await statements.each(
    'INSERT INTO series (id, measure, place) VALUES ($1, $2, $3)',
    fresh.map(([, { measure, place }], index): Value[] => [next + index, measure, place]),
  );
  return new Map([...known, ...fresh.map(([key], index) => [key, next + index] as const)]);
};

const rowsOf = async (
  sql: Sql,
  table: 'samples' | 'hours',
  { measure, place }: SeriesName,
  { from, to }: Period,
) =>
  await sql.all(
    `SELECT * FROM ${table} WHERE series = (SELECT id FROM series WHERE measure = $1 AND place = $2)
       AND at >= $3 AND at < $4 ORDER BY at`,
    [measure, place, Math.ceil(from / secondMs), Math.ceil(to / secondMs)],
  );

const entriesIn = async (sql: Sql, query: EntryQuery): Promise<Entry[]> => {
  const { kind, id, about, from, to, newest } = query;
  const values: Value[] = [kind];
  const also = (condition: string, value: Value | undefined): string => {
    if (value === undefined) return '';
    values.push(value);
    return ` AND ${condition} $${values.length}`;
  };
  const where = [
    also('id =', id),
    also('about =', about),
    also('at >=', from === undefined ? undefined : Math.ceil(from / secondMs)),
    also('at <', to === undefined ? undefined : Math.ceil(to / secondMs)),
  ].join('');
  const limit = newest === undefined ? '' : ` LIMIT ${Math.max(0, Math.floor(newest))}`;
  const rows = await sql.all(
    `SELECT * FROM entries WHERE kind = $1${where} ORDER BY at DESC, id DESC${limit}`,
    values,
  );
  return rows.reverse().map(entryIn);
};

const entryIn = (row: Awaited<ReturnType<Sql['all']>>[number]): Entry => ({
  kind: row['kind'] as EntryKind,
  id: String(row['id']),
  at: Number(row['at']) * secondMs,
  about: String(row['about']),
  body: JSON.parse(String(row['body'])) as unknown,
});

/** By the index on kind, about and time: the bodies of older ones are not read. */
const newestIn = async (sql: Sql, kind: EntryKind): Promise<Entry[]> => {
  const rows = await sql.all(
    `SELECT entries.* FROM entries
     JOIN (SELECT about, MAX(at) AS at FROM entries WHERE kind = $1 GROUP BY about) AS newest
       ON entries.about = newest.about AND entries.at = newest.at
     WHERE kind = $1 ORDER BY entries.at, entries.id`,
    [kind],
  );
  // Two of one second: the later id counts.
  return [...new Map(rows.map((row) => [String(row['about']), entryIn(row)])).values()];
};

/** A sample that comes later than this after its hour is in no hour. */
const latenessMs = 2 * hourMs;

const tidyAll = async (statements: Statements, now: number): Promise<Tidied> => {
  const hour = hourMs / secondMs;
  // Of each series by its key: going through a year of hours takes seconds.
  const [newest] = await statements.all(
    'SELECT MAX((SELECT MAX(at) FROM hours WHERE hours.series = series.id)) AS at FROM series',
  );
  const hours = await statements.all(
    `INSERT INTO hours (series, at, count, mean, least, most)
     SELECT series, at / ${hour} * ${hour}, COUNT(*), AVG(value), MIN(value), MAX(value)
     FROM samples WHERE ${inEachSeries} AND at >= $1 AND at < $2 GROUP BY series, at / ${hour}
     ON CONFLICT (series, at) DO UPDATE
     SET count = excluded.count, mean = excluded.mean, least = excluded.least, most = excluded.most
     RETURNING at`,
    [Number(newest?.['at'] ?? 0) - latenessMs / secondMs, Math.floor(now / hourMs) * hour],
  );
  const samples = await removeBefore(statements, 'samples', now - samplesKeptMs);
  const forgotten =
    (await removeBefore(statements, 'hours', now - hoursKeptMs)) +
    (await removeBefore(statements, 'entries', now - hoursKeptMs));
  return { hours: hours.length, samples, forgotten };
};

/** So that the rows of each series are found by their key, and not by going through all of them. */
const inEachSeries = 'series IN (SELECT id FROM series)';
const ofEachKind = `kind IN (${entryKinds.map((kind) => `'${kind}'`).join(', ')})`;

const removeBefore = async (
  statements: Statements,
  table: 'samples' | 'hours' | 'entries',
  before: number,
): Promise<number> =>
  (
    await statements.all(
      `DELETE FROM ${table} WHERE ${table === 'entries' ? ofEachKind : inEachSeries} AND at < $1 RETURNING at`,
      [seconds(before)],
    )
  ).length;

const strayRows = async (sql: Sql): Promise<string[]> => {
  const problems: string[] = [];
  for (const table of ['samples', 'hours']) {
    const [stray] = await sql.all(
      `SELECT COUNT(*) AS count FROM ${table} WHERE series NOT IN (SELECT id FROM series)`,
    );
    if (Number(stray?.['count']) > 0) problems.push(`${stray?.['count']} ${table} belong to no series`);
  }
  for (const { kind, id, body } of await sql.all('SELECT kind, id, body FROM entries'))
    if (!isJson(String(body))) problems.push(`${kind} ${id} cannot be read`);
  return problems;
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
