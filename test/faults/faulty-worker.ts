/**
 * A worker with a fault in it: the real worker, with a wrapper round its ports. It loads, waits for its environment as one
 * line on standard input, and runs; a further line puts a fault into it. Faults that it cannot bring about itself it asks
 * its parent for.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Activities } from '../../activities/index.ts';
import { EngineError } from '../../activities/ports/engine.ts';
import { SnapshotError } from '../../activities/ports/snapshots.ts';
import { runWorker } from '../../worker/run.ts';
import { EffectLog, watched, type Effect, type Meddler } from './effects.ts';
import type { Fault } from './fault.ts';
import { sooner } from './sooner.ts';

export type Orders = {
  environment: Record<string, string>;
  /** From the start: for a worker that takes over during a run. */
  arms?: Arms;
};
/** Effects are numbered from here on, into `log`; one of them may be faulty. */
export type Arms = { log: string; fault?: Fault };

/** How long a call hangs before its own timeout ends it; stands for the minutes of the real ones. */
const hangMs = 400;
type Doom = { unheard: boolean };
const activity = new AsyncLocalStorage<Doom>();

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('dead');
};

let log: EffectLog | undefined;
let meddle: Meddler = async (_effect, work) => await work();
const arm = ({ log: file, fault }: Arms): void => {
  log = new EffectLog(file);
  if (fault) meddle = meddlerOf(fault);
  process.stdout.write('ARMED\n');
};

const lines = createInterface({ input: process.stdin });
const nextLine = async (): Promise<string> => String((await once(lines, 'line'))[0]);
let resume: (() => void) | undefined;

/** What the parent does (`engine-dies` …) is done when this resolves. */
const askParent = async (fault: Fault): Promise<void> => {
  const answered = new Promise<void>((resolve) => {
    resume = resolve;
  });
  process.stdout.write(`FAULT ${JSON.stringify(fault)}\n`);
  await answered;
};

const injected = (effect: Effect): Error => {
  const message = `${effect.call} ${effect.on}: injected`;
  return effect.call.startsWith('engine.')
    ? new EngineError('internal', message)
    : new SnapshotError('internal', message);
};

const meddlerOf = (fault: Fault): Meddler => {
  /** `fails-always`: the call that has failed goes on failing. */
  let broken: string | undefined;
  return async (effect, work) => {
    const call = `${effect.call} ${effect.on}`;
    if (broken === call) throw injected(effect);
    if (effect.n !== fault.at) return await work();
    switch (fault.kind) {
      case 'kill-before':
        return die();
      case 'kill-after':
        await work();
        return die();
      case 'kill-unheard': {
        const doom = activity.getStore();
        if (doom) doom.unheard = true;
        return await work();
      }
      case 'fails-once':
        throw injected(effect);
      case 'fails-always':
        broken = call;
        throw injected(effect);
      case 'hangs':
        await work();
        await delay(hangMs);
        throw effect.call.startsWith('engine.')
          ? new EngineError('timeout', `${call} did not answer: injected`)
          : injected(effect);
      case 'twice':
        await work();
        return await work();
      case 'clock-jumps': {
        const now = Date.now.bind(Date);
        const jump = fault.at % 2 === 0 ? 3_600_000 : -3_600_000;
        Date.now = () => now() + jump;
        return await work();
      }
      default:
        await askParent(fault);
        return await work();
    }
  };
};

/** Activities that die unheard when doomed, and whose next try comes soon. */
const hastened = (activities: Activities): Activities =>
  Object.fromEntries(
    Object.entries(activities).map(([name, work]) => [
      name,
      async (...args: unknown[]) =>
        await activity.run({ unheard: false }, async () => {
          const doomed = (): boolean => activity.getStore()?.unheard ?? false;
          try {
            const result = await (work as (...all: unknown[]) => Promise<unknown>)(...args);
            return doomed() ? die() : result;
          } catch (error) {
            if (doomed()) die();
            throw sooner(error);
          }
        }),
    ]),
  ) as unknown as Activities;

process.stdout.write('LOADED\n');
const orders = JSON.parse(await nextLine()) as Orders;
Object.assign(process.env, orders.environment);
if (orders.arms) arm(orders.arms);
lines.on('line', (line) => {
  if (line.startsWith('{')) arm(JSON.parse(line) as Arms);
  else resume?.();
});
await runWorker(process.env, {
  ports: (ports) =>
    watched(
      ports,
      () => log,
      async (effect, work) => await meddle(effect, work),
    ),
  activities: hastened,
});
process.exit();
