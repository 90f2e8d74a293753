/** The files of a town: its stacks, and what its `baton.yml` lays down. */
import { join } from 'node:path';
import { databases } from '../e2e/debian-image.ts';
import type { Site } from '../e2e/site.ts';
import type { Scenario, Settings } from './scenarios.ts';
import { copyDiskOf, passwordOf, repositoryOf, scratchOf } from './world.ts';

/** A value that may appear nowhere. */
export const canary = 'canary-Wq7xK2mV9';

export const stackFile = (stack: string, port: number): string => {
  const version = `\${${stack.toUpperCase()}_VERSION:-1}`;
  return `
name: ${stack}
services:
  db:
    image: \${IMAGE}
    command: [httpd, -f, -p, "5432", -h, /data]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/${stack}:/data"]
    x-baton: {probe: {http: ":5432/rows"}}
  app:
    image: \${APP_IMAGE}
    command:
      - sh
      - -c
      - "grep -qw ${version} /data/rows || printf '%s ' ${version} >> /data/rows || exit 1; mkdir -p /www; echo ${version} > /www/index.html; \${${stack.toUpperCase()}_BREAKS:-true}; exec httpd -f -p 80 -h /www"
    stop_signal: SIGKILL
    environment: {PASSWORD: "\${CANARY}"}
    secrets: [password]
    volumes: ["\${DATA}/${stack}:/data", "cache:/cache"]
    depends_on: {db: {condition: service_healthy}}
    networks: [front]
    ports: ["127.0.0.1:${port}:80"]
    x-baton: {probe: {http: ":80/"}, data: {/cache: discard}}
secrets: {password: {environment: CANARY}}
networks: {front: {name: "${stack}_${version}"}}
volumes: {cache: }
x-baton:
  min_healthy_time: 50ms
  healthy_deadline: 8s
  progress_deadline: 20s
  files: [{path: "\${FILES}/${stack}.route", content: "release: ${version}\\n"}]
  validate: [{service: app, http: ":80/", contains: "${version}"}]
`;
};

/** Only its own: others use the same engine. */
export const settingsOf = (site: Site, scenario: Scenario): string => `
snapshots: [{keep: {minimum: 1}}]
${'restoreTest' in scenario.operation ? setOf(join(site.data, scenario.stacks[0] ?? '')) : ''}
${copySettings(site, scenario)}
cleanup:
  images: {older_than: 0s, only: ['localhost/${site.host}/*']}
  logs: {older_than: 0s}
  temp: [{path: ${scratchOf(site)}, older_than: 0s}]
`;

/** What it asks is in the snapshot of before release 2. */
const setOf = (path: string): string =>
  `data: {rows: {path: ${path}, class: snapshot, restore_test: {service: db, exec: [grep, -q, opening 1, /data/rows], timeout: 20s}}}`;
const copySettings = (site: Site, { stacks: [first = ''], operation }: Scenario): string =>
  'copy' in operation
    ? `copies:
  elsewhere:
    data: [${join(site.data, first)}]
    fresh: 1h
    keep: {minimum: 1}
    ${
      operation.copy === 'restic'
        ? `restic: {repository: ${repositoryOf(site)}, password_file: ${passwordOf(site)}}`
        : `btrfs: {to: ${copyDiskOf(site)}}`
    }
`
    : '';

export const stackFileOf = ({ dumped, maintained }: Scenario): typeof stackFile => {
  if (maintained) return postgresStackFile;
  return dumped === 'redis' ? redisStackFile : dumped === 'sqlite' ? sqliteStackFile : stackFile;
};

/** As {@link stackFile}, with the rows as a key of a Redis that is dumped. */
const redisStackFile = (stack: string, port: number): string => {
  const version = `\${${stack.toUpperCase()}_VERSION:-1}`;
  // With the blank: a length is told as `$2`, nothing as `$-1`.
  const writes = [
    `ask() { printf '%s\\r\\nQUIT\\r\\n' "$$1" | nc db 6379; };`,
    `ask 'GET rows' | grep -q '${version} ' || ask 'APPEND rows "${version} "' | grep -q ^: || exit 1;`,
  ].join(' ');
  // A dump is taken as a replica; it would wait five seconds for others that want one too.
  const redis = `image: ${databases.name}\n    command: [redis-server, --protected-mode, "no", --save, "", --appendonly, "yes", --dir, /data, --repl-diskless-sync-delay, "0"]`;
  const changes: [string, string][] = [
    ['image: ${IMAGE}\n    command: [httpd, -f, -p, "5432", -h, /data]\n    stop_signal: SIGKILL', redis],
    ['{probe: {http: ":5432/rows"}}', '{probe: {exec: [redis-cli, -e, ping]}, data: {/data: {dump: redis}}}'],
    [
      `grep -qw ${version} /data/rows || printf '%s ' ${version} >> /data/rows || exit 1;`,
      JSON.stringify(writes).slice(1, -1),
    ],
    [`"\${DATA}/${stack}:/data", "cache:/cache"`, '"cache:/cache"'],
    ['networks: [front]', 'networks: [front, default]'],
  ];
  return changed(stackFile(stack, port), changes);
};

