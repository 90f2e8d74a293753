/** One run: an operation, a fault at one of its effects, and what must be true when it has ended. */
import { WorkflowFailedError, type Client } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import { resumeRequest } from '../../client/commands/resume.ts';
import { startResume, type Handle } from '../../client/operation.ts';
import { progressOf } from '../../client/worker.ts';
import { stackWorkflowId } from '../../domain/ids.ts';
import type { StackName } from '../../domain/names.ts';
import type { Report } from '../../domain/operation.ts';
import type { AnyPlan } from '../../domain/action.ts';
import type { deployStack } from '../../workflows/deploy-stack.ts';
import { until, type Site } from '../e2e/site.ts';
import { asOperation } from './as-operation.ts';
import { prepare, ready, stops } from './begin.ts';
import { EffectLog, type Effect } from './effects.ts';
import { mayNeedHuman, type Fault } from './fault.ts';
import { listed, violations } from './invariants.ts';
import type { Scenario } from './scenarios.ts';
import { Scene } from './scene.ts';
import { fill, type Town } from './town.ts';
import { lookAt } from './world.ts';

/** Longer than any run takes that ends by itself. */
const patienceMs = 120_000;

export type Run = { scenario: Scenario; fault: Fault };
export type RunResult = {
  /** False where the operation has fewer effects than `fault.at`. */
  struck: boolean;
  effect?: Effect;
  outcome?: string;
  violations: string[];
  durationMs: number;
  /** What was done, and why the operation failed, for who looks into a violation. */
  story: string[];
};

/** What the parent does for a fault that a worker cannot bring about itself. */
const strike =
  ({ kind }: Fault, handle: Promise<Handle>) =>
  async (scene: Scene): Promise<void> => {
    const { town } = scene;
    switch (kind) {
      case 'engine-dies':
        await town.killEngine();
        void scene.whole(delay(300).then(async () => await town.startEngine()));
        return;
      case 'server-dies':
        await town.killTemporal();
        void scene.whole(delay(200).then(async () => await town.startTemporal()));
        return;
      case 'both-die':
        await Promise.all([town.killTemporal(), scene.worker.kill()]);
        await town.startTemporal();
        return;
      case 'cancel':
        if (stops(await handle, scene.site)) await (await handle).cancel();
        else await (await handle).signal('requestRollBack', 'a cancel at this moment');
        return;
      case 'disk-full':
        scene.mend = await fill(scene.site.data);
        return;
      default:
        throw new Error(`${kind} is the worker's own affair.`);
    }
  };

/** @param town is left as it was found. */
export const runOnce = async (town: Town, { scenario, fault }: Run): Promise<RunResult> => {
  const began = Date.now();
  const client = await town.client();
  const scene = await Scene.open(town, scenario);
  try {
    await prepare(client, scene, scenario);
    const before = await lookAt(scene.site, scene.ports, scenario);
    const begin = await ready(client, scene.site, scenario);
    const started = Promise.withResolvers<Handle>();
    await scene.arm(fault, strike(fault, started.promise));
    const startedAt = new Date();
    const handle = await begin();
    started.resolve(handle);
    const outcome = outcomeOf(client, handle, () => {
      scene.replaceDead(fault);
    });
    const report = await Promise.race([outcome, scene.broken]);
    await scene.mend?.();
    scene.mend = undefined;
    const torn = await lookAt(scene.site, scene.ports, scenario);
    const resumed =
      report?.outcome === 'needs-human' && mayNeedHuman.includes(fault.kind)
        ? await resumeAll(client, scene, scenario)
        : undefined;
    const after = resumed ? await lookAt(scene.site, scene.ports, scenario) : torn;
    const effects = EffectLog.read(scene.log);
    const effect = effects.find(({ n }) => n === fault.at);
    return {
      struck: effect !== undefined,
      ...(effect ? { effect } : {}),
      ...(report ? { outcome: report.outcome } : {}),
      violations: report
        ? [
            ...(resumed ? listed(before, torn, report) : []),
            ...(await violations({
              client,
              handle,
              scenario,
              fault,
              site: scene.site,
              before,
              after,
              report: resumed ?? report,
              startedAt,
              struck: effect !== undefined,
              logs: scene.workerLogs + scene.worker.log,
            })),
          ]
        : [
            `it had not ended after ${patienceMs / 1000} s: ${await stateOf(client, scene.site)}; worker: ${scene.worker.log.slice(-500)}`,
          ],
      durationMs: Date.now() - began,
      story: [
        ...effects.map(({ n, call, on }) => `${n} ${call} ${on}`),
        ...(report?.failure ? [`${report.failure.step}: ${report.failure.message}`] : []),
      ],
    };
  } finally {
    await scene.close();
  }
};

/** The cause is mended: `baton resume` for each stack that needs it. @returns the last report. */
const resumeAll = async (client: Client, scene: Scene, { stacks }: Scenario): Promise<Report | undefined> => {
  await scene.worker.kill();
  scene.replaceDead(undefined);
  let last: Report | undefined;
  for (const stack of [...stacks].reverse()) {
    const ended = client.workflow.getHandle<typeof deployStack>(
      stackWorkflowId(scene.site.host, stack as StackName),
    );
    const progress = await until('the worker', async () => (await progressOf(ended)) !== undefined).then(
      async () => await progressOf(ended),
    );
    if (progress?.report?.outcome !== 'needs-human') continue;
    const request = resumeRequest(stack, progress.report, await ended.query<AnyPlan | undefined>('plan'));
    last = await (await startResume(client, request)).result();
  }
  return last;
};

/** Waits for the end, whatever dies meanwhile. @returns undefined where it does not come. */
const outcomeOf = async (client: Client, handle: Handle, look: () => void): Promise<Report | undefined> => {
  const patience = AbortSignal.timeout(patienceMs);
  const watch = setInterval(look, 50);
  try {
    while (!patience.aborted) {
      const result = await client.withAbortSignal(
        patience,
        async () =>
          await handle.result().catch((error: unknown) => {
            if (error instanceof WorkflowFailedError) throw error;
            return undefined;
          }),
      );
      if (result) return asOperation(result);
      await delay(100);
    }
    return undefined;
  } finally {
    clearInterval(watch);
  }
};

/** What each workflow of the host waits for: the members of an ecosystem are workflows of their own. */
const stateOf = async (client: Client, { host }: Site): Promise<string> => {
  const states: string[] = [];
  const query = `BatonHost = "${host}" AND ExecutionStatus = "Running"`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
    const task = raw.pendingWorkflowTask;
    const waits = [
      ...(raw.pendingActivities ?? []).map(
        ({ activityType, attempt, lastFailure }) =>
          `${activityType?.name ?? ''} attempt ${attempt ?? 0}: ${lastFailure?.message ?? 'no failure'}`,
      ),
      ...(raw.pendingChildren ?? []).map(({ workflowId: child }) => `child ${child ?? ''}`),
      ...(task ? [`a decision, attempt ${task.attempt ?? 0}`] : []),
    ];
    states.push(`${workflowId}: ${waits.join(', ') || 'a message or a timer'}`);
  }
  return states.join('; ') || 'no workflow runs';
};
