/** The shape of the records, step by step. Only forward: what has once been released is never altered, the next step is. */
import type { Sql, Statements } from './sql.ts';

/** A version of Baton that is newer than this one wrote them. */
export class NewerRecords extends Error {
  override readonly name = 'NewerRecords';
}

/** Each with what ends the definition of a table in the order of its key. */
const steps: readonly ((clustered: string) => readonly string[])[] = [
  (clustered) => [
    `CREATE TABLE series (
       id INTEGER PRIMARY KEY,
       measure TEXT NOT NULL,
       place TEXT NOT NULL,
       UNIQUE (measure, place))`,
    `CREATE TABLE samples (
       series INTEGER NOT NULL,
       at BIGINT NOT NULL,
       value DOUBLE PRECISION NOT NULL,
       PRIMARY KEY (series, at)) ${clustered}`,
    `CREATE TABLE hours (
       series INTEGER NOT NULL,
       at BIGINT NOT NULL,
       count INTEGER NOT NULL,
       mean DOUBLE PRECISION NOT NULL,
       least DOUBLE PRECISION NOT NULL,
       most DOUBLE PRECISION NOT NULL,
       PRIMARY KEY (series, at)) ${clustered}`,
    `CREATE TABLE entries (
       kind TEXT NOT NULL,
       id TEXT NOT NULL,
       at BIGINT NOT NULL,
       about TEXT NOT NULL,
       body TEXT NOT NULL,
       PRIMARY KEY (kind, id))`,
    'CREATE INDEX entries_by_time ON entries (kind, at)',
    'CREATE INDEX entries_by_subject ON entries (kind, about, at)',
    `CREATE TABLE places (
       budget TEXT NOT NULL,
       id TEXT NOT NULL,
       PRIMARY KEY (budget, id)) ${clustered}`,
  ],
];

/** Brings what is there to the shape of this version, all steps or none. @throws NewerRecords */
export const migrate = async (sql: Sql): Promise<void> => {
  await sql.transaction(async (statements) => {
    await statements.all('CREATE TABLE IF NOT EXISTS shape (version INTEGER NOT NULL)');
    const version = await versionOf(statements);
    if (version > steps.length)
      throw new NewerRecords(
        `The records have shape ${version}, and this version of Baton knows ${steps.length}. They were left as they are. Start the newer version again.`,
      );
    for (const step of steps.slice(version))
      for (const text of step(sql.clustered)) await statements.all(text);
    await statements.all('DELETE FROM shape');
    await statements.all('INSERT INTO shape (version) VALUES ($1)', [steps.length]);
  });
};

const versionOf = async (statements: Statements): Promise<number> =>
  Number((await statements.all('SELECT version FROM shape'))[0]?.['version'] ?? 0);
