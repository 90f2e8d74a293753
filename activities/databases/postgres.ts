/**
 * PostgreSQL: roles by `pg_dumpall`, each database by `pg_dump` in its custom format, and the files of its configuration that
 * lie among its data, because a cluster that makes itself anew has others. Template databases are not dumped.
 */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { DumpPart } from '../../domain/dump.ts';
import { ask, askOf, feed, passwordInto, save, type Inside } from './inside.ts';
import { postgresMaintenance } from './postgres-maintenance.ts';
import type { DatabaseTool, Dumped } from './tool.ts';
import { endsWith, unchanged } from './whole.ts';

/** Names as the official image, and Bitnami's, have them; libpq's own come before. */
const prelude = `
export PGUSER="\${PGUSER:-\${POSTGRES_USER:-\${POSTGRESQL_USERNAME:-postgres}}}"
${passwordInto('PGPASSWORD', ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD'])}
export PGAPPNAME=baton PGCONNECT_TIMEOUT=10
unset PGDATABASE PGOPTIONS
sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "\${DB:-template1}" "$@"; }
directory() { sql -c 'show data_directory'; }`;

/** Also while it makes itself: the official image's first server listens to nothing but its socket. */
const server = `sql -c 'show listen_addresses'`;

const databases = `sql -0 -c 'select datname from pg_database where datallowconn and not datistemplate order by 1'`;

/** How many of each kind of relation, of those that the system does not make by itself. */
const relations = `
PGDATABASE="$1" DB= psql -XAtq -v ON_ERROR_STOP=1 -c "select coalesce(string_agg(kind || '=' || number, ' ' order by kind), '')
  from (select relkind::text as kind, count(*) as number from pg_class join pg_namespace on pg_namespace.oid = relnamespace
    where nspname !~ '^pg_' and nspname <> 'information_schema' group by 1) as relations"`;

const roles = `sql -c 'select quote_ident(rolname) from pg_roles order by 1'`;

/** In what an owner may have changed by hand: settings, who may connect, certificates. Odd names are nobody's configuration. */
const configuration = `cd "$(directory)"
find . -maxdepth 2 -type f \\( -name '*.conf' -o -name '*.crt' -o -name '*.key' -o -name '*.pem' \\) | grep -E '^[A-Za-z0-9._/-]+$' | sort || :`;

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

const namesOf = async (inside: Inside): Promise<string[]> =>
  (await ask(inside, { what: 'asking for the databases', script: databases }))
    .split('\0')
    .filter((name) => name !== '');

const contentsOf = async (inside: Inside): Promise<string> => {
  const told: string[] = [];
  for (const name of await namesOf(inside)) {
    const held = await ask(inside, { what: `counting in "${name}"`, script: relations, args: [name] });
    told.push(`database "${name}": ${held}`);
  }
  told.push(`roles: ${lines(await ask(inside, { what: 'asking for the roles', script: roles })).join(' ')}`);
  return told.join('\n');
};

const dumpEach = async (inside: Inside, directory: string): Promise<DumpPart[]> => {
  const parts = [
    await save(inside, { what: 'pg_dumpall', script: 'pg_dumpall -l template1 --globals-only' }, directory, {
      file: 'roles.sql',
      of: 'roles',
    }),
  ];
  await endsWith(directory, 'roles.sql', 'PostgreSQL database cluster dump complete');
  for (const [index, name] of (await namesOf(inside)).entries()) {
    const file = `${index + 1}.dump`;
    // Not as -d: that would read a name with "=" in it as the address of a server.
    const script = 'PGDATABASE="$1" pg_dump --format=custom --lock-wait-timeout=60000';
    parts.push(
      await save(inside, { what: `pg_dump of "${name}"`, script, args: [name] }, directory, {
        file,
        of: name,
      }),
    );
    // Its contents are read to the end: the list alone stands at the beginning.
    const check = { what: `pg_restore of the dump of "${name}"`, script: 'pg_restore --file=/dev/null' };
    await askOf(inside, check, `${directory}/${file}`);
  }
  const files = lines(await ask(inside, { what: 'looking for configuration', script: configuration }));
  for (const [index, name] of files.entries())
    parts.push(
      await save(
        inside,
        { what: `reading ${name}`, script: 'cat -- "$(directory)/$1"', args: [name] },
        directory,
        { file: `${index + 1}.configuration`, of: name },
      ),
    );
  return parts;
};

/** A cluster that has just made itself has some of the roles; each of the others is made. */
const withoutRoles =
  (known: readonly string[]) =>
  (file: Readable): Readable =>
    Readable.from(
      (async function* () {
        for await (const line of createInterface({ input: file, crlfDelay: Infinity }))
          if (!known.some((role) => line === `CREATE ROLE ${role};`)) yield `${line}\n`;
      })(),
    );

const dropAll = `
sql -c "select pg_terminate_backend(pid) from pg_stat_activity where datname is not null and pid <> pg_backend_pid()" >/dev/null
printf '%s\\n' "select format('drop database %I', datname) from pg_database where not datistemplate" '\\gexec' | sql -f -`;

export const postgres: DatabaseTool = {
  prelude,
  maintenance: postgresMaintenance(namesOf),

  async size(inside) {
    const script = `command -v pg_dump pg_dumpall pg_restore >/dev/null
sql -c 'select sum(pg_database_size(oid)) from pg_database'`;
    return Number(await ask(inside, { what: 'psql', script }));
  },

  async dump(inside, directory): Promise<Dumped> {
    const parts = await unchanged(
      directory,
      () => contentsOf(inside),
      () => dumpEach(inside, directory),
    );
    return { ...parts, server: await ask(inside, { what: 'psql', script: server }) };
  },

  async isReady(inside, wanted) {
    return (await ask(inside, { what: 'psql', script: server })) === wanted;
  },

  async restore(inside, { manifest: { parts }, pathOf }, restart) {
    let differs = false;
    for (const part of parts.filter(({ file }) => file.endsWith('.configuration'))) {
      // Compared first: a server that has made itself alike need not start again.
      const script = `cd "$(directory)"
mkdir -p "$(dirname "$1")"
cat > "$1.baton"
if cmp -s "$1" "$1.baton"; then rm "$1.baton"; echo same; exit; fi
mv "$1.baton" "$1"
# The server reads it as the owner of its data; the tool may be root.
if [ "$(id -u)" = 0 ]; then chown "$(stat -c %u:%g PG_VERSION)" "$1"; fi`;
      const said = await askOf(inside, { what: `writing ${part.of}`, script, args: [part.of] }, pathOf(part));
      differs ||= !said.includes('same');
    }
    if (differs) await restart();
    await ask(inside, { what: 'emptying', script: dropAll });
    const known = lines(await ask(inside, { what: 'asking for the roles', script: roles }));
    for (const part of parts.filter(({ of, file }) => of === 'roles' && file === 'roles.sql'))
      await feed(inside, { what: 'psql', script: 'sql -f -' }, pathOf(part), withoutRoles(known));
    for (const part of parts.filter(({ file }) => file.endsWith('.dump')))
      await feed(
        inside,
        {
          what: `pg_restore of "${part.of}"`,
          script: 'pg_restore --exit-on-error --create --dbname=template1',
        },
        pathOf(part),
      );
  },

  async differences(inside, { contents }) {
    const now = await contentsOf(inside);
    if (now === contents) return [];
    const [was, is] = [lines(contents), lines(now)];
    return [
      ...was.filter((line) => !is.includes(line)).map((line) => `it held ${line}`),
      ...is.filter((line) => !was.includes(line)).map((line) => `it holds ${line}`),
    ];
  },
};
