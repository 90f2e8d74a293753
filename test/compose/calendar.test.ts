/** Windows that a calendar program writes: iCalendar files, as they come and as they should not. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { readBatonFile } from '../../compose/baton-file.ts';
import { CalendarMistake } from '../../compose/calendar-component.ts';
import { calendarSpans } from '../../compose/calendar.ts';
import { nextOccurrence, readTime } from '../../compose/cron.ts';
import { TookTooLong, within } from '../../compose/time-limit.ts';
import { formatLocation } from '../../domain/problem.ts';
import { nextOpening, type Window } from '../../domain/window.ts';

const berlin = 'Europe/Berlin';
const calendar = (...events: string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', ...events, 'END:VCALENDAR', ''].join('\r\n');
const event = (...lines: string[]): string => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'].join('\r\n');
const year = { from: Date.parse('2026-01-01T00:00:00Z'), to: Date.parse('2027-01-01T00:00:00Z') };
/** `2026-03-29T01:00Z 2026-03-29T03:00Z` */
const spans = (text: string, range = year): string[] =>
  calendarSpans(text, berlin, range).map(({ from, to }) => `${short(from)} ${short(to)}`);
const short = (ms: number): string => new Date(ms).toISOString().replace(':00.000Z', 'Z');

const minuteOf = (at: string): number => (Date.parse(`2026-${at}:00Z`) - year.from) / 60_000;

