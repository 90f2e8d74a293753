/** Waiting until a container is healthy. Baton asks itself, quickly at first and slower later; no engine timer is waited for. */
import { timesText } from '../domain/count-text.ts';
import type { HealthKind } from '../domain/plan.ts';
import type { Probe } from '../domain/stack.ts';
import { permanent, pause } from './activity.ts';
import type { ContainerState } from './ports/engine.ts';
import { askProbe, type Asking } from './probe.ts';
import type { Answer } from './probe-address.ts';

/** First interval, growth and ceiling of the questions: 50 ms finds a quick service quickly, 2 s spares a slow one. */
const quickest = 50;
const growth = 1.4;
const slowest = 2_000;

/**
 * Over TCP and HTTP a question costs about a millisecond, so for a while it is asked as often as this, and what waits for the
 * service goes on at once; where several are waited for, each the less often. One that is slow to answer is left in peace for some
 * times as long as its answer took.
 */
const cheapMs = 10;
const cheapAtMostMs = 250;
const cheapForMs = 10_000;
const peace = 3;

/** Between two looks at the container itself, while questions are cheap. */
const lookEveryMs = 250;

/** A probe whose answer is lost is asked again after this long; doubled each time that it was not enough. */
const firstPatienceMs = 2_000;

/** A container without any check must at least have stayed up this long; the soak then watches it for `min_healthy_time`. */
const settledMs = 500;

/** As many restarts tell a crash loop (Kubernetes speaks of CrashLoopBackOff from the first back-off on; three spares a slow dependency). */
const crashLoop = 3;
/** One that has run for so long since is in no loop any more; the engine counts restarts for ever. */
const loopSettledMs = 10 * 60_000;

export type Waiting = Asking & {
  containerId: string;
  service: string;
  health: HealthKind;
  probe?: Probe;
  deadlineMs: number;
  /** Removes secrets from text that may end in a report. */
  redact: (text: string) => string;
};

/** Services that this process waits for. */
let waitedFor = 0;

/** @returns when it is healthy. @throws a permanent failure with the log tail where it is not, and will not be. */
export const waitHealthy = async (waiting: Waiting, signal: AbortSignal): Promise<void> => {
  waitedFor += 1;
  try {
    await askUntilHealthy(waiting, signal);
  } finally {
    waitedFor -= 1;
  }
};

const askUntilHealthy = async (waiting: Waiting, signal: AbortSignal): Promise<void> => {
  const { deadlineMs } = waiting;
  let intervalMs = quickest;
  let patienceMs = firstPatienceMs;
  let container = await presentContainer(waiting);
  // A deadline by the wall clock would pass at once when that clock is set.
  const begun = performance.now();
  let lookedAt = begun;
  let seen = { startedAt: container.startedAt, since: begun };
  for (;;) {
    const asked = performance.now();
    if (container.startedAt !== seen.startedAt) seen = { startedAt: container.startedAt, since: asked };
    const answer = await askHealth({ ...waiting, patienceMs, watchedMs: asked - seen.since }, container);
    const tookMs = performance.now() - asked;
    // A lost answer costs seconds, not the whole deadline; a check that is slow gets its time at the next try.
    if (tookMs >= patienceMs) patienceMs *= 2;
    if (answer.state === 'healthy') return;
    if (answer.state === 'hopeless') throw await unhealthy(waiting, answer.answer);
    const waitedMs = performance.now() - begun;
    if (waitedMs > deadlineMs)
      throw await unhealthy(
        waiting,
        `was not healthy within ${deadlineMs / 1000} s; last answer: ${answer.answer}`,
      );
    const cheap = isCheap(waiting) && waitedMs < cheapForMs;
    if (cheap) await pause(Math.min(slowest, Math.max(cheapIntervalMs(), peace * tookMs)), signal);
    else {
      await pause(intervalMs, signal);
      intervalMs = Math.min(slowest, intervalMs * growth);
    }
    if (cheap && container.status === 'running' && performance.now() - lookedAt < lookEveryMs) continue;
    container = await presentContainer(waiting);
    lookedAt = performance.now();
  }
};

const cheapIntervalMs = (): number => Math.min(cheapAtMostMs, cheapMs * waitedFor);

const isCheap = ({ probe, reach }: Waiting): boolean =>
  (probe?.type === 'tcp' || probe?.type === 'http') && reach === 'directly';

const presentContainer = async ({ engine, containerId, service }: Waiting): Promise<ContainerState> => {
  const container = await engine.inspectContainer(containerId);
  if (container) return container;
  throw permanent('ContainerGone', `The container of "${service}" is gone: something outside removed it.`);
};

/** Asked up to this often before a service that was healthy counts as ill: one lost answer is no illness. */
const secondOpinions = 3;

