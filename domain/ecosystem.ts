/** An ecosystem: stacks in named phases. Phases follow one another; the stacks of one go side by side. */
import type { Gate, GateWish } from './gate.ts';
import { findCycle, type Graph } from './graph.ts';
import { ecosystemWorkflowId } from './ids.ts';
import type { OperationId, StackName } from './names.ts';
import type { OperationRequest, Outcome } from './operation.ts';
import type { Plan } from './plan.ts';
import type { Problem } from './problem.ts';
import type { Location, StackSpec } from './stack.ts';

export type Ecosystem = {
  name: StackName;
  file: string;
  phases: { name: string; stacks: EcosystemStack[] }[];
};

export type EcosystemStack = { file: string; at: Location; stack: StackSpec };

export type EcosystemRequest = {
  operation: OperationId;
  kind: 'deploy';
  /** The ecosystem's name. */
  stack: StackName;
  host: string;
  file: string;
  phases: { name: string; members: EcosystemMember[] }[];
  /** What all of it is to wait for before any stack is touched. */
  gate?: GateWish;
};

/** One stack of an ecosystem: the operation that deploys it, and the stacks of its own phase that it waits for. */
export type EcosystemMember = { request: OperationRequest; after: StackName[] };

/** What of an ecosystem's file says which stacks are deployed, and in which order. */
export type EcosystemOrder = {
  name: StackName;
  file: string;
  phases: { name: string; stacks: { stack: StackName; file: string; after: StackName[] }[] }[];
};

export const orderOf = ({ name, file, phases }: Ecosystem): EcosystemOrder => ({
  name,
  file,
  phases: phases.map((phase) => {
    const waits = withinPhase(phase.stacks.map(({ stack }) => stack));
    return {
      name: phase.name,
      stacks: phase.stacks.map((one) => ({
        stack: one.stack.name,
        file: one.file,
        after: [...(waits.get(one.stack.name) ?? [])],
      })),
    };
  }),
});

/** @param requestOf the request that deploys one stack, as by itself. */
export const ecosystemRequest = (
  { name, file, phases }: EcosystemOrder,
  whole: { operation: OperationId; host: string; gate?: GateWish },
  requestOf: (stack: StackName, file: string) => OperationRequest,
): EcosystemRequest => {
  const ecosystem = { workflowId: ecosystemWorkflowId(whole.host, name), name };
  return {
    ...whole,
    kind: 'deploy',
    stack: name,
    file,
    phases: phases.map((phase) => ({
      name: phase.name,
      members: phase.stacks.map(({ stack, file: path, after }) => ({
        request: { ...requestOf(stack, path), ecosystem },
        after,
      })),
    })),
  };
};

/** What would become of each stack, in their order: what is shown to whoever is asked. */
export type EcosystemPlan = {
  kind: 'ecosystem';
  stack: StackName;
  host: string;
  phases: { name: string; plans: Plan[] }[];
};

/** What a plan does to its stack. What earlier stacks of the same run bring, such as data that is there by then, is no part of it. */
export const deedsOf = ({ release, previousRelease, services }: Plan): string[] => [
  `release ${release} after ${previousRelease ?? 'none'}`,
  ...services.map(({ action, service, previous }) =>
    [action, service, ...(previous ? [`(now ${previous.id.slice(0, 12)})`] : [])].join(' '),
  ),
];

/** A stack of an ecosystem that would change, and what it alone would wait for. */
export type GatedStack = { stack: StackName; gate?: Gate };

/**
 * What all of it waits for. @param saidMs how long somebody has said that it takes; else the needs of its stacks add up.
 * @returns `refusal` as {@link jointGate}.
 */
export const wholeGate = (stacks: readonly GatedStack[], saidMs?: number): JointGate => {
  const joint = jointGate(stacks.flatMap(({ gate }) => (gate ? [gate] : [])));
  if (!joint.gate) return joint;
  const { needsMs: _ofOne, ...gate } = joint.gate;
  return {
    gate: { ...gate, ...(saidMs === undefined ? { stacks: stacks.map(needOfStack) } : { needsMs: saidMs }) },
  };
};

export type JointGate = { gate?: Gate; refusal?: string };

