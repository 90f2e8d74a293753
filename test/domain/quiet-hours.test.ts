/** When few use a target: told from enough only, by the clock of the host, with an interval. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import ICAL from 'ical.js';
import { quietCalendar } from '../../domain/quiet-calendar.ts';
import {
  quietHours,
  weekHourIn,
  wholeHours,
  windowText,
  type QuietWindow,
  type TrafficHour,
} from '../../domain/quiet-hours.ts';

const hourMs = 3_600_000;
/** A Monday. */
const start = Date.parse('2026-06-01T00:00:00Z');
const weekHour = weekHourIn('UTC');
const measured = (hours: number, value: (hour: number) => number): TrafficHour[] =>
  Array.from({ length: hours }, (_, index) => ({ at: start + index * hourMs, value: value(index) }));
const wish = { hours: 2, count: 1 };
/** Busy but for Sunday from 4 to 6. */
const weekly = (hour: number): number => ([148, 149].includes(hour % 168) ? 1 : 100);

describe('quiet hours', () => {
  test('of less than three days are not told', () => {
    const flat = (hours: number) =>
      quietHours(
        measured(hours, () => 1),
        weekHour,
        wish,
      );
    assert.deepEqual(flat(71), {
      state: 'not enough',
      why: '71 hours were measured; the shape of a day shows from 72 on',
    });
    assert.equal(flat(72).state, 'told');
  });

  test('count an hour once, however often it was measured', () => {
    const twice = measured(71, () => 1).flatMap((one) => [one, { ...one, at: one.at + hourMs / 2 }]);
    assert.equal(quietHours(twice, weekHour, wish).state, 'not enough');
  });

  test('of exactly two weeks have the shape of a week', () => {
    const found = quietHours(measured(336, weekly), weekHour, wish);
    assert.ok(found.state === 'told');
    assert.deepEqual([found.shape, found.usual, found.expected.length], ['week', 100, 168]);
  });

  test('of days of which no hours in a row were measured twice are none', () => {
    const even = measured(400, weekly).filter(({ at }) => weekHour(at) % 2 === 0);
    assert.deepEqual(quietHours(even, weekHour, wish), {
      state: 'not enough',
      why: 'no 2 hours in a row were measured twice',
    });
  });

  test('that are as quiet are chosen where the most was less, then from Monday on', () => {
    const values = (hour: number): number => {
      const [h, week] = [hour % 168, Math.floor(hour / 168)];
      if (h === 100) return 5;
      // The same in the middle, but once as many as on other days.
      return h === 20 ? ([5, 5, 50][week] ?? 5) : h === 140 ? 5 : 100;
    };
    const found = quietHours(measured(504, values), weekHour, { hours: 1, count: 3 });
    assert.ok(found.state === 'told');
    assert.deepEqual(
      found.windows.map(({ from }) => from),
      [100, 140, 20],
    );
  });

  test('may follow on each other', () => {
    const found = quietHours(
      measured(200, (hour) => (hour % 24 < 4 ? 1 : 9)),
      weekHour,
      { hours: 2, count: 2 },
    );
    assert.ok(found.state === 'told');
    assert.deepEqual(
      found.windows.map(({ from }) => from),
      [0, 2],
    );
  });

  test('are a share of what is usual, and none where nobody ever comes', () => {
    const shareOf = (value: (hour: number) => number): number | undefined => {
      const found = quietHours(measured(400, value), weekHour, wish);
      return found.state === 'told' ? found.windows[0]?.share : undefined;
    };
    assert.equal(shareOf(weekly), 0.01);
    assert.equal(
      shareOf(() => 0),
      0,
    );
  });

  test('are written by their day, or as every day', () => {
    const at = (from: number, hours = 2): QuietWindow => ({
      from,
      hours,
      expected: 0,
      low: 0,
      high: 0,
      share: 0,
    });
    assert.deepEqual(
      Array.from({ length: 7 }, (_, day) => windowText(at(day * 24 + 9), 'week')),
      ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map((day) => `${day} 09:00 to 11:00`),
    );
    assert.equal(windowText(at(23), 'day'), 'every day 23:00 to 01:00');
  });

  test('leave out the hours that were not looked at all the while', () => {
    const hours = [12, 12, 12, 9, 8, 12].map((count) => ({ count }));
    assert.deepEqual(
      wholeHours(hours),
      [12, 12, 12, 9, 12].map((count) => ({ count })),
    );
    assert.deepEqual(wholeHours([]), []);
  });

  test('of less than two weeks have the shape of a day', () => {
    const found = quietHours(
      measured(200, (hour) => (hour % 24 < 2 ? 1 : 9)),
      weekHour,
      wish,
    );
    assert.ok(found.state === 'told' && found.windows[0]);
    assert.equal(windowText(found.windows[0], found.shape), 'every day 00:00 to 02:00');
  });

  test('of two weeks have the shape of a week, and an interval', () => {
    const found = quietHours(
      measured(337, (hour) => weekly(hour) + (hour >= 168 ? 4 : 0)),
      weekHour,
      wish,
    );
    assert.ok(found.state === 'told' && found.windows[0]);
    const [{ expected, low, high }] = found.windows as [(typeof found.windows)[0]];
    assert.equal(windowText(found.windows[0], found.shape), 'Sun 04:00 to 06:00');
    assert.deepEqual([expected, low, high], [3, 1, 5]);
  });

  test('hours that were measured once, or not at all, are not chosen', () => {
    const gaps = measured(400, weekly).filter(({ at }) => weekHour(at) !== 148);
    const found = quietHours(gaps, weekHour, wish);
    assert.ok(found.state === 'told');
    assert.ok(found.windows.every(({ from }) => ![147, 148].includes(from)));
  });

  test('impossible values are left out', () => {
    const found = quietHours(
      [
        ...measured(400, weekly),
        ...[-5, -5, -5, Number.NaN, Infinity].map((value) => ({ at: start, value })),
      ],
      weekHour,
      wish,
    );
    assert.ok(found.state === 'told' && found.windows[0]);
    assert.equal(found.windows[0].from, 148);
    assert.equal(found.expected[0], 100);
  });

  test('go by the clock of the host, also in summer', () => {
    assert.equal(weekHourIn('Europe/Berlin')(start), 2);
    assert.equal(weekHourIn('America/New_York')(start), 6 * 24 + 20);
  });

  test('windows do not touch, and none is quieter than the first', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { minLength: 168, maxLength: 168 }), (values) => {
        const found = quietHours(
          measured(504, (hour) => values[hour % 168] ?? 0),
          weekHour,
          { hours: 3, count: 3 },
        );
        assert.ok(found.state === 'told');
        const [first] = found.windows;
        for (const one of found.windows) assert.ok(one.expected >= (first?.expected ?? 0));
        for (const one of found.windows)
          for (const other of found.windows)
            if (one !== other) assert.ok((other.from - one.from + 168) % 168 >= 3);
      }),
    );
  });
});

