import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { nextOpening, type NextOccurrence, type Window } from '../../domain/window.ts';

const hour = 3_600_000;
/** A clock of hours: `"2/24"` occurs at 2, 26, 50 … */
const everyHours: NextOccurrence = (line, _zone, after) => {
  const [first = 0, period = 0] = line.split('/').map(Number);
  if (period === 0) return first * hour > after ? first * hour : undefined;
  const turns = Math.max(0, Math.floor((after - first * hour) / (period * hour)) + 1);
  return (first + turns * period) * hour;
};
const night: Window = { opens: '2/24', lastsMs: 3 * hour, except: [] };
const opening = (windows: Window[], from: number, needs = 0): [number, number] | undefined => {
  const span = nextOpening(windows, from * hour, everyHours, needs * hour);
  return span && [span.from / hour, span.to / hour];
};

describe('a window', () => {
  test('is told as it opens next, or from now where it is open', () => {
    assert.deepEqual(opening([night], 0), [2, 5]);
    assert.deepEqual(opening([night], 2), [2, 5]);
    assert.deepEqual(opening([night], 4), [4, 5]);
    assert.deepEqual(opening([night], 5), [26, 29]);
  });

  test('is left out where too little of it is left', () => {
    assert.deepEqual(opening([night], 3, 2), [3, 5]);
    assert.deepEqual(opening([night], 4, 2), [26, 29]);
    assert.equal(opening([night], 0, 4), undefined);
  });

  test('is closed in what is excepted, once or repeatedly', () => {
    const cut = { ...night, except: [{ from: 3 * hour, to: 4 * hour }] };
    assert.deepEqual(opening([cut], 0), [2, 3]);
    assert.deepEqual(opening([cut], 3), [4, 5]);
    const never = { ...night, except: [{ opens: '0/24', lastsMs: 6 * hour }] };
    assert.equal(opening([never], 0), undefined);
    const everySecond = { ...night, except: [{ opens: '0/48', lastsMs: 6 * hour }] };
    assert.deepEqual(opening([everySecond], 0), [26, 29]);
  });

  test('is found behind exceptions of weeks, however many there are', () => {
    const holidays = Array.from({ length: 400 }, (_, day) => ({
      from: (24 * day + 1) * hour,
      to: (24 * day + 6) * hour,
    }));
    assert.deepEqual(opening([{ ...night, except: holidays }], 0), [24 * 400 + 2, 24 * 400 + 5]);
    const short: Window = { opens: '0/1', lastsMs: hour / 4, except: [{ from: 0, to: 2_000 * hour }] };
    assert.deepEqual(opening([short], 0), [2_000, 2_000.25]);
    const often: Window = { ...night, except: [{ opens: '0/1', lastsMs: hour / 2 }] };
    assert.deepEqual(opening([often], 0), [2.5, 3]);
  });

  test('that opens as it closes is open all the while', () => {
    const always: Window = { opens: '0/1', lastsMs: hour, except: [] };
    assert.deepEqual(opening([always], 7, 5)?.[0], 7);
    const overlapping: Window = {
      opens: '0/2',
      lastsMs: 3 * hour,
      except: [{ from: 50 * hour, to: 51 * hour }],
    };
    assert.deepEqual(opening([overlapping], 7, 5), [7, 50]);
    assert.deepEqual(opening([overlapping, night], 48, 2), [51, 53]);
  });

  test('of a calendar is open during its events, and not during those of one that is excepted', () => {
    const during = (...spans: [number, number][]) => ({
      calendar: '/srv/hours.ics',
      spans: spans.map(([from, to]) => ({ from: from * hour, to: to * hour })),
    });
    const window: Window = { ...during([2, 5], [10, 20], [30, 31]), except: [during([0, 3], [12, 13])] };
    assert.deepEqual(opening([window], 0), [3, 5]);
    assert.deepEqual(opening([window], 5), [10, 12]);
    assert.deepEqual(opening([window], 5, 4), [13, 20]);
    assert.deepEqual(opening([window], 20), [30, 31]);
    assert.equal(opening([window], 31), undefined);
    assert.deepEqual(opening([{ ...night, except: [during([0, 3])] }], 0), [3, 5]);
  });

  test('that does not come again is not waited for', () => {
    assert.equal(opening([{ opens: '2', lastsMs: hour, except: [] }], 4), undefined);
  });

  test('of several, all must be open', () => {
    const late: Window = { opens: '4/24', lastsMs: 3 * hour, except: [] };
    assert.deepEqual(opening([night, late], 0), [4, 5]);
    const other: Window = { opens: '10/24', lastsMs: hour, except: [] };
    assert.equal(opening([night, other], 0), undefined);
    assert.deepEqual(opening([], 7), [7, Infinity]);
  });

  test('is never told while an exception holds, and never before it was asked for', () => {
    const span = fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 30 }));
    fc.assert(
      fc.property(
        fc.array(span, { maxLength: 4 }),
        fc.nat(100),
        fc.integer({ min: 1, max: 23 }),
        (closed, from, lasts) => {
          const except = closed.map(([start, length]) => ({
            from: start * hour,
            to: (start + length) * hour,
          }));
          const found = nextOpening(
            [{ opens: '2/24', lastsMs: lasts * hour, except }],
            from * hour,
            everyHours,
          );
          assert.ok(found && found.from >= from * hour && found.to > found.from);
          assert.ok(except.every((one) => one.to <= found.from || one.from >= found.to));
          // It is open there by its own rule too.
          assert.ok((found.from / hour - 2 + 24) % 24 < lasts);
        },
      ),
    );
  });
});
