/** A worker for simulations on the test host's Temporal server, and a filesystem in memory for its worlds. */
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { thisHost } from '../../client/this-host.ts';
import { hostTaskQueue } from '../../domain/ids.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import { needed } from '../host/environment.ts';
import { Simulation } from './simulation.ts';
import { drawTown, type Town } from './town.ts';

/** As many worlds go side by side: most of their time is waiting. */
const atOnce = 20;

export type OpenSimulation = {
  /** @returns `seed N: what is wrong`, for every seed in which something is. */
  runAll: (first: number, count: number) => Promise<string[]>;
  runTown: (name: string, town: Town) => Promise<string[]>;
  close: () => Promise<void>;
};

export const openSimulation = async (): Promise<OpenSimulation> => {
  // Failures are what happens here; a warning for each would bury a real one.
  // Whoever stops this ends the seeds under way first: their worker may not go before them.
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const host = `sim${randomBytes(3).toString('hex')}`;
  const root = await mkdtemp(join(tmpdir(), 'baton-simulation-'));
  await execa('mount', ['-t', 'tmpfs', 'tmpfs', root]);
  const address = needed('BATON_TEST_TEMPORAL');
  const connection = await NativeConnection.connect({ address });
  const clientConnection = await Connection.connect({ address });
  const simulation = new Simulation(new Client({ connection: clientConnection }), host, root);
  const worker = await Worker.create({
    connection,
    taskQueue: hostTaskQueue(host),
    workflowBundle: { codePath: await workflowBundle(thisHost().cacheDirectory) },
    activities: simulation.activities,
    maxConcurrentActivityTaskExecutions: 200,
  });
  const running = worker.run();
  return {
    runAll: async (first, count) => {
      const broken: string[] = [];
      let next = first;
      const one = async (): Promise<void> => {
        while (next < first + count) {
          const seed = next;
          next += 1;
          const found = await simulation
            .run(`seed${seed}`, drawTown(seed))
            .catch((error: unknown) => [String(error)]);
          broken.push(...found.map((line) => `seed ${seed}: ${line}`));
        }
      };
      await Promise.all(Array.from({ length: atOnce }, one));
      return broken;
    },
    runTown: async (name, town) => await simulation.run(name, town),
    close: async () => {
      worker.shutdown();
      await running;
      await clientConnection.close();
      await connection.close();
      await execa('umount', ['--lazy', root]);
      await rm(root, { recursive: true, force: true });
    },
  };
};
