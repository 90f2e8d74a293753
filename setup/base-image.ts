/** A few-MB base image for the demo and the tests: busybox from a registry, or built from a static busybox where none answers. */
import { execa } from 'execa';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandExists, installPackages } from './packages.ts';
import { SetupFailure, withProgress } from './say.ts';

export const baseImage = 'localhost/baton/base:1';
const published = 'docker.io/library/busybox:1.37';
/** A registry that is there answers much sooner. */
const pullTimeoutMs = 20_000;

/** @param engine the engine's command line, such as `['podman', '--root', …]` or `['docker', '-H', …]`. */
export const ensureBaseImage = async (
  engine: string[],
  environment: Record<string, string>,
): Promise<void> => {
  const run = async (...args: string[]) => await call(engine, args, environment);
  if ((await run('image', 'inspect', baseImage)).exitCode === 0) return;
  await withProgress('Make the base image', async () => {
    if (process.env['BATON_OFFLINE'] === undefined) {
      const pulled = await call(engine, ['pull', published], environment, pullTimeoutMs);
      if (pulled.exitCode === 0) {
        await run('tag', published, baseImage);
        return;
      }
    }
    await importBusybox(engine, environment);
  });
};

const call = async (
  [command = '', ...first]: string[],
  args: string[],
  environment: Record<string, string>,
  timeout = 120_000,
) => await execa(command, [...first, ...args], { reject: false, env: environment, timeout, stdin: 'ignore' });

const importBusybox = async (engine: string[], environment: Record<string, string>): Promise<void> => {
  const busybox = await staticBusybox();
  const root = await mkdtemp(join(tmpdir(), 'baton-base-'));
  try {
    for (const directory of ['bin', 'etc', 'tmp', 'root', 'home', 'var', 'usr', 'dev', 'proc', 'sys'])
      await mkdir(join(root, directory));
    // A container's user is not always root.
    await execa('chmod', ['755', root]);
    await execa('chmod', ['1777', join(root, 'tmp')]);
    await cp(busybox, join(root, 'bin', 'busybox'));
    const { stdout } = await execa(busybox, ['--list']);
    for (const applet of stdout.split('\n'))
      if (applet !== 'busybox' && applet !== '') await symlink('busybox', join(root, 'bin', applet));
    await writeFile(
      join(root, 'etc', 'passwd'),
      'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\nuser:x:1000:1000:user:/home:/bin/sh\n',
    );
    await writeFile(join(root, 'etc', 'group'), 'root:x:0:\nnobody:x:65534:\nuser:x:1000:\n');
    const archive = await execa('tar', ['-C', root, '--owner=0', '--group=0', '-c', '.'], {
      encoding: 'buffer',
    });
    const [command = '', ...first] = engine;
    const result = await execa(command, [...first, 'import', '-', baseImage], {
      input: archive.stdout,
      reject: false,
      env: environment,
    });
    if (result.exitCode !== 0)
      throw new SetupFailure(`The base image could not be imported: ${result.stderr}`);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

/** Debian's `busybox-static`, from this machine or from the distribution. */
const staticBusybox = async (): Promise<string> => {
  if (await isStatic('/bin/busybox')) return '/bin/busybox';
  if (await commandExists('apt-get'))
    await installPackages(['busybox-static'], 'The base image is built from a static busybox');
  else
    throw new SetupFailure(
      'No registry answers, and no static busybox is here to build a base image from. Install busybox (static), then type the command again.',
    );
  return '/bin/busybox';
};

const isStatic = async (path: string): Promise<boolean> => {
  const { exitCode, stdout, stderr } = await execa('ldd', [path], { reject: false });
  return (
    `${stdout}${stderr}`.includes('not a dynamic executable') &&
    exitCode !== 127 &&
    (await execa(path, ['true'], { reject: false })).exitCode === 0
  );
};