const changed = (text: string, changes: [string, string][]): string =>
  changes.reduce((so, [from, to]) => {
    if (!so.includes(from)) throw new Error(`"${from}" is not in ${so}`);
    return so.replace(from, () => to);
  }, text);

export const sqliteFile = 'rows.db';
const sqliteProgram = 'rows.cjs';

/** Run by the Node of this host, with the libraries of this host. Writes its version, once, and says it. */
const program = `
const { createServer } = require('node:http');
const { DatabaseSync } = require('node:sqlite');
const [, , version, breaks] = process.argv;
const database = new DatabaseSync('/data/${sqliteFile}', { timeout: 1000 });
database.exec('PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, version TEXT UNIQUE)');
database.prepare('INSERT OR IGNORE INTO rows (version) VALUES (?)').run(version);
if (breaks === 'exit 1') process.exit(1);
createServer((_request, response) => response.end(version + '\\n')).listen(80);
`;

export const writeSqliteProgram = async (site: Site): Promise<void> => {
  site.environment['NODE'] = process.execPath;
  await site.write(sqliteProgram, program);
};

/** As {@link stackFile}, with the rows in a SQLite file that is dumped, and which the application alone has. */
const sqliteStackFile = (stack: string, port: number): string => {
  const name = stack.toUpperCase();
  const text = stackFile(stack, port);
  const start = text.indexOf('    command:\n      - sh');
  const end = text.indexOf('    stop_signal', start);
  const runs = `    command: [/node, --no-warnings, /${sqliteProgram}, "\${${name}_VERSION:-1}", "\${${name}_BREAKS:-no}"]\n`;
  const lent = ['/usr:/usr:ro', '/lib:/lib:ro', '/lib64:/lib64:ro', '\${NODE}:/node:ro'];
  const mounts = [
    ...lent,
    `./${sqliteProgram}:/${sqliteProgram}:ro`,
    `\${DATA}/${stack}:/data`,
    'cache:/cache',
  ];
  return changed(
    text.replace(text.slice(start, end), () => runs),
    [
      [`    volumes: ["\${DATA}/${stack}:/data"]\n`, ''],
      ['-p, "5432", -h, /data]', '-p, "5432", -h, /]'],
      ['{http: ":5432/rows"}', '{tcp: 5432}'],
      [`["\${DATA}/${stack}:/data", "cache:/cache"]`, JSON.stringify(mounts)],
      ['data: {/cache: discard}', 'data: {/cache: discard, /data: {dump: sqlite}}'],
    ],
  );
};

export const variablesOf = (stack: string, { version, breaks }: Settings): Record<string, string> => ({
  [`${stack.toUpperCase()}_VERSION`]: version,
  ...(breaks ? { [`${stack.toUpperCase()}_BREAKS`]: 'exit 1' } : {}),
});

/** As {@link stackFile}, with a PostgreSQL beside the rows, which lie in a file as ever. */
const postgresStackFile = (stack: string, port: number): string =>
  changed(stackFile(stack, port), [
    ['image: ${IMAGE}', `image: ${postgresImage}`],
    [
      'command: [httpd, -f, -p, "5432", -h, /data]',
      'command: [sh, -c, "initdb -D /tmp/pg -A trust >/dev/null && exec postgres -D /tmp/pg -k /tmp"]\n    user: postgres\n    environment: {PATH: "/usr/lib/postgresql/15/bin:/usr/bin:/bin", PGHOST: /tmp}',
    ],
    [`    volumes: ["\${DATA}/${stack}:/data"]\n`, ''],
    ['{probe: {http: ":5432/rows"}}', '{probe: {exec: [pg_isready]}}'],
    // Making its files takes seconds, on a busy machine many.
    ['healthy_deadline: 8s', 'healthy_deadline: 50s'],
    ['progress_deadline: 20s', 'progress_deadline: 60s'],
  ]);

/** What databases are made of, by a name that says which one it is. */
export const postgresImage = 'localhost/baton/postgres:1';
