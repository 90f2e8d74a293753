/** A real PostgreSQL server, of Debian's package, with its data below one directory. */
import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../setup/local.ts';
import { installPackages } from '../../setup/packages.ts';
import { until } from '../e2e/site.ts';

/** PostgreSQL does not run as root; this user comes with Debian's package. */
export const postgresUser = 'postgres';

export type PostgresServer = { port: number; version: string; close: () => Promise<void> };

/** @param data made; the user of the package must be able to reach it. */
export const startPostgres = async (data: string): Promise<PostgresServer> => {
  await installPackages(['postgresql'], 'A real PostgreSQL server is needed');
  const port = await freePort();
  const { stdout: bin } = await execa('pg_config', ['--bindir']);
  const as = ['--reuid', postgresUser, '--regid', postgresUser, '--init-groups', '--'];
  await mkdir(data);
  await execa('chown', [postgresUser, data]);
  await chmod(join(data, '..'), 0o755);
  await execa(
    'setpriv',
    [...as, join(bin, 'initdb'), '--auth=trust', `--username=${postgresUser}`, '-D', data],
    { cwd: '/' },
  );
  const options = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', data];
  const child = spawn('setpriv', [...as, join(bin, 'postgres'), ...options], { stdio: 'ignore', cwd: '/' });
  await until(
    'PostgreSQL',
    async () =>
      (await execa(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], { reject: false }))
        .exitCode === 0,
  );
  const { stdout } = await execa(join(bin, 'postgres'), ['--version']);
  return {
    port,
    version: stdout.replace(/^postgres \(PostgreSQL\) ([\d.]+).*$/, 'PostgreSQL $1'),
    close: async () => {
      await interrupt(child);
    },
  };
};

/** To PostgreSQL this is its "fast" way to end. @returns when it has ended. */
export const interrupt = async (child: ChildProcess | undefined): Promise<void> => {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await ended;
};
