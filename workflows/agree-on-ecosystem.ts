/** What all of an ecosystem may do: every stack is planned before any is touched, and where something is to be waited for, all of it waits. */
import { isCancellation, patched } from '@temporalio/workflow';
import {
  deedsOf,
  unmendable,
  wholeGate,
  type EcosystemRequest,
  type GatedStack,
} from '../domain/ecosystem.ts';
import type { ReleaseId, StackName } from '../domain/names.ts';
import type { AgreedRelease, Report } from '../domain/operation.ts';
import { isNoop, needsImages, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { reading } from './activities.ts';
import { fetchImages } from './fetch-images.ts';
import type { Gated, Gatekeeper } from './gate.ts';
import type { Operation } from './operation.ts';
import { failureOf } from './saga.ts';

/** What was agreed of each stack; without any, each plans for itself when its turn has come. */
export type Agreement = Map<StackName, AgreedRelease>;

/** @returns the report where the whole is impossible, or not wanted, or not any more. */
export const agreeOnEcosystem = async (
  operation: Operation,
  gatekeeper: Gatekeeper,
  request: EcosystemRequest,
): Promise<Agreement | Report> => {
  try {
    return await operation.interruptible(async () => {
      const first = await operation.step('preflight', 'Preflight', () => planAll(operation, request));
      if ('outcome' in first) return first;
      if (!first.gate) return new Map();
      if (!patched('ecosystem-gate'))
        return operation.close('refused', { notes: ['By baton.yml it has to wait. Nothing was changed.'] });
      return await waitWithAll(operation, gatekeeper, request, first);
    });
  } catch (error) {
    const notes = ['Nothing was changed.'];
    if (isCancellation(error)) return operation.close('cancelled', { notes });
    return operation.close('refused', { failure: failureOf(error, operation), notes });
  }
};

type Planned = { stack: StackName; phase: string; plan: Plan; digest: string };
type Whole = Omit<Gated, 'digest'> & { stacks: Planned[] };

const waitWithAll = async (
  operation: Operation,
  gatekeeper: Gatekeeper,
  request: EcosystemRequest,
  first: Whole,
): Promise<Agreement | Report> => {
  const planned = new Map(first.stacks.map(({ stack, plan }) => [stack, plan.release]));
  const settle = async (): Promise<(Whole & Gated) | Report> =>
    await operation.step('settle', 'Settle the plans', async () => {
      const whole = await planAll(operation, request, planned);
      return 'outcome' in whole ? whole : await digested(whole);
    });
  const fetching = first.stacks.filter(({ plan }) => needsImages(plan));
  if (fetching.length > 0)
    await operation.step('images', 'Fetch images', async () => {
      await Promise.all(fetching.map(async ({ plan }) => await fetchImages(plan)));
    });
  const settled = fetching.length > 0 ? await settle() : await digested(first);
  if ('outcome' in settled) return settled;
  const passed = await gatekeeper.pass(settled, settle);
  if ('outcome' in passed) return passed;
  const isApproved = (passed.gate?.approvals ?? 0) > 0;
  return new Map(
    passed.stacks.map(({ stack, plan }) => [
      stack,
      { release: plan.release, ...(isApproved ? { deeds: deedsOf(plan) } : {}) },
    ]),
  );
};

/** @param settling releases of an earlier plan: their specs count, not files edited since. */
const planAll = async (
  operation: Operation,
  { phases, stack: name, host, gate: wish }: EcosystemRequest,
  settling?: ReadonlyMap<StackName, ReleaseId>,
): Promise<Whole | Report> => {
  const problems: Problem[] = [];
  const stacks: Planned[] = [];
  const changing: GatedStack[] = [];
  for (const [index, { name: phase, members }] of phases.entries())
    for (const { request, after } of members) {
      const { stack } = request;
      const asked = wish ? { ...request, gate: wish } : request;
      const prepared = await reading.preparePlan.executeWithOptions({ summary: `plan ${stack}` }, [
        asked,
        settling?.get(stack),
      ]);
      operation.hears = prepared.hears ?? [];
      problems.push(...unmendable(prepared.problems, index > 0 || after.length > 0));
      if (!prepared.plan) continue;
      const { plan, digest, gate } = prepared;
      stacks.push({ stack, phase, plan, digest });
      if (!isNoop(plan) || needsImages(plan)) changing.push({ stack, ...(gate ? { gate } : {}) });
    }
  const { gate, refusal } = wholeGate(changing, wish?.needsMs);
  if (refusal !== undefined) problems.push({ severity: 'error', code: 'nobody-may', message: refusal });
  if (problems.length > 0) return operation.close('refused', { problems });
  operation.plan = {
    kind: 'ecosystem',
    stack: name,
    host,
    phases: phases.map((phase) => ({
      name: phase.name,
      plans: stacks.flatMap((one) => (one.phase === phase.name ? [one.plan] : [])),
    })),
  };
  return { ...(gate ? { gate } : {}), stacks };
};

const digested = async (whole: Whole): Promise<Whole & Gated> => {
  const summary = `one digest for ${whole.stacks.length} plans`;
  const digests = whole.stacks.map(({ digest }) => digest);
  return { ...whole, digest: await reading.digestPlans.executeWithOptions({ summary }, [digests]) };
};