describe('a calendar', () => {
  const table: [string, string[], string[]][] = [
    [
      'in UTC, with an end',
      ['DTSTART:20260601T010000Z', 'DTEND:20260601T023000Z'],
      ['2026-06-01T01:00Z 2026-06-01T02:30Z'],
    ],
    [
      'on the clock of the window, with a duration',
      ['DTSTART:20260601T010000', 'DURATION:PT90M'],
      ['2026-05-31T23:00Z 2026-06-01T00:30Z'],
    ],
    [
      'in a zone of its own',
      ['DTSTART;TZID=America/New_York:20260601T010000', 'DTEND;TZID=Europe/Berlin:20260601T083000'],
      ['2026-06-01T05:00Z 2026-06-01T06:30Z'],
    ],
    ['of a whole day', ['DTSTART;VALUE=DATE:20261224'], ['2026-12-23T23:00Z 2026-12-24T23:00Z']],
    [
      'of some days',
      ['DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227'],
      ['2026-12-23T23:00Z 2026-12-26T23:00Z'],
    ],
    [
      'a day with 23 hours',
      ['DTSTART;VALUE=DATE:20260329', 'DURATION:P1D'],
      ['2026-03-28T23:00Z 2026-03-29T22:00Z'],
    ],
    ['a day with 25 hours', ['DTSTART;VALUE=DATE:20261025'], ['2026-10-24T22:00Z 2026-10-25T23:00Z']],
    [
      'that begins in the hour left out in spring: an hour later, by the clock',
      ['DTSTART:20260329T023000', 'DTEND:20260329T040000'],
      ['2026-03-29T01:30Z 2026-03-29T02:00Z'],
    ],
    [
      'that begins in the hour that comes twice in autumn: the first time',
      ['DTSTART:20261025T023000', 'DURATION:PT1H'],
      ['2026-10-25T00:30Z 2026-10-25T01:30Z'],
    ],
    [
      'every night of a change of the clock: it ends as the clock shows it',
      ['DTSTART:20260327T010000', 'DTEND:20260327T050000', 'RRULE:FREQ=DAILY;COUNT=3'],
      [
        '2026-03-27T00:00Z 2026-03-27T04:00Z',
        '2026-03-28T00:00Z 2026-03-28T04:00Z',
        '2026-03-29T00:00Z 2026-03-29T03:00Z',
      ],
    ],
    [
      'by a rule until a time, without what is excepted, and with what is added',
      [
        'DTSTART;TZID=Europe/Berlin:20260601T010000',
        'DURATION:PT1H',
        'RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20260609T230000Z',
        'EXDATE;TZID=Europe/Berlin:20260603T010000',
        'EXDATE;VALUE=DATE:20260608',
        'RDATE:20260615T010000Z',
        'RDATE;VALUE=PERIOD:20260616T010000Z/20260616T040000Z,20260617T010000Z/PT3H',
      ],
      [
        '2026-05-31T23:00Z 2026-06-01T00:00Z',
        '2026-06-09T23:00Z 2026-06-10T00:00Z',
        '2026-06-15T01:00Z 2026-06-15T02:00Z',
        '2026-06-16T01:00Z 2026-06-16T04:00Z',
        '2026-06-17T01:00Z 2026-06-17T04:00Z',
      ],
    ],
    [
      'by the last Sunday of each quarter, from long ago',
      ['DTSTART:19990328T030000Z', 'DURATION:PT1H', 'RRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=-1SU'],
      [
        '2026-03-29T03:00Z 2026-03-29T04:00Z',
        '2026-06-28T03:00Z 2026-06-28T04:00Z',
        '2026-09-27T03:00Z 2026-09-27T04:00Z',
        '2026-12-27T03:00Z 2026-12-27T04:00Z',
      ],
    ],
    ['that is cancelled', ['DTSTART:20260601T010000Z', 'DURATION:PT1H', 'STATUS:CANCELLED'], []],
    ['that takes no time', ['DTSTART:20260601T010000Z'], []],
    ['that is over', ['DTSTART:20240601T010000Z', 'DURATION:PT1H'], []],
    [
      'that goes on since last year, beyond this one',
      ['DTSTART:20250601T010000Z', 'DURATION:P1000W'],
      ['2026-01-01T00:00Z 2027-01-01T00:00Z'],
    ],
  ];
  for (const [name, lines, expected] of table)
    test(`is open during an event ${name}`, () => {
      assert.deepEqual(spans(calendar(event(...lines))), expected);
    });

  test('has a time of a rule moved or cancelled by an event that names it', () => {
    assert.deepEqual(
      spans(
        calendar(
          event('UID:a', 'DTSTART:20260601T010000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3'),
          event('UID:a', 'RECURRENCE-ID:20260602T010000Z', 'DTSTART:20260602T200000Z', 'DURATION:PT2H'),
          event('UID:a', 'RECURRENCE-ID:20260603T010000Z', 'DTSTART:20260603T010000Z', 'STATUS:CANCELLED'),
          event('UID:b', 'DTSTART:20260602T010000Z', 'DURATION:PT1M'),
        ),
      ),
      [
        '2026-06-01T01:00Z 2026-06-01T02:00Z',
        '2026-06-02T01:00Z 2026-06-02T01:01Z',
        '2026-06-02T20:00Z 2026-06-02T22:00Z',
      ],
    );
  });

  test('tells zones by their definition where they have no common name', () => {
    const zone = [
      'BEGIN:VTIMEZONE',
      'TZID:Berliner Zeit',
      'BEGIN:STANDARD',
      'DTSTART:19961027T030000',
      'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
      'TZOFFSETFROM:+0200',
      'TZOFFSETTO:+0100',
      'END:STANDARD',
      'BEGIN:DAYLIGHT',
      'DTSTART:19810329T020000',
      'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3',
      'TZOFFSETFROM:+0100',
      'TZOFFSETTO:+0200',
      'END:DAYLIGHT',
      'END:VTIMEZONE',
    ].join('\r\n');
    const nights = (name: string): string =>
      calendar(
        zone,
        event(
          `DTSTART;TZID=${name}:20260101T043000`,
          `DTEND;TZID=${name}:20260101T060000`,
          'RRULE:FREQ=DAILY',
        ),
      );
    assert.deepEqual(spans(nights('Berliner Zeit')), spans(nights('Europe/Berlin')));
  });

  test('finds each hour where cron lines find it, also as the clock changes', () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'Africa/Casablanca',
    ];
    const minutes = fc.integer({ min: 0, max: 365 * 24 * 60 - 1 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), minutes, (zone, minute) => {
        const clock = new Date(year.from + minute * 60_000).toISOString().slice(0, 16);
        const text = calendar(event(`DTSTART:${clock.replaceAll(/[-:]/g, '')}00`, 'DURATION:PT1H'));
        const wide = { from: year.from - 86_400_000, to: year.to + 86_400_000 };
        assert.equal(calendarSpans(text, zone, wide)[0]?.from, readTime(clock, zone), `${zone} ${clock}`);
      }),
      {
        examples: [
          // 02:30 as the clock is set forward and back, in Berlin, New York, and by half an hour on Lord Howe.
          ...['03-29T02:30', '10-25T02:30'].map((at) => ['Europe/Berlin', minuteOf(at)] as [string, number]),
          ...['03-08T02:30', '11-01T01:30'].map(
            (at) => ['America/New_York', minuteOf(at)] as [string, number],
          ),
          ...['10-04T02:15', '04-05T01:45'].map(
            (at) => ['Australia/Lord_Howe', minuteOf(at)] as [string, number],
          ),
        ],
      },
    );
  });

  test('joins what touches, and leaves other things out', () => {
    const text = calendar(
      event('DTSTART:20260601T010000Z', 'DURATION:PT1H', 'SUMMARY:a long', '  name, folded'),
      event('DTSTART:20260601T020000Z', 'DURATION:PT1H', 'BEGIN:VALARM', 'TRIGGER:-PT15M', 'END:VALARM'),
      'BEGIN:VTODO\r\nDTSTART:20260701T010000Z\r\nDURATION:PT1H\r\nEND:VTODO',
    );
    assert.deepEqual(spans(`\uFEFF${text.replaceAll('\r\n', '\n')}`), [
      '2026-06-01T01:00Z 2026-06-01T03:00Z',
    ]);
  });

  test('says the same of a later day, however much of it has passed', () => {
    const days = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
    fc.assert(
      fc.property(
        fc.constantFrom('HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'),
        fc.integer({ min: 1, max: 5 }),
        fc.subarray(days),
        fc.constantFrom('', ';COUNT=40', ';UNTIL=20260401T000000Z'),
        fc.integer({ min: 0, max: 200 }),
        (freq, interval, on, end, later) => {
          const by = on.length > 0 && freq !== 'YEARLY' ? `;BYDAY=${on.join(',')}` : '';
          const text = calendar(
            event(
              `DTSTART;TZID=${berlin}:20251103T013000`,
              'DURATION:PT45M',
              `RRULE:FREQ=${freq};INTERVAL=${interval}${by}${end}`,
            ),
          );
          const to = Date.parse('2026-06-01T00:00:00Z');
          const from = Date.parse('2025-11-01T00:00:00Z');
          const since = from + later * 86_400_000;
          const all = calendarSpans(text, berlin, { from, to });
          assert.deepEqual(
            calendarSpans(text, berlin, { from: since, to }),
            all
              .filter((one) => one.to > since)
              .map((one) => ({ from: Math.max(one.from, since), to: one.to })),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('with a mistake is refused, with the line on which it is', () => {
    const hour = 'DURATION:PT1H';
    const start = 'DTSTART:20260601T010000Z';
    const wrong: [string, number, RegExp][] = [
      ['', 1, /no calendar/],
      ['<html>', 1, /no line of a calendar/],
      ['BEGIN:VCALENDAR\nBEGIN:VEVENT\n', 2, /cut off/],
      [calendar('BEGIN:VEVENT', 'END:VTODO'), 4, /ends BEGIN:VEVENT/],
      [calendar(event(start, 'nonsense')), 5, /no line of a calendar/],
      [calendar(event(hour)), 3, /one DTSTART/],
      [calendar(event(hour, 'DTSTART:tomorrow')), 5, /is no time/],
      [calendar(event('DTSTART:20260230T010000Z', hour)), 4, /is no time/],
      [calendar(event('DTSTART:20260601T250000Z', hour)), 4, /is no time/],
      [calendar(event('DTSTART;TZID=Atlantis:20260601T010000', hour)), 4, /"Atlantis" is not known/],
      [calendar(event(start, 'DTEND:20260601T000000Z')), 5, /before DTSTART/],
      [calendar(event(start, 'DTEND;VALUE=DATE:20260602')), 5, /both days, or both times/],
      [calendar(event(start, 'DURATION:-PT1H')), 5, /negative/],
      [calendar(event(start, 'DURATION:PX')), 5, /DURATION cannot be read/],
      [calendar(event(start, hour, 'RRULE:FREQ=SOMETIMES')), 3, /invalid frequency/],
      [calendar(event(start, hour, 'RRULE:INTERVAL=2')), 6, /how often/],
      [calendar(event(start, hour, 'RRULE:FREQ=DAILY;COUNT=0')), 6, /how often/],
      [calendar(event(start, hour, 'EXRULE:FREQ=DAILY')), 6, /EXRULE is not supported/],
      [calendar(event(start, hour, 'RECURRENCE-ID;RANGE=THISANDFUTURE:20260601T010000Z')), 6, /RANGE/],
      [calendar(event(start, 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY')), 3, /more than 10000 times/],
    ];
    for (const [text, line, message] of wrong)
      assert.throws(
        () => spans(text),
        (error) => {
          assert.ok(error instanceof CalendarMistake, String(error));
          assert.match(error.message, message);
          assert.equal(error.line, line, `${text}\n${error.message}`);
          return true;
        },
        text,
      );
  });

  test('whatever it holds, is read or refused', () => {
    const word = fc.constantFrom(
      ...'DTSTART DTEND RRULE EXDATE RDATE DURATION TZID UID STATUS : ; = , 2026 0601 T01 Z FREQ DAILY WEEKLY COUNT 3 P 1D'.split(
        ' ',
      ),
    );
    const line = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(''));
    const lines = fc.array(line, { maxLength: 5 });
    fc.assert(
      fc.property(lines, (more) => {
        try {
          within(1_000, () => spans(calendar(event('DTSTART:20260601T010000Z', ...more))));
        } catch (error) {
          assert.ok(error instanceof CalendarMistake || error instanceof TookTooLong, String(error));
        }
      }),
    );
  });
});

describe('a calendar in baton.yml', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-calendar-'));
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });
  const read = async (yaml: string, files: Record<string, string> = {}) => {
    for (const [name, text] of Object.entries({ ...files, 'baton.yml': yaml }))
      await writeFile(join(directory, name), text);
    return await readBatonFile(join(directory, 'baton.yml'));
  };
  const mistakes = async (...given: Parameters<typeof read>): Promise<string[]> => {
    const found = await read(...given);
    assert.ok(!found.ok);
    return found.problems.map(
      ({ at, message }) =>
        `${at ? formatLocation(at).replace(/^.*\//, '') : ''} ${message.replaceAll(`${directory}/`, '')}`,
    );
  };
  const nights = calendar(
    event('DTSTART;TZID=Europe/Berlin:20200101T010000', 'DURATION:PT3H', 'RRULE:FREQ=DAILY'),
  );

  test('opens a window, and closes it where another one forbids', async () => {
    const tonight = new Date(Date.now() + 86_400_000);
    const day = tonight.toISOString().slice(0, 10).replaceAll('-', '');
    const found = await read(
      `windows:
  night: {calendar: nights.ics, time_zone: Europe/Berlin, except: [{calendar: ./holidays.ics}]}
`,
      { 'nights.ics': nights, 'holidays.ics': calendar(event(`DTSTART;VALUE=DATE:${day}`)) },
    );
    assert.ok(found.ok, JSON.stringify(found));
    const night = found.settings.windows['night'] as Window;
    const midnight = Date.parse(`${tonight.toISOString().slice(0, 10)}T00:00:00Z`);
    const span = nextOpening([night], midnight, nextOccurrence);
    const clock = new Intl.DateTimeFormat('sv', { timeZone: berlin, dateStyle: 'short', timeStyle: 'short' });
    const next = new Date(midnight + 86_400_000).toISOString().slice(0, 10);
    assert.equal(span && clock.format(span.from), `${next} 01:00`);
    assert.equal(span && clock.format(span.to), `${next} 04:00`);
  });

  test('with mistakes is told with its file and line, and so is one that is not there', async () => {
    assert.deepEqual(
      await mistakes(
        `notify: []
windows:
  a: {calendar: wrong.ics}
  b: {calendar: nowhere.ics}
  c: {calendar: /dev/zero}
  d: {calendar: a.ics, opens: '0 2 * * *', for: 1h}
`,
      ),
      ['baton.yml:6:6 baton.yml.windows.d needs either "opens" and "for", or "calendar".'],
    );
    const [wrong, nowhere, device, huge] = await mistakes(
      `windows:
  a: {calendar: wrong.ics}
  b: {calendar: nowhere.ics}
  c: {calendar: /dev/zero}
  d: {calendar: huge.ics}
`,
      { 'wrong.ics': calendar(event('DTSTART:x')), 'huge.ics': 'x'.repeat(2 ** 20 + 1) },
    );
    assert.match(String(wrong), /^wrong\.ics:4:1 DTSTART: .* is no time\.$/);
    assert.match(String(nowhere), /^baton\.yml:3:17 nowhere\.ics cannot be read: ENOENT/);
    assert.match(String(device), /^baton\.yml:4:17 \/dev\/zero cannot be read/);
    assert.match(String(huge), /^baton\.yml:5:17 huge\.ics cannot be read: .* bytes/);
  });

  test('with a rule that never comes round is given up in time, and the others with it', async () => {
    const never = event(
      'DTSTART:20260101T000000Z',
      'DURATION:PT1H',
      'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
    );
    const began = performance.now();
    const told = await mistakes('windows: {a: {calendar: never.ics}, b: {calendar: never.ics}}\n', {
      'never.ics': calendar(never),
    });
    assert.ok(performance.now() - began < 10_000);
    assert.match(told.join('\n'), /^baton\.yml:1:25 never\.ics takes longer than 2 s/);
    assert.equal(told.length, 2);
  });
});
