/** Restore tests: a copy of what is kept is brought up where it can harm nothing, asked, and removed with all that belongs to it. */
import { ApplicationFailure } from '@temporalio/activity';
import { label } from '../domain/labels.ts';
import type { OperationId } from '../domain/names.ts';
import type { RestoreProof, RestoreTestPlan, SetTest, SetTestPlan } from '../domain/restore-test.ts';
import type { Probe, ServiceSpec } from '../domain/stack.ts';
import { beating, pause } from './activity.ts';
import { resolveCommand } from './container.ts';
import { askHealth } from './health.ts';
import type { Ports } from './ports/index.ts';
import { EngineError } from './ports/engine.ts';
import { SnapshotError, type Snapshot } from './ports/snapshots.ts';
import { loadRelease, secretsOf, serviceOfRelease } from './release.ts';
import { manifestOf, restoreInto } from './restore-dump.ts';
import { imageForTest, plannedTests } from './restore-test-plan.ts';
import { knownPaths, oneAtATime } from './snapshot.ts';
import { throwawaySpec, type Throwaway } from './throwaway.ts';

/** Between two questions: it is the answer that counts, not how soon it comes. */
const askEveryMs = 500;
/** Lines of a container's log that are told. */
const toldLines = 5;

export const restoreTestActivities = (ports: Ports) => ({
  /** Looks only. @param names of sets; none: all. */
  async planRestoreTests(names: string[]): Promise<RestoreTestPlan> {
    return await beating(async () => await plannedTests(ports, names));
  },

  /** Begins anew each time that it is called. What it makes is removed by `clearRestoreTests`, whatever came of it. */
  async testRestore(operation: OperationId, plan: SetTestPlan): Promise<SetTest> {
    return await beating(async (signal) => {
      await clear(ports);
      // By which a copy of it is found, whatever happens next.
      await ports.memory.notePaths([plan.path]);
      const { set, path, snapshot: name, stack, service, question } = plan;
      const about = { set, path, snapshot: name, broughtUpAs: `${stack}/${service}`, question };
      const snapshot = await ports.snapshots.find(path, name);
      if (!snapshot) return { ...about, result: 'untested', why: 'The snapshot was removed meanwhile.' };
      // Nobody removes what is being copied, or read.
      const tested = await oneAtATime(
        snapshot.location,
        async () => await tryOut(ports, operation, plan, snapshot, signal),
      );
      return { ...about, ...tested };
    });
  },

  /** Beside the snapshot, and where it stays when that is gone. */
  async noteRestoreTest(path: string, proof: RestoreProof): Promise<void> {
    await beating(async () => {
      await ports.memory.noteProof(path, proof);
      const found = await ports.snapshots.find(path, proof.snapshot);
      await oneAtATime(found?.location ?? path, async () => {
        const snapshot = await ports.snapshots.find(path, proof.snapshot);
        if (snapshot) await ports.snapshots.mark(snapshot, { restoreTest: proof });
      });
    });
  },

  /** Everything that restore tests of this host have left: one runs at a time. */
  async clearRestoreTests(): Promise<void> {
    await beating(async () => {
      await clear(ports);
    });
  },
});

/** By what the engine and the disk show, not by what anybody remembers. */
const clear = async (ports: Ports): Promise<void> => {
  const { engine, snapshots, host } = ports;
  for (const { id } of await engine.listContainers({ labels: [`${label.restoreTest}=${host}`] }))
    await engine.removeContainer(id, { anonymousVolumes: true });
  for (const path of await knownPaths(ports))
    if (await snapshots.isLent(path)) await snapshots.takeBack(path);
};

type Tried = Pick<SetTest, 'result' | 'why' | 'tookMs' | 'logTail'>;