/** All that any of them waits for, once. @returns `refusal` where nobody may say yes to all of it. */
export const jointGate = (gates: readonly Gate[]): JointGate => {
  const [first] = gates;
  if (!first) return {};
  const approvals = Math.max(...gates.map((gate) => gate.approvals));
  const lists = gates.flatMap(({ who }) => (who ? [who] : []));
  const who = lists[0]?.filter((name) => lists.every((list) => list.includes(name)));
  if (who && who.length < approvals)
    return {
      refusal: `It takes ${approvals} to approve all of it, and baton.yml asks ${lists.map((list) => list.join(', ')).join('; and ')}. Nothing was changed.`,
    };
  const needs = gates.flatMap(({ needsMs }) => needsMs ?? []);
  const { notBefore, tells } = first;
  return {
    gate: {
      approvals,
      ...(who ? { who } : {}),
      expiresMs: Math.min(...gates.map(({ expiresMs }) => expiresMs)),
      ...(notBefore === undefined ? {} : { notBefore }),
      windows: [...new Set(gates.flatMap(({ windows }) => windows))],
      ...(needs.length > 0 ? { needsMs: Math.max(...needs) } : {}),
      tells,
    },
  };
};

const needOfStack = ({ stack, gate }: GatedStack): { stack: StackName; needsMs?: number } => ({
  stack,
  ...(gate?.needsMs === undefined ? {} : { needsMs: gate.needsMs }),
});

/** How one stack fared in an ecosystem's operation. */
export type MemberOutcome = { stack: StackName; operation: OperationId; outcome: Outcome };

/** Stacks of the same phase that each stack `requires`. */
export const withinPhase = (stacks: readonly StackSpec[]): Graph<StackName> => {
  const names = new Set(stacks.map(({ name }) => name));
  return new Map(stacks.map(({ name, requires }) => [name, requires.filter((other) => names.has(other))]));
};

/** @returns what contradicts the order of phases: a stack twice, a stack required by an earlier phase, a circle. */
export const checkEcosystem = ({ phases }: Pick<Ecosystem, 'phases'>): Problem[] => {
  const phaseOf = new Map<StackName, number>();
  const problems: Problem[] = [];
  const error = (code: string, message: string, at: Location): void => {
    problems.push({ severity: 'error', code, message, at });
  };
  for (const [index, { stacks }] of phases.entries())
    for (const { stack, at } of stacks) {
      if (phaseOf.has(stack.name)) error('stack-twice', `Stack "${stack.name}" is listed twice.`, at);
      else phaseOf.set(stack.name, index);
    }
  for (const [index, { name, stacks }] of phases.entries()) {
    for (const { stack, at } of stacks)
      for (const required of stack.requires) {
        const other = phaseOf.get(required);
        if (other !== undefined && other > index)
          error(
            'phase-order',
            `Stack "${stack.name}" requires "${required}", which comes in a later phase.`,
            at,
          );
      }
    const cycle = findCycle(withinPhase(stacks.map(({ stack }) => stack)));
    const first = stacks.find(({ stack }) => stack.name === cycle?.[0]);
    if (cycle && first)
      error(
        'requires-cycle',
        `Stacks of phase "${name}" require one another in a circle: ${cycle.join(' → ')}.`,
        first.at,
      );
  }
  return problems;
};

/** What an earlier stack of the same run may yet bring: not a reason to refuse the whole before it begins. */
const broughtByOthers = ['requires', 'network-missing', 'volume-missing'];

/** Problems that no other stack of the ecosystem can mend. */
export const unmendable = (problems: readonly Problem[], hasEarlier: boolean): Problem[] =>
  problems.filter(
    ({ severity, code }) => severity === 'error' && !(hasEarlier && broughtByOthers.includes(code)),
  );

/** The outcome of the whole: as bad as the worst that is left. */
export const wholeOutcome = (members: readonly Outcome[], failed: boolean, asked: boolean): Outcome => {
  if (members.includes('needs-human')) return 'needs-human';
  if (asked) return 'cancelled';
  if (failed) return 'rolled-back';
  return members.every((outcome) => outcome === 'unchanged') ? 'unchanged' : 'done';
};
