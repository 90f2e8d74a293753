/** `npm run demo`: sets this machine up, deploys a stack, deploys a release that ruins its data, and shows what is there after it. */
import { execa } from 'execa';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, homedir } from 'node:os';
import { join } from 'node:path';
import { hostConfig } from '../domain/host.ts';
import { chooseEngine } from './engine.ts';
import { freePort } from './local.ts';
import { say, SetupFailure } from './say.ts';
import { findTemporal } from './temporal.ts';

const root = join(import.meta.dirname, '..');
const stack = join(root, 'stacks', 'demo.yml');
const config = hostConfig(process.env, { hostname: hostname(), home: homedir() });
const data = join(config.stateDirectory, 'demo');
const stopAtEnd = process.argv.includes('--exit');

const title = (text: string): void => {
  say(`\n━━ ${text}`);
};

const baton = async (args: string[], expected: number): Promise<void> => {
  say(`$ baton ${args.join(' ').replaceAll(root, '.')}`);
  const { exitCode } = await execa(join(root, 'bin', 'baton'), args, {
    reject: false,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (exitCode !== expected)
    throw new SetupFailure(
      `baton ${args[0] ?? ''} ended with ${exitCode ?? 'a signal'} where the demo expects ${expected}.`,
    );
};

/** The Web UI's page of the operation that changed the demo last. */
const lastLink = async (): Promise<string> => {
  const { stdout } = await execa(join(root, 'bin', 'baton'), ['events', 'demo', '--json']);
  const last = JSON.parse(stdout.split('\n').at(-1) ?? '{}') as { link?: string };
  return last.link ?? 'unknown';
};

const makeData = async (): Promise<void> => {
  await rm(data, { recursive: true, force: true });
  await mkdir(join(data, 'database', 'tables'), { recursive: true });
  await mkdir(join(data, 'library', '2024'), { recursive: true });
  const names = Array.from({ length: 24 }, (_, index) => `IMG_${String(index + 1).padStart(4, '0')}.jpg`);
  for (const name of names) await writeFile(join(data, 'library', '2024', name), randomBytes(200_000));
  await writeFile(join(data, 'database', 'tables', 'photos'), `${names.join('\n')}\n`);
};

/** One SHA-256 over every path and content. */
const checksum = async (): Promise<string> => {
  const hash = createHash('sha256');
  for (const entry of (await readdir(data, { recursive: true, withFileTypes: true })).sort((a, b) =>
    join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
  )) {
    const path = join(entry.parentPath, entry.name);
    if (path.includes('/.baton')) continue;
    hash.update(path);
    if (entry.isFile()) hash.update(await readFile(path));
  }
  return hash.digest('hex');
};

const demo = async (): Promise<void> => {
  title('Set up');
  const engine = await chooseEngine(config);
  const temporal = await findTemporal(config.cacheDirectory);
  say(`✓ Temporal CLI ${temporal.version} (${temporal.source})`);
  await baton(['up'], 0);

  title('Release 1: five services, a library of 24 photos');
  await makeData();
  const before = await checksum();
  const variables = (release: number): string[] => [
    '--set',
    `DEMO_DATA=${data}`,
    '--set',
    `DEMO_PORT=${port}`,
    '--set',
    `DEMO_RELEASE=${release}`,
  ];
  const port = await freePort();
  await baton(['deploy', stack, ...variables(1)], 0);
  const first = await lastLink();
  const ping = async (): Promise<string> =>
    (await (await fetch(`http://127.0.0.1:${port}/api/ping`)).text()).trim();
  say(`\nGET http://127.0.0.1:${port}/api/ping → ${await ping()}`);

  title('Release 2: its migration drops a table and deletes photos, and its server never gets healthy');
  await baton(['deploy', stack, ...variables(2)], 3);
  const second = await lastLink();

  title('What is there now');
  const after = await checksum();
  say(`GET http://127.0.0.1:${port}/api/ping → ${await ping()}`);
  say(`sha256 of all data before release 2: ${before}`);
  say(`sha256 of all data now:              ${after}`);
  if (before !== after) throw new SetupFailure('The data is not what it was.');
  say('✓ The data is what it was, byte for byte.');
  await baton(['status', 'demo'], 0);

  say(`\nRelease 1 in the Temporal Web UI: ${first}`);
  say(`Release 2 in the Temporal Web UI: ${second}`);
  if (stopAtEnd) {
    title('Stop');
    await baton(['remove', 'demo'], 0);
    await baton(['down'], 0);
    await rm(data, { recursive: true, force: true });
    return;
  }
  say(
    `\nEverything goes on running (${engine.kind}). Look around: bin/baton status · bin/baton logs demo · bin/baton undo demo`,
  );
  say('Stop it: bin/baton remove demo && bin/baton down');
};

try {
  await demo();
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  say(`\n${error.message}`);
  process.exitCode = 69;
  if (stopAtEnd) await execa(join(root, 'bin', 'baton'), ['down'], { stdio: 'inherit', reject: false });
  else say('Stop what was started: bin/baton down');
}
