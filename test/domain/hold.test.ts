/** A hold, as it comes from outside, and what it keeps of what it held back. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  heldBackText,
  mostHeldBack,
  readHeldBack,
  readHold,
  readRelease,
  renderHold,
  withHeldBack,
  type HeldBack,
  type HoldState,
} from '../../domain/hold.ts';
import type { OperationId } from '../../domain/names.ts';

const now = Date.parse('2026-11-26T12:00:00Z');
const state: HoldState = {
  host: 'nas',
  operation: '0a1b2c3d' as OperationId,
  since: '2026-11-26T12:00:00.000Z',
  by: 'anna',
  channel: 'baton',
  heldBack: [],
  forgotten: 0,
};
const leftOut = (what: string): HeldBack => ({ what, at: '2026-11-26T12:30:00Z' });
const waits = (what: string): HeldBack => ({ ...leftOut(what), waits: { workflowId: what, runId: what } });

describe('a hold', () => {
  test('is read from what people and systems send', () => {
    assert.deepEqual(readHold({ by: 'anna', channel: 'baton', reason: 'why' }, now), {
      by: 'anna',
      channel: 'baton',
      reason: 'why',
    });
    const until = new Date(now + 1).toISOString();
    assert.deepEqual(readHold({ by: 'anna', channel: 'baton', until }, now), {
      by: 'anna',
      channel: 'baton',
      until,
    });
    assert.deepEqual(readHold(undefined, now), { by: 'unnamed', channel: 'web-ui' });
    const wrong: [unknown, RegExp][] = [
      [{ until: 'tomorrow' }, /"until" is a time/],
      [{ until: '2026-11-26T11:59:59Z' }, /has passed/],
      [{ until: 7 }, /"until" is a time/],
      [{ reason: 'two\nlines' }, /"reason" is a text on one line/],
      [{ by: '' }, /"by" is a text/],
      [{ channel: {} }, /"channel" is a text/],
    ];
    for (const [value, expected] of wrong)
      assert.match(JSON.stringify(readHold(value, now)).replaceAll('\\"', '"'), expected);
  });

  test('hears whatever is said without falling over it', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const hold = readHold(value, now);
        assert.ok(typeof hold === 'string' || hold.by !== '');
        readRelease(value);
        const heldBack = readHeldBack(value);
        renderHold(heldBack ? withHeldBack(state, heldBack) : state);
      }),
    );
  });

  test('takes only what says what was held back, and when', () => {
    assert.deepEqual(readHeldBack(leftOut('web')), leftOut('web'));
    assert.deepEqual(readHeldBack(waits('web')), waits('web'));
    for (const value of [{}, { what: 'web' }, { what: 'web', at: 'now' }, { ...leftOut('web'), waits: 'x' }])
      assert.equal(readHeldBack(value), undefined, JSON.stringify(value));
  });

  test('forgets the oldest of what was left out, and nothing of what waits', () => {
    let full = withHeldBack(state, waits('first'));
    for (let count = 0; count < mostHeldBack + 5; count += 1) full = withHeldBack(full, leftOut(`n${count}`));
    assert.equal(full.heldBack.length, mostHeldBack);
    assert.equal(full.forgotten, 6);
    assert.equal(full.heldBack[0]?.what, 'first');
    let waiting = state;
    for (let count = 0; count <= mostHeldBack; count += 1)
      waiting = withHeldBack(waiting, waits(`w${count}`));
    assert.equal(waiting.heldBack.length, mostHeldBack + 1);
  });

  test('says what it holds back', () => {
    assert.equal(heldBackText([leftOut('nightly'), waits('web')], 0), 'nightly (left out), web (waits)');
    assert.equal(heldBackText([leftOut('nightly')], 3), '3 more, nightly (left out)');
    const shown = renderHold({
      ...withHeldBack(state, waits('web')),
      reason: 'the disk',
      until: '2026-11-26T14:00:00Z',
    });
    assert.match(shown, /on \*\*nas\*\* since .*, until 2026-11-26T14:00:00Z\.\n\nHeld by anna: the disk\./);
    assert.match(shown, /Held back so far: web \(waits\)\./);
  });
});
