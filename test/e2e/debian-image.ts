/** Images with real databases, or a real systemd, made of Debian's packages once, and kept in the cache. */
import { execa } from 'execa';
import { mkdir, rename, stat } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { hostConfig } from '../../domain/host.ts';
import type { Site } from './site.ts';

/** @property suite of Debian; absent: bookworm. */
type DebianImage = { name: string; archive: string; packages: string; suite?: 'bookworm' | 'sid' };

export const databases: DebianImage = {
  name: 'localhost/baton/databases:1',
  archive: 'databases.tar',
  packages: 'postgresql,redis-server',
};

export const mariadb: DebianImage = {
  name: 'localhost/baton/mariadb:1',
  archive: 'mariadb.tar',
  packages: 'mariadb-server',
};

/** No Debian that is released has it. Its server comes without a user of its own. */
export const mysql: DebianImage = {
  name: 'localhost/baton/mysql:1',
  archive: 'mysql.tar',
  packages: 'mysql-server-core,mysql-client-core',
  suite: 'sid',
};

export const systemd: DebianImage = {
  name: 'localhost/baton/systemd:1',
  archive: 'systemd.tar',
  packages: 'systemd,systemd-sysv,dbus,libpam-systemd,python3',
};

export const makeImage = async (
  site: Pick<Site, 'engineCli' | 'cli'>,
  { name, archive, packages, suite = 'bookworm' }: DebianImage,
): Promise<void> => {
  if ((await site.engineCli('image', 'inspect', name)).code === 0) return;
  const { cacheDirectory } = hostConfig(process.env, { hostname: hostname(), home: homedir() });
  const path = join(cacheDirectory, 'images', archive);
  if (!(await stat(path).catch(() => undefined))) {
    await mkdir(join(cacheDirectory, 'images'), { recursive: true });
    await execa('mmdebstrap', [
      ...['--quiet', '--variant=minbase', `--include=${packages}`],
      // Its lists are valid for a week: signed all the same, older ones do as well for a test.
      ...(suite === 'sid' ? ['--aptopt=Acquire::Check-Valid-Until "false"'] : []),
      ...[suite, `${path}.draft.tar`],
    ]);
    await rename(`${path}.draft.tar`, path);
  }
  await site.cli('import', path, name);
};
