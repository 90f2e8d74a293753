/** Records in one file, through the SQLite that Node brings along. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { takingTurns } from '../turns.ts';
import type { Row, Sql, Statements, Value } from './sql.ts';

/** Another process may write at this moment, which takes it milliseconds, or seconds where it tidies. */
const busyMs = 30_000;
/** Asking again costs next to nothing. */
const askAgainMs = 10;

/** @param file made, with its directory, where it is missing; its owner alone may read it. */
export const openSqlite = (file: string): Sql => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(file, { timeout: busyMs });
  // With a log beside the file readers wait for nobody; FULL: what was written is on the disk when it is acknowledged.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  // SQLite waits without letting go of the thread, in which whoever it waits for may be.
  database.exec('PRAGMA busy_timeout = 0');
  const statements = statementsOf(database);
  const inTurn = takingTurns();
  return {
    clustered: 'WITHOUT ROWID',
    ...statements,
    transaction: async (work) =>
      await inTurn(file, async () => {
        await begin(database);
        try {
          const result = await work(statements);
          database.exec('COMMIT');
          return result;
        } catch (error) {
          if (database.isTransaction) database.exec('ROLLBACK');
          throw error;
        }
      }),
    check: async () =>
      (await statements.all('PRAGMA integrity_check'))
        .map((row) => String(row['integrity_check']))
        .filter((text) => text !== 'ok'),
    vacuum: async () => {
      await Promise.resolve(database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)'));
    },
    close: async () => {
      await Promise.resolve(database.close());
    },
  };
};

/** At once for writing: two that began by reading would wait for one another. */
const begin = async (database: DatabaseSync): Promise<void> => {
  for (const since = performance.now(); ; await delay(askAgainMs))
    try {
      database.exec('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      const isBusy = (error as { errcode?: number }).errcode === sqliteBusy;
      if (!isBusy || performance.now() - since > busyMs) throw error;
    }
};

/** https://sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

const statementsOf = (database: DatabaseSync): Statements => ({
  all: async (text, values = []) => await Promise.resolve(database.prepare(text).all(named(values)) as Row[]),
  each: async (text, lists) => {
    const statement = database.prepare(text);
    for (const values of lists) statement.run(named(values));
    await Promise.resolve();
  },
});

/** `$1` is a name to SQLite. */
const named = (values: readonly Value[]): Record<string, Value> =>
  Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]));
