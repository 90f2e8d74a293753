import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  checkEcosystem,
  unmendable,
  wholeOutcome,
  withinPhase,
  type Ecosystem,
  type EcosystemStack,
} from '../../domain/ecosystem.ts';
import type { Problem } from '../../domain/problem.ts';
import type { StackSpec } from '../../domain/stack.ts';
import { mustLoad } from '../compose/loading.ts';

const base = await mustLoad('name: base\nservices: {a: {image: app}}\n');
const stack = (name: string, ...requires: string[]): StackSpec => ({
  ...base,
  name: name as StackSpec['name'],
  requires: requires as StackSpec['requires'],
});

/** Phases by name; each stack stands on a line of its own. */
const ecosystem = (phases: Record<string, StackSpec[]>): Pick<Ecosystem, 'phases'> => {
  let line = 0;
  const placed = (one: StackSpec): EcosystemStack => {
    line += 1;
    return { file: `${one.name}.yml`, at: { file: 'all.yml', line, column: 3 }, stack: one };
  };
  return {
    phases: Object.entries(phases).map(([name, stacks]) => ({ name, stacks: stacks.map(placed) })),
  };
};

const told = (phases: Record<string, StackSpec[]>): string[] =>
  checkEcosystem(ecosystem(phases)).map(
    ({ severity, code, message, at }) => `${severity} ${code} ${at?.line}: ${message}`,
  );

describe('an ecosystem', () => {
  test('whose stacks require earlier ones, stacks beside them and stacks elsewhere is right', () => {
    assert.deepEqual(
      told({ data: [stack('db', 'elsewhere')], edge: [stack('app', 'db', 'proxy'), stack('proxy')] }),
      [],
    );
  });

  test('lists each stack once', () => {
    assert.deepEqual(told({ data: [stack('db')], edge: [stack('app'), stack('db')] }), [
      'error stack-twice 3: Stack "db" is listed twice.',
    ]);
  });

  test('brings what is required before it is required', () => {
    assert.deepEqual(told({ data: [stack('db', 'app')], edge: [stack('app')] }), [
      'error phase-order 1: Stack "db" requires "app", which comes in a later phase.',
    ]);
  });

  test('has no circles', () => {
    assert.deepEqual(
      told({ data: [stack('x')], edge: [stack('w'), stack('a', 'b'), stack('b', 'c'), stack('c', 'a')] }),
      ['error requires-cycle 3: Stacks of phase "edge" require one another in a circle: a → b → c → a.'],
    );
  });

  test('waits within a phase for what is in it', () => {
    assert.deepEqual(
      [...withinPhase([stack('a', 'b', 'elsewhere'), stack('b')])],
      [
        ['a', ['b']],
        ['b', []],
      ],
    );
  });
});

test('what an earlier stack may bring is no reason to refuse before it has', () => {
  const problem = (code: string, severity: Problem['severity'] = 'error'): Problem => ({
    severity,
    code,
    message: '',
  });
  const problems = [
    problem('requires'),
    problem('network-missing'),
    problem('volume-missing'),
    problem('port-taken'),
    problem('memory', 'warning'),
  ];
  const left = (hasEarlier: boolean): string[] => unmendable(problems, hasEarlier).map(({ code }) => code);
  assert.deepEqual(left(true), ['port-taken']);
  assert.deepEqual(left(false), ['requires', 'network-missing', 'volume-missing', 'port-taken']);
});

test('the whole is as bad as the worst that is left', () => {
  assert.equal(wholeOutcome(['done', 'needs-human', 'rolled-back'], true, true), 'needs-human');
  assert.equal(wholeOutcome(['rolled-back'], true, true), 'cancelled');
  assert.equal(wholeOutcome(['rolled-back', 'unchanged'], true, false), 'rolled-back');
  assert.equal(wholeOutcome(['unchanged', 'unchanged'], false, false), 'unchanged');
  assert.equal(wholeOutcome(['unchanged', 'done'], false, false), 'done');
});
