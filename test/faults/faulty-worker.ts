/**
 * A worker with a fault in it: the real worker, with a wrapper round its ports. It loads, waits for its environment as one
 * line on standard input, and runs; a further line puts a fault into it. Faults that it cannot bring about itself it asks
 * its parent for. One that has outlived its run ends its work as on SIGTERM, and waits for the next environment: loading
 * takes as much of a CPU as a run does.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
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

const leaveAlone: Meddler = async (_effect, work) => await work();
let log: EffectLog | undefined;
let meddle = leaveAlone;
const realNow = Date.now.bind(Date);
const disarm = (): void => {
  log = undefined;
  meddle = leaveAlone;
  Date.now = realNow;
};
const arm = ({ log: file, fault }: Arms): void => {
  log = new EffectLog(file);
  if (fault) meddle = meddlerOf(fault);
  process.stdout.write('ARMED\n');
};

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
        // A stream can be read once.
        if (effect.call !== 'engine.execStream') await work();
        return await work();
      case 'clock-jumps': {
        const jump = fault.at % 2 === 0 ? 3_600_000 : -3_600_000;
        Date.now = () => realNow() + jump;
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

const work = async ({ environment, arms }: Orders): Promise<void> => {
  Object.assign(process.env, environment);
  disarm();
  if (arms) arm(arms);
  await runWorker(process.env, {
    ports: (ports) =>
      watched(
        ports,
        () => log,
        async (effect, carryOut) => await meddle(effect, carryOut),
      ),
    activities: hastened,
  });
};

process.stdout.write('LOADED\n');
let working = false;
for await (const line of createInterface({ input: process.stdin }))
  if (line === 'go on') resume?.();
  else if (line === 'rest') process.kill(process.pid, 'SIGTERM');
  else if (working) arm(JSON.parse(line) as Arms);
  else {
    working = true;
    void work(JSON.parse(line) as Orders).then(() => {
      working = false;
      process.stdout.write('RESTED\n');
    });
  }
process.exit();
