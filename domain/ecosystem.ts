/** An ecosystem: stacks in named phases. Phases follow one another; the stacks of one go side by side. */
import { findCycle, type Graph } from './graph.ts';
import type { OperationId, StackName } from './names.ts';
import type { OperationRequest, Outcome } from './operation.ts';
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
};

/** One stack of an ecosystem: the operation that deploys it, and the stacks of its own phase that it waits for. */
export type EcosystemMember = { request: OperationRequest; after: StackName[] };

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
