/** One container stays on a network for as long as the test host is there, so that Podman's name server does, too. */
import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { baseImage } from '../../setup/base-image.ts';
import { answersNames, nameServerIn } from '../../setup/podman-names.ts';
import { SetupFailure } from '../../setup/say.ts';

/** Another name at each start: netavark adds to the addresses it finds under a network's name, and those of a host that was killed lie there still. */
const prefix = 'baton-test-host-names-';
const answersWithinMs = 10_000;

/** @param cli the test host's `podman`, with its global options. @throws SetupFailure where names are not answered. */
export const keepNamesAnswered = async (
  [command = '', ...options]: string[],
  environment: Record<string, string>,
): Promise<void> => {
  const podman = async (...args: string[]) =>
    await execa(command, [...options, ...args], {
      env: environment,
      all: true,
      reject: false,
      stdin: 'ignore',
      timeout: 60_000,
    });
  const keeper = `${prefix}${randomBytes(3).toString('hex')}`;
  await dropStalePid();
  await podman('network', 'create', keeper);
  const started = await podman('run', '-d', '--name', keeper, '--network', keeper, baseImage, 'sleep', '1d');
  if (started.exitCode !== 0)
    throw new SetupFailure(`Podman starts no container on a network: ${started.all}`);
  const began = performance.now();
  for (;;) {
    const asked = await podman('exec', keeper, 'nslookup', keeper);
    if (asked.exitCode === 0) return;
    if (performance.now() - began > answersWithinMs)
      throw new SetupFailure(
        `Podman’s name server does not answer in a container: ${asked.all}\n${await whatIsKnown()}`,
      );
    await delay(200);
  }
};

/** Left by one that was killed. */
const dropStalePid = async (): Promise<void> => {
  const server = await nameServerIn('/run');
  if (server.pid !== '' && !answersNames(server)) await rm(server.pidFile, { force: true });
};

const whatIsKnown = async (): Promise<string> => {
  const { pidFile, pid, command } = await nameServerIn('/run');
  const { stdout } = await execa('pgrep', ['-a', 'aardvark-dns'], { reject: false });
  const resolv = await readFile('/etc/resolv.conf', 'utf8').catch(() => '(none)');
  return `${pidFile}: ${pid || 'none'} (${command || 'no such process'})\nRunning: ${stdout || 'none'}\n/etc/resolv.conf:\n${resolv}`;
};
