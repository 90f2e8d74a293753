/** Restore tests: what is asked, what is remembered, and when a proof is none any more. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { restoreTestEvent } from '../../domain/event.ts';
import {
  questionOf,
  restoreState,
  restoreStateText,
  restoreTestExitCodes,
  restoreTestOutcome,
  unprovenProblems,
  withProof,
  type ProofHistory,
  type RestoreProof,
  type RestoreTestReport,
  type SetTest,
} from '../../domain/restore-test.ts';

const proof = (result: RestoreProof['result'], at: string): RestoreProof => ({
  result,
  at,
  tookMs: 1,
  operation: '0a1b2c3d' as RestoreProof['operation'],
  snapshot: 'web.taken.20261101T000000Z.0a1b2c3d' as RestoreProof['snapshot'],
  question: 'whether it is there',
  ...(result === 'failed' ? { why: 'It said no.' } : {}),
});
const day = 86_400_000;
const proven = proof('proven', '2026-11-01T00:00:00.000Z');
const failed = proof('failed', '2026-11-02T00:00:00.000Z');
const at = (text: string): number => Date.parse(text);

describe('what is asked of a copy', () => {
  test('is what the set says, then what the stack says, then the limits that nobody gave', () => {
    assert.deepEqual(questionOf({ command: ['a'], timeoutMs: 5 }, { command: ['b'], contains: 'x' }), {
      command: ['b'],
      contains: 'x',
      timeoutMs: 5,
      memoryBytes: 2 ** 30,
    });
    assert.deepEqual(questionOf(undefined, undefined), { timeoutMs: 900_000, memoryBytes: 2 ** 30 });
  });
});

describe('a proof', () => {
  const rows: [string, ProofHistory | undefined, string, string][] = [
    ['never made', undefined, '2026-11-02T00:00:00Z', 'never'],
    ['of yesterday', { last: proven, proven }, '2026-11-02T00:00:00Z', 'proven'],
    ['as old as it may be', { last: proven, proven }, '2026-12-06T00:00:00Z', 'proven'],
    ['older than that', { last: proven, proven }, '2026-12-06T00:00:01Z', 'old'],
    ['followed by a failure', { last: failed, proven }, '2026-11-03T00:00:00Z', 'failed'],
  ];
  for (const [what, history, now, state] of rows)
    test(`${what} counts as ${state}`, () => {
      assert.equal(restoreState(history, at(now)), state);
      assert.equal(
        restoreStateText('photos', restoreState(history, at(now)), history ?? {}) === undefined,
        state === 'proven',
      );
    });

  test('of a set that wants it more often is old sooner', () => {
    assert.equal(restoreState({ last: proven }, at('2026-11-09T00:00:01Z'), 8 * day), 'old');
  });

  test('the last that held is remembered, whatever came after it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<RestoreProof['result']>('proven', 'failed'), { minLength: 1 }),
        (results) => {
          const proofs = results.map((result, index) => proof(result, new Date(index * day).toISOString()));
          const history = proofs.reduce<ProofHistory | undefined>(withProof, undefined);
          assert.deepEqual(history?.last, proofs.at(-1));
          assert.deepEqual(
            history?.proven,
            proofs.findLast(({ result }) => result === 'proven'),
          );
        },
      ),
    );
  });

  test('that is missing, or failed, is told before an operation; an old one is not', () => {
    const problems = unprovenProblems({ a: 'never', b: 'failed', c: 'old', d: 'proven' });
    assert.deepEqual(
      problems.map(({ severity, next }) => [severity, next]),
      [
        ['warning', 'baton data test a'],
        ['warning', 'baton data test b'],
      ],
    );
  });
});

describe('a restore test', () => {
  const tests = (...results: SetTest['result'][]): SetTest[] =>
    results.map((result, index) => ({ set: `${index}`, result }));
  const rows: [SetTest['result'][], string[], boolean, string][] = [
    [[], [], false, 'unchanged'],
    [['proven', 'untested'], [], false, 'done'],
    [['proven', 'untested'], [], true, 'unproven'],
    [['untested'], [], false, 'unchanged'],
    [['proven', 'failed'], [], false, 'unproven'],
    [['proven'], ['something'], false, 'unproven'],
  ];
  for (const [results, left, named, outcome] of rows)
    test(`of ${results.join(', ') || 'nothing'}${left.length > 0 ? ', with something left' : ''}${named ? ', by name' : ''} is ${outcome}`, () => {
      assert.equal(restoreTestOutcome(tests(...results), left, named), outcome);
    });

  test('is told to people where it was not proven, and only then', () => {
    const report = (outcome: RestoreTestReport['outcome']): RestoreTestReport => ({
      operation: '0a1b2c3d' as RestoreTestReport['operation'],
      host: 'attic',
      outcome,
      startedAt: '2026-11-01T00:00:00Z',
      durationMs: 1,
      tests: [
        { set: 'photos', result: 'failed', why: 'It said no.' },
        { set: 'mail', result: 'proven' },
      ],
      left: [],
      problems: [],
    });
    const source = { workflowId: 'w', runId: 'r' };
    const event = restoreTestEvent(report('unproven'), source, 0);
    assert.deepEqual(
      [event?.id, event?.kind, event?.lines],
      ['0a1b2c3d/failed', 'failed', ['photos: It said no.']],
    );
    for (const outcome of ['done', 'unchanged', 'refused', 'stopped'] as const)
      assert.equal(restoreTestEvent(report(outcome), source, 0), undefined);
  });
});

describe('what is told of a restore', () => {
  test('is when it was proven, or why not', () => {
    const told = (state: Parameters<typeof restoreStateText>[1], last?: RestoreProof) =>
      restoreStateText('db', state, last ? { last } : {});
    assert.equal(told('proven', proven), undefined);
    assert.equal(told('never'), 'a restore of "db" was never proven');
    assert.equal(told('failed', failed), 'the restore test of "db" failed on 2026-11-02: It said no.');
    assert.equal(told('failed'), 'the restore test of "db" failed on : ');
    assert.equal(told('old', proven), 'the restore of "db" was proven last on 2026-11-01');
  });

  test('before an operation is a warning where nobody knows that it works', () => {
    assert.deepEqual(unprovenProblems({ a: 'proven', b: 'old', c: 'never', d: 'failed' }), [
      {
        ...{ severity: 'warning', code: 'restore-unproven', next: 'baton data test c' },
        message: 'That a restore of data set "c" works was never proven.',
      },
      {
        ...{ severity: 'warning', code: 'restore-unproven', next: 'baton data test d' },
        message: 'The last restore test of data set "d" failed.',
      },
    ]);
  });

  test('is its outcome, and as an exit code whether all is well', () => {
    const tests = (...results: SetTest['result'][]) => results.map((result) => ({ result }) as SetTest);
    assert.equal(restoreTestOutcome(tests('proven', 'untested'), [], false), 'done');
    assert.equal(restoreTestOutcome(tests('proven', 'untested'), [], true), 'unproven');
    assert.equal(restoreTestOutcome(tests('proven'), [], true), 'done');
    assert.deepEqual(restoreTestExitCodes, { done: 0, unchanged: 0, unproven: 1, refused: 1, stopped: 1 });
  });
});
