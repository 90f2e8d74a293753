/** Records in a PostgreSQL database that somebody else looks after. */
import { Pool, types, type PoolClient } from 'pg';
import type { Row, Sql, Statements, Value } from './sql.ts';

/** Times fit into a double for the next 285,000 years; without this they come as text. */
types.setTypeParser(types.builtins.INT8, Number);

/** A worker writes one after the other; the rest is for those who look. */
const connections = 4;

/** A server that restarts is back by then; until it is, the activity that asks is tried again. */
const connectWithinMs = 10_000;

/** Chosen once, at random: no other program takes it by chance. */
const lockKey = 7_210_463_518;

/** @param url `postgres://…`, with its password, or without where the environment has it. */
export const openPostgres = (url: string): Sql => {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectWithinMs,
  });
  // A connection that breaks while nobody uses it is made anew by the next one that does.
  pool.on('error', () => undefined);
  return {
    clustered: '',
    ...statementsOf(pool),
    transaction: async (work) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query('SELECT pg_advisory_xact_lock($1)', [lockKey]);
        const result = await work(statementsOf(client));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        // Where the connection is gone, so is what it began.
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      } finally {
        client.release();
      }
    },
    // The server checks its own pages; that it answers is what can be seen from here.
    check: async () => {
      await pool.query('SELECT 1');
      return [];
    },
    vacuum: async () => {
      await pool.query('VACUUM (ANALYZE)');
    },
    close: async () => {
      await pool.end();
    },
  };
};

const statementsOf = (connection: Pool | PoolClient): Statements => ({
  all: async (text, values = []) => (await connection.query<Row>(text, [...values])).rows,
  each: async (text, lists) => {
    for (const values of lists)
      await connection.query<Row>({ name: nameOf(text), text }, [...values] as Value[]);
  },
});

/** A name makes the server read a statement once. */
const nameOf = (text: string): string => text.slice(0, 60);