/** Asks a service that was healthy, and asks again where the answer is another one now. */
export const askAgain = async (
  asking: Asking & Pick<Waiting, 'health' | 'probe'>,
  container: ContainerState,
  signal: AbortSignal,
): Promise<Health> => {
  for (let time = 1; ; time += 1) {
    const health = await askHealth({ ...asking, patienceMs: firstPatienceMs * 2 ** time }, container);
    if (health.state !== 'waiting' || time === secondOpinions) return health;
    await pause(quickest * 2 ** time, signal);
  }
};

/** A service that keeps a look waiting for longer than this is not asked again by it. */
const promptMs = 2_000;

/** Asks as a look does. One that has just started, or whose answer was lost, is no illness: the container is as it was asked last. */
export const askTwice = async (
  asking: Asking & Pick<Waiting, 'health' | 'probe'>,
  container: ContainerState,
): Promise<{ health: Health; container: ContainerState }> => {
  const began = performance.now();
  const health = await askHealth(asking, container);
  if (health.state !== 'waiting' || performance.now() - began > promptMs) return { health, container };
  await pause(settledMs);
  const later = await asking.engine.inspectContainer(container.id);
  return later ? { health: await askHealth(asking, later), container: later } : { health, container };
};

export type Health = Pick<Answer, 'answer' | 'tookMs' | 'certificateUntil'> & {
  state: 'healthy' | 'waiting' | 'hopeless';
};

/** Asks once. @param waiting.watchedMs for how long this start of the container has been seen. */
export const askHealth = async (
  waiting: Asking & Pick<Waiting, 'health' | 'probe'> & { watchedMs?: number },
  container: ContainerState,
): Promise<Health> => {
  const { health } = waiting;
  if (container.status === 'exited' || container.status === 'dead') return endedHealth(health, container);
  if (container.restartCount >= crashLoop && sinceStartMs(container) < loopSettledMs)
    return { state: 'hopeless', answer: `crashes and was restarted ${timesText(container.restartCount)}` };
  if (container.status !== 'running') return { state: 'waiting', answer: `is ${container.status}` };
  switch (health) {
    case 'completion':
      return { state: 'waiting', answer: 'still runs' };
    case 'running':
      return Math.max(waiting.watchedMs ?? 0, sinceStartMs(container)) >= settledMs
        ? { state: 'healthy', answer: 'runs' }
        : { state: 'waiting', answer: 'has just started' };
    case 'probe':
    case 'healthcheck':
      return fromAnswer(await askOf(waiting, container));
  }
};

const fromAnswer = ({ healthy, ...answer }: Answer): Health => ({
  state: healthy ? 'healthy' : 'waiting',
  ...answer,
});

const askOf = async (
  waiting: Asking & Pick<Waiting, 'probe'>,
  container: ContainerState,
): Promise<Answer> => {
  if (waiting.probe) return await askProbe(waiting, waiting.probe, container);
  const test = container.healthcheck?.test ?? [];
  if (test.length === 0 || test[0] === 'NONE') return { healthy: true, answer: 'runs' };
  return await askHealthcheck(waiting, container);
};

/** Runs the container's own healthcheck command, as the engine would. */
const askHealthcheck = async (asking: Asking, container: ContainerState): Promise<Answer> => {
  const [kind = 'CMD', ...rest] = container.healthcheck?.test ?? [];
  const command =
    kind === 'CMD-SHELL' ? ['/bin/sh', '-c', rest.join(' ')] : kind === 'CMD' ? rest : [kind, ...rest];
  // 30 s is the Compose Specification's default timeout.
  const timeoutMs = container.healthcheck?.timeoutMs || 30_000;
  return await askProbe(asking, { type: 'exec', service: '' as never, command, timeoutMs }, container);
};

const endedHealth = (
  health: HealthKind,
  { exitCode = -1, oomKilled, restartPolicy }: ContainerState,
): Health => {
  const why = oomKilled
    ? `was killed for lack of memory (exit code ${exitCode})`
    : `exited with code ${exitCode}`;
  if (health === 'completion' && exitCode === 0) return { state: 'healthy', answer: 'completed' };
  // An engine that restarts it shows it as exited for a moment in between.
  const comesBack =
    restartPolicy === 'always' ||
    restartPolicy === 'unless-stopped' ||
    (restartPolicy === 'on-failure' && exitCode !== 0);
  return { state: comesBack ? 'waiting' : 'hopeless', answer: why };
};

/** By the wall clock, which may be set in between: a container's start is told by no other. */
const sinceStartMs = ({ startedAt }: ContainerState): number =>
  // eslint-disable-next-line no-restricted-syntax
  startedAt === undefined ? 0 : Date.now() - Date.parse(startedAt);

const logTailLines = 20;

const unhealthy = async ({ engine, containerId, service, redact }: Waiting, why: string) => {
  // A log that cannot be read must not hide the failure that it would explain.
  const logTail = await engine
    .logs(containerId, { tail: logTailLines })
    .catch((error: unknown) => `(no log: ${String(error)})`);
  return permanent('Unhealthy', `"${service}" ${redact(why)}.`, { logTail: redact(logTail) });
};