describe('their calendar', () => {
  const calendarOf = (shape: 'day' | 'week', from: number, now: number, target = 'shop'): string[] =>
    quietCalendar(
      [
        { target: 'unknown', quiet: { state: 'not enough', why: '' } },
        {
          target,
          quiet: {
            state: 'told',
            shape,
            usual: 1,
            expected: [],
            windows: [{ from, hours: 2, expected: 0, low: 0, high: 0, share: 0 }],
          },
        },
      ],
      now,
    ).split('\r\n');
  const beginOf = (shape: 'day' | 'week', from: number, now: number): string | undefined =>
    calendarOf(shape, from, now).find((line) => line.startsWith('DTSTART:'));

  test('is one event for each window', () => {
    assert.deepEqual(calendarOf('day', 3, start), [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//Baton//windows//EN',
      'BEGIN:VEVENT',
      'UID:73686f70-day-3-2@baton',
      'DTSTAMP:20260601T000000Z',
      'DTSTART:20260602T030000',
      'DTEND:20260602T050000',
      'RRULE:FREQ=DAILY',
      'SUMMARY:shop: quiet\\, every day 03:00 to 05:00',
      'TRANSP:TRANSPARENT',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ]);
  });

  test('begins on the next such day, a week from now where that is today', () => {
    const noon = start + 12 * hourMs;
    assert.deepEqual(
      [0, 1, 2, 6].map((day) => beginOf('week', day * 24 + 4, noon)),
      ['20260608T040000', '20260602T040000', '20260603T040000', '20260607T040000'].map(
        (at) => `DTSTART:${at}`,
      ),
    );
    const saturday = start + 5 * 24 * hourMs;
    assert.equal(beginOf('week', 6 * 24, saturday), 'DTSTART:20260607T000000');
    assert.equal(beginOf('week', 0, saturday), 'DTSTART:20260608T000000');
    assert.ok(calendarOf('week', 0, saturday).includes('RRULE:FREQ=WEEKLY'));
  });

  test('has lines of 75 octets at the most, cut between characters', () => {
    const lines = calendarOf('day', 3, start, 'x'.repeat(200));
    const uid = lines.findIndex((line) => line.startsWith('UID:'));
    assert.equal(lines[uid]?.length, 73);
    assert.equal(lines[uid + 1]?.length, 74);
    assert.equal(lines[uid + 1]?.[0], ' ');
  });

  test('is one that others read, whatever a target is called', () => {
    const quiet = quietHours(measured(400, weekly), weekHour, wish);
    const target = `shop; web, the "best"\r\nEND:VCALENDAR ${'ü'.repeat(80)}`;
    const text = quietCalendar([{ target, quiet }], start);
    for (const line of text.split('\r\n')) assert.ok(Buffer.byteLength(line) <= 75, line);
    const events = new ICAL.Component(ICAL.parse(text) as never).getAllSubcomponents('vevent');
    assert.equal(events.length, 1);
    const event = new ICAL.Event(events[0]);
    assert.ok(event.summary.startsWith('shop; web, the "best" END:VCALENDAR ü'));
    assert.equal(event.startDate.toString(), '2026-06-07T04:00:00');
    assert.equal(event.endDate.toString(), '2026-06-07T06:00:00');
    assert.ok(event.isRecurring());
  });
});
