/** How long an operation needs: as somebody says, or else as it took before. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { needOf, needOfAll, needUnknown } from '../../domain/need.ts';
import type { ReleaseRecord } from '../../domain/release.ts';

const minute = 60_000;
const began = Date.parse('2026-11-26T02:30:00Z');
const took = (ms: number | undefined, kind: ReleaseRecord['kind'] = 'deploy'): ReleaseRecord => ({
  release: '0123456789ab' as ReleaseRecord['release'],
  operation: '0a1b2c3d' as ReleaseRecord['operation'],
  kind,
  snapshots: [],
  committedAt: new Date(began + (ms ?? 0)).toISOString(),
  ...(ms === undefined ? {} : { startedAt: new Date(began).toISOString() }),
});
const deploy = { kind: 'deploy' } as const;

describe('what an operation needs', () => {
  test('is not known where none of its kind was measured', () => {
    assert.equal(needOf(deploy, undefined, []), undefined);
    assert.equal(needOf(deploy, undefined, [took(undefined), took(minute, 'undo')]), undefined);
    assert.equal(needOf({ kind: 'guard' }, undefined, [took(minute)]), undefined);
  });

  test('is as long as the longest of the newest of its kind took', () => {
    assert.deepEqual(needOf(deploy, undefined, [took(minute)]), {
      ms: minute,
      because: 'as the last deploy took',
    });
    const all = [60, 1, 2, 7, 3].map((minutes) => took(minutes * minute));
    assert.deepEqual(needOf(deploy, undefined, [...all, took(90 * minute, 'remove'), took(4 * minute)]), {
      ms: 7 * minute,
      because: 'as the longest of the last 5 deploys took',
    });
  });

  test('is what somebody has said, whatever was measured', () => {
    assert.deepEqual(needOf(deploy, 5, [took(minute)]), { ms: 5, because: 'as said' });
  });

  test('is never less than the last one took, and never nothing that was not measured', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000_000), { minLength: 1 }), (all) => {
        const need = needOf(
          deploy,
          undefined,
          all.map((ms) => took(ms)),
        );
        assert.ok(need && need.ms >= (all.at(-1) as number) && all.includes(need.ms));
      }),
    );
  });
});

describe('what several stacks need', () => {
  const need = (ms: number) => ({ ms, because: 'as said' });

  test('adds up, for they may come one after the other', () => {
    assert.deepEqual(needOfAll([need(5), need(7)]), {
      ms: 12,
      because: 'as its 2 stacks need one after the other',
    });
    assert.deepEqual(needOfAll([need(5)]), need(5));
  });

  test('is not known where that of one is not', () => {
    assert.equal(needOfAll([need(5), undefined]), undefined);
    assert.equal(needOfAll([]), undefined);
    const deployed = { kind: 'deploy', stack: 'home' } as Parameters<typeof needUnknown>[0];
    assert.match(needUnknown(deployed, true), /no deploy of some stack of home is on record/);
    assert.match(needUnknown(deployed, false), /no deploy of home is on record/);
  });
});
