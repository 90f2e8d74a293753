/** The files of a town: its stacks, and what its `baton.yml` lays down. */
import { join } from 'node:path';
import { databases } from '../e2e/database-image.ts';
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
    image: \${IMAGE}
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

/** As {@link stackFile}, with the rows as a key of a Redis that is dumped. */
export const dumpedStackFile = (stack: string, port: number): string => {
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
  return changes.reduce((text, [from, to]) => text.replace(from, () => to), stackFile(stack, port));
};

export const variablesOf = (stack: string, { version, breaks }: Settings): Record<string, string> => ({
  [`${stack.toUpperCase()}_VERSION`]: version,
  ...(breaks ? { [`${stack.toUpperCase()}_BREAKS`]: 'exit 1' } : {}),
});
