/** Docker is started again where it ends by itself, as systemd does where it is installed (docker.service: `Restart=always`). */
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { answers } from '../activities/engines/answers.ts';
import { signalIfThere } from '../activities/processes.ts';
import { daemonPid } from '../setup/daemon.ts';
import { until } from '../test/e2e/site.ts';
import { needed } from '../test/host/environment.ts';
import { startDocker } from '../test/host/host.ts';
import { say } from './say.ts';

const lookEveryMs = 500;
const directory = (): string => dirname(dirname(needed('BATON_TEST_DOCKER_SOCKET')));
const pidFile = (): string => join(directory(), 'docker.pid');

/** How often it has ended. */
let ends = 0;

/**
 * Docker 20.10 crashes now and then when containers are removed while their health checks begin. What is removed is not
 * measured, so that need not end a measurement of an hour.
 * @returns how to stop.
 */
export const keepDocker = (): (() => Promise<void>) => {
  let isKept = true;
  const keep = async (): Promise<void> => {
    while (isKept) {
      if ((await daemonPid(pidFile())) === undefined) {
        ends += 1;
        say('Docker has ended, and is started again.');
        await startDocker(directory());
      }
      await delay(lookEveryMs);
    }
  };
  const kept = keep();
  return async () => {
    isKept = false;
    await kept;
  };
};

/** For what is measured. @throws Error where Docker ended during `work`. */
export const uninterrupted = async <T>(work: () => Promise<T>): Promise<T> => {
  const before = ends;
  const result = await work();
  if (ends !== before) throw new Error('Docker itself ended while this was measured.');
  return result;
};

/** The endpoints of a network that Docker has kept of containers that are gone, it forgets only so. */
export const restartDocker = async (): Promise<void> => {
  const before = ends;
  const pid = await daemonPid(pidFile());
  if (pid !== undefined) signalIfThere(pid, 'SIGTERM');
  await until('Docker to be started again', () => ends > before);
  await dockerAnswers();
};

/** @throws Error where Docker does not answer within a minute. */
export const dockerAnswers = async (): Promise<void> => {
  const socket = needed('BATON_TEST_DOCKER_SOCKET');
  await until('Docker', () => answers(socket));
};
