import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  checkEcosystem,
  deedsOf,
  ecosystemRequest,
  jointGate,
  orderOf,
  unmendable,
  wholeGate,
  wholeOutcome,
  withinPhase,
  type Ecosystem,
  type EcosystemOrder,
  type EcosystemStack,
} from '../../domain/ecosystem.ts';
import type { AnyPlan } from '../../domain/action.ts';
import type { Gate } from '../../domain/gate.ts';
import type { OperationRequest } from '../../domain/operation.ts';
import { questionLines } from '../../domain/notice.ts';
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

describe('what all of an ecosystem waits for', () => {
  const gate = (more: Partial<Gate> = {}): Gate => ({
    approvals: 1,
    expiresMs: 5,
    windows: [],
    tells: ['phone'],
    ...more,
  });
  const stackOf = (name: string, own?: Gate) => ({
    stack: name as StackSpec['name'],
    ...(own ? { gate: own } : {}),
  });

  test('is nothing where none of its stacks waits', () => {
    assert.deepEqual(wholeGate([]), {});
    assert.deepEqual(wholeGate([stackOf('a'), stackOf('b')], 7), {});
  });

  test('is the most of people, every window, and the soonest end', () => {
    const { gate: joint } = jointGate([
      gate({ windows: ['night'], expiresMs: 9, notBefore: '2026-11-26T02:30:00Z', needsMs: 3 }),
      gate({ approvals: 2, windows: ['night', 'weekend'], needsMs: 8 }),
    ]);
    assert.deepEqual(joint, {
      approvals: 2,
      expiresMs: 5,
      notBefore: '2026-11-26T02:30:00Z',
      windows: ['night', 'weekend'],
      needsMs: 8,
      tells: ['phone'],
    });
    const bare = { approvals: 1, expiresMs: 5, windows: [], tells: ['phone'] };
    assert.deepEqual(jointGate([gate(), gate()]).gate, bare, 'nothing that neither has');
  });

  test('is approved by who may approve each, and refused where these are too few', () => {
    const anna = gate({ who: ['anna', 'ben'] });
    assert.deepEqual(jointGate([anna, gate(), gate({ who: ['ben', 'carl'] })]).gate?.who, ['ben']);
    assert.match(
      jointGate([anna, gate({ who: ['carl'] })]).refusal ?? '',
      /^It takes 1 to approve all of it, and baton\.yml asks anna, ben; and carl\./,
    );
    assert.match(
      wholeGate([stackOf('a', gate({ approvals: 3, who: ['anna'] }))]).refusal ?? '',
      /^It takes 3/,
    );
    assert.equal(
      jointGate([gate({ approvals: 0, who: ['a'] }), gate({ approvals: 0, who: ['b'] })]).refusal,
      undefined,
    );
  });

  test('needs as long as somebody has said of all of it, or as its stacks need together', () => {
    const stacks = [stackOf('a', gate({ needsMs: 3 })), stackOf('b')];
    assert.equal(wholeGate(stacks, 7).gate?.needsMs, 7);
    assert.equal(wholeGate(stacks, 7).gate?.stacks, undefined);
    assert.deepEqual(wholeGate(stacks).gate?.stacks, [{ stack: 'a', needsMs: 3 }, { stack: 'b' }]);
    assert.equal(wholeGate(stacks).gate?.needsMs, undefined);
  });

  test('is what its stacks do, by what runs there now', () => {
    const services = [
      { action: 'replace', service: 'web', previous: { id: '0123456789abcdef' } },
      { action: 'create', service: 'db' },
    ];
    const plan = { release: 'b', previousRelease: 'a', services } as unknown as Parameters<typeof deedsOf>[0];
    assert.deepEqual(deedsOf(plan), ['release b after a', 'replace web (now 0123456789ab)', 'create db']);
    const { previousRelease: _none, ...first } = plan;
    assert.equal(deedsOf(first)[0], 'release b after none');
  });

  test('is told in a line a stack, with the data that nothing protects', () => {
    const plan = (name: string, actions: string[], path?: string) => ({
      ...{ stack: name, networks: [], volumes: [], files: [], restore: [] },
      services: actions.map((action, index) => ({ service: `s${index}`, action })),
      data: path === undefined ? [] : [{ path }],
    });
    const phases = [
      { name: 'data', plans: [plan('db', ['replace'], '/srv/db'), plan('idle', ['keep'], '/srv/idle')] },
      { name: 'apps', plans: [plan('web', ['create', 'remove', 'create', 'keep'])] },
    ];
    const whole = { kind: 'ecosystem', stack: 'home', host: 'nas', phases } as unknown as AnyPlan;
    assert.deepEqual(questionLines(whole), [
      'db: 1 to replace',
      'web: 2 to create, 1 to remove',
      '/srv/db: NOT protected',
    ]);
  });

  test('and which stacks it has, in which order, is what its file says', () => {
    const { phases } = ecosystem({
      data: [stack('db')],
      apps: [stack('web', 'db', 'cache'), stack('cache')],
    });
    assert.deepEqual(orderOf({ name: 'home' as StackSpec['name'], file: 'all.yml', phases }), {
      name: 'home',
      file: 'all.yml',
      phases: [
        { name: 'data', stacks: [{ stack: 'db', file: 'db.yml', after: [] }] },
        {
          name: 'apps',
          stacks: [
            { stack: 'web', file: 'web.yml', after: ['cache'] },
            { stack: 'cache', file: 'cache.yml', after: [] },
          ],
        },
      ],
    });
  });

  test('is deployed by one request for each stack, that says which ecosystem it is part of', () => {
    const [home, db, web] = ['home', 'db', 'web'] as StackSpec['name'][] as [never, never, never];
    const order: EcosystemOrder = {
      name: home,
      file: 'all.yml',
      phases: [
        { name: 'data', stacks: [{ stack: db, file: 'db.yml', after: [] }] },
        { name: 'apps', stacks: [{ stack: web, file: 'web.yml', after: [db] }] },
      ],
    };
    const whole = { operation: 'x' as OperationRequest['operation'], host: 'nas', gate: { needsMs: 60_000 } };
    const requestOf = (name: string, file: string) => ({ stack: name, file }) as unknown as OperationRequest;
    const ecosystem = { workflowId: 'ecosystem/nas/home', name: 'home' };
    assert.deepEqual(ecosystemRequest(order, whole, requestOf), {
      operation: 'x',
      host: 'nas',
      gate: { needsMs: 60_000 },
      kind: 'deploy',
      stack: 'home',
      file: 'all.yml',
      phases: [
        {
          name: 'data',
          members: [{ request: { stack: 'db', file: 'db.yml', ecosystem }, after: [] }],
        },
        {
          name: 'apps',
          members: [{ request: { stack: 'web', file: 'web.yml', ecosystem }, after: ['db'] }],
        },
      ],
    });
  });
});