/** @returns what came of it. What says nothing of the data, such as an engine that is away, is thrown. */
const tryOut = async (
  ports: Ports,
  operation: OperationId,
  plan: SetTestPlan,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<Tried> => {
  const { ask, path } = plan;
  const release = await loadRelease(ports, plan.stack, plan.release);
  const secrets = await secretsOf(ports, release);
  const service = serviceOfRelease(release, plan.service);
  const image = await imageForTest(ports, release, service.name);
  if (image === undefined) return { result: 'untested', why: 'The image of the release is gone.' };
  const began = performance.now();
  const tookMs = (): number => Math.round(performance.now() - began);
  let deadline: AbortSignal | undefined;
  let container: string | undefined;
  try {
    const isDump = snapshot.driver === 'dump';
    const copy = await ports.snapshots.lend(path, isDump ? undefined : snapshot);
    const throwaway = { ports, operation, release, service, secrets, image, ask, path, copy };
    const spec = await throwawaySpec(throwaway);
    container = await ports.engine.createContainer(spec);
    deadline = AbortSignal.timeout(ask.timeoutMs);
    const stopping = AbortSignal.any([signal, deadline]);
    if (isDump) await restoreDump(throwaway, container, spec.name, snapshot, stopping);
    else await ports.engine.startContainer(container);
    await untilYes(throwaway, container, isDump, stopping);
    return { result: 'proven', tookMs: tookMs() };
  } catch (error) {
    signal.throwIfAborted();
    const why = deadline?.aborted ? lateText(ask.timeoutMs, error) : reasonFor(error);
    if (why === undefined) throw error;
    if (error instanceof SnapshotError && error.code === 'no-space')
      return { result: 'untested', why: secrets.redact(why) };
    const tail = container === undefined ? '' : await logTail(ports, container);
    return {
      result: 'failed',
      why: secrets.redact(why),
      tookMs: tookMs(),
      ...(tail === '' ? {} : { logTail: secrets.redact(tail) }),
    };
  }
};

/** Into files that are as empty as those of a new server, by the steps of an unwind. */
const restoreDump = async (
  { ports, path, copy, service, secrets }: Throwaway,
  id: string,
  name: string,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<void> => {
  const { kind } = await manifestOf(snapshot.location);
  const empty = async (): Promise<void> => {
    await ports.snapshots.lend(path);
  };
  const database = { path: copy, kind, service: service.name, container: { id, name } };
  await restoreInto(ports, { database, redact: secrets.redact, empty }, snapshot, signal);
};

/** Why it never will say yes. */
class NotProven extends Error {}

const untilYes = async (
  { ports, service, secrets, ask }: Throwaway,
  id: string,
  isDump: boolean,
  signal: AbortSignal,
): Promise<void> => {
  const probe = probeFor(service, ask);
  // What a dump holds was counted already.
  if (!probe && isDump) return;
  const { engine, engineInfo } = ports;
  const asking = {
    engine,
    reach: engineInfo.reach,
    health: probe ? ('probe' as const) : ('healthcheck' as const),
    ...(probe ? { probe: resolveCommand(probe, secrets.resolve) } : {}),
  };
  let last = 'it was not asked';
  for (;;) {
    const container = await engine.inspectContainer(id);
    if (!container) throw new NotProven('The throwaway container is gone: something outside removed it.');
    const { state, answer } = await unlessAborted(askHealth(asking, container), signal);
    if (state === 'healthy') return;
    last = answer;
    if (state === 'hopeless') throw new NotProven(`It said no: ${last}.`);
    await pause(askEveryMs, signal).catch(() => {
      throw new NotProven(`It said no until its time was over: ${last}.`);
    });
  }
};

/** A command in a container cannot be called off; it ends with its container. */
const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  const stop = Promise.withResolvers<never>();
  const abort = (): void => {
    stop.reject(new NotProven('It had not answered by the end of its time.'));
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, stop.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    // What is left to itself has nobody to tell.
    work.catch(() => undefined);
  }
};

const probeFor = (
  { name, probe }: ServiceSpec,
  { command, contains, timeoutMs }: Throwaway['ask'],
): Probe | undefined => {
  if (command)
    return {
      type: 'exec',
      service: name,
      command,
      timeoutMs,
      ...(contains === undefined ? {} : { contains }),
    };
  return probe?.type === 'exec' ? probe : undefined;
};

const lateText = (timeoutMs: number, error: unknown): string =>
  error instanceof NotProven ? error.message : `It was not there within ${timeoutMs / 1000} s.`;

/** @returns nothing for what says nothing of the data. */
const reasonFor = (error: unknown): string | undefined => {
  if (error instanceof NotProven || error instanceof SnapshotError) return error.message;
  if (error instanceof ApplicationFailure) return error.nonRetryable ? error.message : undefined;
  const passing = ['unreachable', 'timeout', 'internal'];
  return error instanceof EngineError && !passing.includes(error.code) ? error.message : undefined;
};

/** Helps to see why; that it cannot be had is no news. */
const logTail = async ({ engine }: Ports, id: string): Promise<string> =>
  (await engine.logs(id, { tail: toldLines }).catch(() => '')).trim();
