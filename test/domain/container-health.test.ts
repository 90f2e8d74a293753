/** What the engine shows of containers, judged. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  crashFinding,
  memoryFinding,
  outOfMemoryFinding,
  restartsWithin,
  restartWindowMs,
} from '../../domain/container-health.ts';

const now = Date.parse('2026-11-26T03:00:00Z');
const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
const counts = (...values: number[]) => values.map((value) => ({ value }));

describe('restarts', () => {
  test('are counted from look to look, from 0 again where the container was made anew', () => {
    assert.equal(restartsWithin(counts(4, 4, 5), 7), 3);
    assert.equal(restartsWithin(counts(9, 9), 2), 2);
    assert.equal(restartsWithin(counts(9), 9), 0);
    assert.equal(restartsWithin([], 9), undefined, 'nobody looked before');
  });

  const container = { status: 'running', oomKilled: false, restartCount: 9, startedAt: ago(1) };
  const told = (more: object) => crashFinding('shop/db', { ...container, ...more }, now).state;
  test('make a loop where there were three within an hour, the last one a moment ago', () => {
    assert.equal(told({ restarts: 3 }), 'critical');
    assert.equal(told({ restarts: 2 }), 'fine');
    assert.equal(told({ restarts: 0 }), 'fine', 'nine of them, all of long ago');
    assert.equal(told({ restarts: 3, startedAt: ago(11) }), 'fine', 'it has settled');
    assert.equal(told({}), 'critical', 'when they were is not known');
    assert.equal(told({ startedAt: ago(60) }), 'fine');
  });

  test('of a loop the exit code is told, where there is one', () => {
    const { evidence } = crashFinding('shop/db', { ...container, restarts: 4, exitCode: 137 }, now);
    assert.equal(evidence, 'restarted 4 times within an hour, exit code 137');
  });

  test('are told by where they are counted from, and not at all where there is no loop', () => {
    const of = (more: object) => crashFinding('shop/db', { ...container, ...more }, now);
    assert.equal(of({}).evidence, 'restarted 9 times since it was made');
    assert.deepEqual(of({ startedAt: ago(10) }), {
      what: 'crash-loop',
      where: 'shop/db',
      state: 'fine',
      evidence: 'stays up',
    });
    assert.equal(of({ startedAt: ago(9.9) }).state, 'critical');
    const { startedAt: _never, ...unstarted } = container;
    assert.equal(crashFinding('shop/db', { ...unstarted, restarts: 9 }, now).state, 'fine');
    assert.equal(restartWindowMs, 3_600_000);
  });
});

describe('memory', () => {
  test('near its limit is a warning from nine tenths on', () => {
    const told = (used: number) => memoryFinding('shop/db', used, 100 * 2 ** 20).state;
    assert.deepEqual([told(89 * 2 ** 20), told(90 * 2 ** 20)], ['fine', 'warning']);
    assert.deepEqual(memoryFinding('shop/db', 90 * 2 ** 20, 100 * 2 ** 20), {
      what: 'memory-near-limit',
      where: 'shop/db',
      state: 'warning',
      evidence: '90 MiB of 100 MiB (90 %)',
    });
  });

  const container = { status: 'running', oomKilled: true, restartCount: 1, finishedAt: ago(5) };
  const told = (more: object) => outOfMemoryFinding('shop/db', { ...container, ...more }, now).state;
  test('that ran out is news for an hour where the container runs again, and as long as it does not', () => {
    assert.equal(told({}), 'warning');
    assert.equal(told({ finishedAt: ago(61) }), 'fine');
    assert.equal(told({ status: 'exited', finishedAt: ago(600) }), 'critical');
    assert.equal(told({ oomKilled: false, status: 'exited' }), 'fine');
    assert.equal(told({ finishedAt: ago(60) }), 'fine');
    assert.equal(told({ finishedAt: ago(59) }), 'warning');
  });

  test('that ran out is told with when it did, and whether it runs again', () => {
    const of = (more: object) => outOfMemoryFinding('shop/db', { ...container, ...more }, now);
    assert.deepEqual(of({}), {
      what: 'out-of-memory',
      where: 'shop/db',
      state: 'warning',
      evidence: 'killed for lack of memory at 2026-11-26T02:55Z, runs again',
    });
    const { finishedAt: _when, ...still } = container;
    assert.equal(
      outOfMemoryFinding('shop/db', { ...still, status: 'exited' }, now).evidence,
      'killed for lack of memory',
    );
    assert.equal(of({ oomKilled: false }).evidence, 'not killed for lack of memory within the last hour');
  });
});
