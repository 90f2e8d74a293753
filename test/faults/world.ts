/** What stands in the world after a run, seen through the engine's own command line and the disk, not through Baton. */
import { execa } from 'execa';
import { lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { directoryName } from '../../activities/snapshots/layout.ts';
import { fingerprint, get, type Container, type Site } from '../e2e/site.ts';
import type { Scenario } from './scenarios.ts';
import { deadRowsIn } from './playbooks.ts';
import { sqliteFile } from './town-files.ts';

export type StackWorld = {
  stack: string;
  containers: Container[];
  networks: string[];
  /** What its page says, where it answers. */
  page: string | undefined;
  /** The managed file. */
  route: { text: string; mode: number; owner: string } | undefined;
  rows: string;
  /** Of the database that is only tended. */
  deadRows?: number | undefined;
  data: string[];
  /** Fingerprint of each snapshot of its data, by name. */
  snapshots: Record<string, string>;
};

export type World = {
  stacks: StackWorld[];
  /** Temporary files, images and volumes that nothing needs. */
  loose: string[];
  /** Fingerprint of each copy elsewhere that counts as whole, by the name of its snapshot. */
  copies: Record<string, string>;
};

/** An image, and a volume, that nothing needs. */
export const spareImage = ({ host }: Site): string => `localhost/${host}/spare:1`;
export const looseVolume = ({ host }: Site): string => `${host}_loose`;

/** For temporary files. */
export const scratchOf = ({ data }: Site): string => join(data, 'scratch');

/**
 * @param ports the host port of each stack.
 * @param scenario where its rows are dumped: a database's files are others after each restore.
 */
export const lookAt = async (
  site: Site,
  ports: Record<string, number>,
  { dumped, maintained }: Scenario,
): Promise<World> => ({
  stacks: await Promise.all(
    Object.entries(ports).map(async ([stack, port]) => {
      const data = join(site.data, stack);
      const containers = await site.containers(stack);
      return {
        stack,
        containers,
        networks: await site.volumesAndNetworks(stack),
        page: await get(`http://127.0.0.1:${port}/`).catch(() => undefined),
        route: await routeOf(join(site.files, `${stack}.route`)),
        rows: await rowsOf[dumped ?? 'no'](site, stack),
        ...(maintained ? { deadRows: await deadRowsIn(site, stack) } : {}),
        // Those of a file that was edited lie in its own directory.
        data: dumped
          ? []
          : (await fingerprint(data)).filter((entry) => !entry.startsWith(`./${directoryName}`)),
        snapshots: {
          ...(await snapshotsOf(site.data, stack)),
          ...(await snapshotsOf(data, 'rows')),
        },
      };
    }),
  ),
  loose: await looseOf(site),
  copies: await copiesOf(site),
});

/** A repository, and a btrfs of its own, where copies go. */
export const repositoryOf = ({ files }: Site): string => join(files, 'repository');
export const copyDiskOf = ({ files }: Site): string => join(files, 'disk');
export const passwordOf = ({ files }: Site): string => join(files, 'restic.password');

const copiesOf = async (site: Site): Promise<Record<string, string>> => ({
  ...(await copiesByRestic(site)),
  ...(await copiesByBtrfs(site)),
});

const copiesByRestic = async (site: Site): Promise<Record<string, string>> => {
  if (!(await readdir(repositoryOf(site)).catch(() => undefined))) return {};
  const env = { RESTIC_REPOSITORY: repositoryOf(site), RESTIC_PASSWORD_FILE: passwordOf(site) };
  const { stdout } = await execa('restic', ['snapshots', '--json', '--no-lock'], { env });
  const all = (JSON.parse(stdout) ?? []) as { id: string; tags: string[] }[];
  const found: Record<string, string> = {};
  for (const { id, tags } of all.filter((one) => !one.tags.includes('incomplete'))) {
    const to = await mkdtemp(join(tmpdir(), 'baton-restored-'));
    await execa('restic', ['restore', '--no-lock', id, '--target', to], { env });
    const [, snapshot = id] = /^snapshot=(.+)$/m.exec(tags.join('\n')) ?? [];
    // What the directory itself was like stands in a tag.
    found[snapshot] = (await fingerprint(to)).slice(1).join('\n');
    await rm(to, { recursive: true });
  }
  return found;
};

const copiesByBtrfs = async (site: Site): Promise<Record<string, string>> => {
  const args = [copyDiskOf(site), '-name', 'data', '-path', '*.before.*/data', '-prune'];
  const { stdout } = await execa('find', args, { reject: false });
  const found: Record<string, string> = {};
  for (const path of stdout.split('\n').filter((line) => line !== ''))
    found[basename(dirname(path))] = (await fingerprint(path)).slice(1).join('\n');
  return found;
};

const looseOf = async (site: Site): Promise<string[]> => {
  const files = await readdir(scratchOf(site)).catch(() => undefined);
  if (!files) return [];
  const images = await site.cli('images', '--format', '{{.Repository}}');
  const volumes = await site.cli('volume', 'ls', '--format', '{{.Name}}');
  const own = `${images}\n${volumes}`.split('\n').filter((name) => name.includes(site.host));
  return [...files, ...own].sort();
};

/** A database that does not run holds rows that nobody can see. */
const rowsInRedis = async (site: Site, stack: string): Promise<string> => {
  const { code, out, err } = await site.engineCli(
    'exec',
    `${stack}-db-1`,
    'redis-cli',
    '--raw',
    'get',
    'rows',
  );
  return code === 0 ? out : `not readable: ${err}`;
};

const rowsInSqlite = (site: Site, stack: string): string => {
  const file = join(site.data, stack, sqliteFile);
  if (!existsSync(file)) return '';
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    const rows = database.prepare('SELECT version FROM rows ORDER BY id').all() as { version: string }[];
    return rows.map(({ version }) => `${version} `).join('');
  } finally {
    database.close();
  }
};

const rowsOf: Record<'no' | 'redis' | 'sqlite', (site: Site, stack: string) => Promise<string>> = {
  no: async ({ data }, stack) => await readFile(join(data, stack, 'rows'), 'utf8').catch(() => ''),
  redis: rowsInRedis,
  sqlite: async (site, stack) => await Promise.resolve(rowsInSqlite(site, stack)),
};

const routeOf = async (path: string): Promise<StackWorld['route']> => {
  try {
    const { mode, uid, gid } = await lstat(path);
    return { text: await readFile(path, 'utf8'), mode: mode & 0o7777, owner: `${uid}:${gid}` };
  } catch {
    return undefined;
  }
};

const snapshotsOf = async (beside: string, name: string): Promise<Record<string, string>> => {
  const directory = join(beside, directoryName, name);
  // What is noted of a snapshot lies beside it.
  const names = (await readdir(directory).catch(() => [])).filter((one) => !one.endsWith('.json'));
  const found = await Promise.all(
    names.map(async (name) => [name, (await fingerprint(join(directory, name))).join('\n')] as const),
  );
  return Object.fromEntries(found);
};

/** Everything that must be as before, in a form that can be compared. Times and pids of containers, and dead rows, are not part of it. */
export const comparable = (world: World): unknown =>
  world.stacks.map(({ containers, snapshots: _snapshots, deadRows: _deadRows, ...rest }) => ({
    ...rest,
    containers: containers.map(({ startedAt: _startedAt, pid: _pid, ...container }) => container),
  }));
