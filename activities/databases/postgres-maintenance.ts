/** PostgreSQL: VACUUM (ANALYZE) and REINDEX of each database, one after another. */
import { ask, type Inside, type Script } from './inside.ts';
import type { DatabaseMaintenance } from './tool.ts';

/** By this name its sessions are found again: a server goes on with what a client that was killed had asked for. */
const session = 'baton-maintenance';

/** What is locked for longer is somebody's work; behind one that waits, everybody waits. */
const lockWithin = '60s';

/** Of the database `$1`. Not as -d: that would read a name with "=" in it as the address of a server. */
const sqlIn = (text: string): string => `
export PGDATABASE="$1" PGAPPNAME=${session} PGOPTIONS="-c lock_timeout=${lockWithin}"
psql -XAtq -v ON_ERROR_STOP=1 <<'BATON'
${text}
BATON`;

/** The name is quoted by the server itself. */
const reindex = `select format('reindex database %I', current_database()) \\gexec`;

const dead = `select coalesce(sum(n_dead_tup), 0), coalesce(sum(n_live_tup), 0) from pg_stat_user_tables`;

const endSessions = `
sql -c "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${session}'" >/dev/null`;

/** @param namesOf its databases. */
export const postgresMaintenance = (namesOf: (inside: Inside) => Promise<string[]>): DatabaseMaintenance => ({
  async run(inside, indexes) {
    for (const name of await namesOf(inside)) {
      await ask(inside, scriptOf(`VACUUM of "${name}"`, 'vacuum (analyze);', name));
      if (indexes) await ask(inside, scriptOf(`REINDEX of "${name}"`, reindex, name));
    }
  },

  async end(inside) {
    await ask(inside, { what: 'ending an earlier maintenance', script: endSessions });
  },

  async deadPercent(inside) {
    let [deadRows, rows] = [0, 0];
    for (const name of await namesOf(inside)) {
      const said = await ask(inside, scriptOf(`counting in "${name}"`, `${dead};`, name));
      const [gone = NaN, live = NaN] = said.split('|').map(Number);
      deadRows += gone;
      rows += gone + live;
    }
    return rows === 0 ? 0 : (100 * deadRows) / rows;
  },
});

const scriptOf = (what: string, sql: string, database: string): Script => ({
  what,
  script: sqlIn(sql),
  args: [database],
});
