/** MySQL and MariaDB: all databases as one text of SQL, users and rights included. */
import { dumpTools } from '../../domain/database.ts';
import { ask, feed, passwordInto, save, type Inside } from './inside.ts';
import type { DatabaseTool } from './tool.ts';
import { endsWith, unchanged } from './whole.ts';

/** What one of them has, or asks for, and the other has not. */
type Flavour = {
  /** Shell: ends with why, where the server is another one. */
  refuseOthers: string;
  /** SQL, before a size is asked: sizes as they are now. */
  freshSizes: string;
  /** Of its dump tool, beside those of both. */
  dumpOptions: string;
};

/** Names as the official images have them, of old and of new. Without a password the socket has to do. */
const prelude = `
${passwordInto('MYSQL_PWD', ['MARIADB_ROOT_PASSWORD', 'MYSQL_ROOT_PASSWORD'])}
tool() { if command -v "mariadb$1" >/dev/null; then echo "mariadb$1"; else echo "mysql$2"; fi; }
sql() { "$(tool '' '')" --user=root --batch --skip-column-names "$@"; }`;

const system = `('mysql', 'information_schema', 'performance_schema', 'sys')`;

/** Its first server, while it makes itself, listens to nothing but its socket. */
const server = `sql -e 'select @@skip_networking'`;

const contents = `sql -e "
select concat('tables of ', table_schema, ': ', count(*)) from information_schema.tables
  where table_type = 'BASE TABLE' and table_schema not in ${system} group by table_schema order by 1;
select concat('views: ', count(*)) from information_schema.views where table_schema not in ${system};
select concat('routines: ', count(*)) from information_schema.routines where routine_schema not in ${system};
select concat('triggers: ', count(*)) from information_schema.triggers where trigger_schema not in ${system};
select concat('events: ', count(*)) from information_schema.events;
select concat('databases: ', group_concat(schema_name order by schema_name)) from information_schema.schemata
  where schema_name not in ${system};
select concat('users: ', count(*)) from mysql.user"`;

/** The most that either takes in one packet. By default clients take 16 or 24 MiB, and a row may have more. */
const largestPacket = 2 ** 30;

/** Tables without transactions are of one moment only while nobody writes. */
const dumpWith = (options: string): string => `
others="$(sql -e "select count(*) from information_schema.tables where table_type = 'BASE TABLE' and engine <> 'InnoDB'
  and table_schema not in ${system}")"
if [ "$others" = 0 ]; then how=--single-transaction; else how=--lock-all-tables; fi
"$(tool -dump dump)" --user=root --all-databases "$how" --quick --routines --events --triggers --hex-blob --flush-privileges \\
  --max-allowed-packet=${largestPacket} ${options}`;

const dropAll = `
sql -e "select concat('drop database \\\`', replace(schema_name, '\\\`', '\\\`\\\`'), '\\\`;') from information_schema.schemata
  where schema_name not in ${system}" | sql`;

/**
 * As SQL, bytes are twice as long: a row that the server took may be more than it takes. What it takes in is not logged for
 * replicas, which would double the room that it needs.
 */
const takeIn = `
limit="$(sql -e 'select @@global.max_allowed_packet')"
sql -e 'set global max_allowed_packet = ${largestPacket}'
sql --max-allowed-packet=${largestPacket} --init-command='set sql_log_bin = 0'
sql -e "set global max_allowed_packet = $limit"`;

const file = 'all.sql';

export const mysqlLike = (
  kind: 'mysql' | 'mariadb',
  { refuseOthers, freshSizes, dumpOptions }: Flavour,
): DatabaseTool => {
  const tools = dumpTools[kind];
  const answerTo = async (inside: Inside, script: string): Promise<string> =>
    await ask(inside, { what: tools.restore, script });
  return {
    prelude,

    async size(inside) {
      const script = `command -v "$(tool -dump dump)" >/dev/null
${refuseOthers}
sql -e '${freshSizes} select coalesce(sum(data_length + index_length), 0) from information_schema.tables'`;
      return Number(await answerTo(inside, script));
    },

    async dump(inside, directory) {
      const dumpAll = async () => {
        const script = dumpWith(dumpOptions);
        const part = await save(inside, { what: tools.dump, script }, directory, {
          file,
          of: 'all databases',
        });
        await endsWith(directory, file, '-- Dump completed');
        return [part];
      };
      const dumped = await unchanged(directory, async () => await answerTo(inside, contents), dumpAll);
      return { ...dumped, server: await answerTo(inside, server) };
    },

    async isReady(inside, wanted) {
      return (await answerTo(inside, server)) === wanted;
    },

    async restore(inside, { manifest: { parts }, pathOf }) {
      await ask(inside, { what: 'emptying', script: dropAll });
      for (const part of parts) await feed(inside, { what: tools.restore, script: takeIn }, pathOf(part));
    },

    async differences(inside, { contents: then }) {
      const now = await answerTo(inside, contents);
      return now === then
        ? []
        : [`it held ${then.replaceAll('\n', ', ')}, and holds ${now.replaceAll('\n', ', ')}`];
    },
  };
};
