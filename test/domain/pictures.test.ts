/** Pictures of a report: each value at its place, each name harmless, and nothing drawn that nobody saw. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clockIn } from '../../domain/briefing/clock.ts';
import { calibrationOf, type Calibration } from '../../domain/calibration.ts';
import type { DiskForecast } from '../../domain/disk-forecast.ts';
import { calibrationPicture } from '../../domain/pictures/calibration.ts';
import { forecastPicture } from '../../domain/pictures/forecast.ts';
import { healthPicture } from '../../domain/pictures/health.ts';
import {
  area,
  box,
  dot,
  escaped,
  footLabels,
  label,
  line,
  picture,
  rowLabels,
  scaleOf,
} from '../../domain/pictures/svg.ts';
import { trafficPicture } from '../../domain/pictures/traffic.ts';
import type { QuietHours } from '../../domain/quiet-hours.ts';

const clock = clockIn('UTC');
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const now = Date.parse('2026-11-26T06:00:00Z');
/** All shapes of a kind, as they stand there. */
const shapes = (svg: string, kind: string): string[] =>
  [...svg.matchAll(/<(?:polyline|polygon|rect|circle) class="([^"]*)" ([^>]*)\/?>/g)].flatMap(
    ([, of, rest]) => (of === kind ? [(rest ?? '').replace(/\/$/, '')] : []),
  );
const saysOf = (svg: string): string | undefined => /aria-label="([^"]*)"/.exec(svg)?.[1];
const texts = (svg: string): string[] =>
  [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text]) => text ?? '');

describe('a scale', () => {
  const scale = scaleOf([10, 20], [0, 100]);

  test('goes from the lower left to the upper right', () => {
    assert.deepEqual([scale.x(10), scale.x(15), scale.x(20)], [34, 193, 352]);
    assert.deepEqual([scale.y(0), scale.y(50), scale.y(100)], [130, 69, 8]);
  });

  test('rounds to a tenth, and draws at its edge what lies outside', () => {
    assert.equal(scale.x(10.01), 34.3);
    assert.deepEqual([scale.x(-5), scale.x(99), scale.y(-1), scale.y(101)], [34, 352, 130, 8]);
    assert.equal(scaleOf([3, 3], [0, 1]).x(3), 34);
  });
});

describe('a shape', () => {
  const [a, b] = [
    { x: 1, y: 9 },
    { x: 4, y: 2.5 },
  ];

  test('is one element', () => {
    assert.equal(line([a, b], 'grid'), '<polyline class="grid" points="1,9 4,2.5"/>');
    assert.equal(area([a, b], 'band'), '<polygon class="band" points="1,9 4,2.5"/>');
    assert.equal(dot(a, 2.04, 'x'), '<circle class="mark" cx="1" cy="9" r="2"><title>x</title></circle>');
    assert.equal(label(a, 'x', 'end'), '<text x="1" y="9" text-anchor="end">x</text>');
    const corner = '<rect class="bar" x="1" y="2.5" width="3" height="6.5">';
    assert.equal(box(a, b, 'bar'), `${corner}</rect>`);
    assert.equal(box(b, a, 'bar', 'x'), `${corner}<title>x</title></rect>`);
    assert.equal(
      picture('it', 'A', 'B'),
      '<svg viewBox="0 0 360 150" role="img" aria-label="it"><title>it</title>AB</svg>',
    );
  });

  test('of no points is none', () => {
    assert.deepEqual([line([], 'line'), area([], 'band')], ['', '']);
  });

  test('has its names at the left and below', () => {
    assert.equal(
      rowLabels(scaleOf([0, 1], [0, 1]), [
        { at: 0, text: 'a' },
        { at: 1, text: 'b' },
      ]),
      '<text x="30" y="133" text-anchor="end">a</text><text x="30" y="11" text-anchor="end">b</text>',
    );
    assert.equal(
      footLabels('a', 'b'),
      '<text x="34" y="145" text-anchor="start">a</text><text x="352" y="145" text-anchor="end">b</text>',
    );
  });

  test('holds no name that is more than text', () => {
    assert.equal(escaped(`<b a="1" c='2'>&`), '&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;');
    assert.equal(
      escaped('a\u0000\u001f\u007f\u009f\u202e\u2066b\n'),
      'a\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdb\ufffd',
    );
    for (const made of [
      dot({ x: 0, y: 0 }, 1, '<'),
      box({ x: 0, y: 0 }, { x: 1, y: 1 }, 'k', '<'),
      label({ x: 0, y: 0 }, '<', 'start'),
      picture('<'),
    ])
      assert.match(made, /&lt;/);
  });
});

test('a calibration is dots beside a line, the larger the more they stand for', () => {
  const scored = [
    ...Array.from({ length: 9 }, () => ({ promised: 0.95, kept: true })),
    ...Array.from({ length: 4 }, (_, n) => ({ promised: 0.5, kept: n < 3 })),
    ...Array.from({ length: 100 }, () => ({ promised: 0.2, kept: false })),
  ];
  const svg = calibrationPicture(calibrationOf(scored) as Calibration);
  assert.equal(saysOf(svg), 'Of 113 actions 27 % were promised to help, and 10 % did');
  assert.deepEqual(shapes(svg, 'mark'), [
    'cx="97.6" cy="130" r="10"',
    'cx="193" cy="38.5" r="4"',
    'cx="336.1" cy="8" r="5"',
  ]);
  assert.match(svg, /<title>4 actions: 50 % promised, 75 % kept<\/title>/);
  assert.deepEqual(shapes(svg, 'limit'), ['points="34,130 352,8"']);
  assert.deepEqual(shapes(svg, 'grid'), [
    'points="34,130 352,130"',
    'points="34,69 352,69"',
    'points="34,8 352,8"',
  ]);
  assert.deepEqual(texts(svg), ['0 %', '50 %', '100 %', '0 % promised', '100 % promised']);
});

describe('health over time', () => {
  const look = (hour: number, score: number) => ({ at: now + hour * hourMs, score, unknown: [] });
  const period = { from: now, to: now + 10 * hourMs };

  test('is a line from look to look, with its least and its most', () => {
    const svg = healthPicture([look(-1, 5), look(0, 100), look(5, 50), look(10, 75)], [], period, clock);
    assert.equal(saysOf(svg), 'Health from Thu 06:00 to Thu 16:00, between 50 and 100 of 100');
    assert.deepEqual(shapes(svg, 'line'), ['points="34,8 193,69 352,38.5"']);
    assert.deepEqual(shapes(svg, 'grid'), [
      'points="34,130 352,130"',
      'points="34,69 352,69"',
      'points="34,8 352,8"',
    ]);
    assert.deepEqual(texts(svg), ['0', '50', '100', 'Thu 06:00', 'Thu 16:00']);
  });

  test('has no line through what nobody saw', () => {
    const blind = [{ from: now + 2 * hourMs, to: now + 4 * hourMs }];
    const svg = healthPicture([look(0, 100), look(2, 100), look(4, 50), look(5, 50)], blind, period, clock);
    assert.deepEqual(shapes(svg, 'line'), ['points="34,8 97.6,8"', 'points="161.2,69 193,69"']);
    assert.deepEqual(shapes(svg, 'gap'), ['x="97.6" y="8" width="63.6" height="122"']);
    assert.match(svg, /<title>nobody looked<\/title>/);
  });
});

describe('a forecast of a disk', () => {
  const disk = (past: number[], expected: object[], state = 'told'): DiskForecast =>
    ({
      place: '/srv',
      sizeBytes: 1_048_576,
      usedBytes: 0,
      past,
      forecast: { state, madeAt: now, ...(state === 'not enough' ? {} : { expected }) },
    }) as unknown as DiskForecast;
  const half = 524_288;
  const expected = [
    { at: now + dayMs, value: half, low: 0, high: 1_048_576 },
    { at: now + 2 * dayMs, value: 1_048_576, low: half, high: 1_048_576 },
  ];

  test('is what was measured, what is expected, and a band', () => {
    const svg = forecastPicture(disk([0, half], expected), clock);
    assert.equal(saysOf(svg), '/srv: measured until Thu 26 Nov, expected until Sat 28 Nov, full at 1.0 MiB');
    assert.deepEqual(shapes(svg, 'line'), ['points="113.5,130 193,69"']);
    assert.deepEqual(shapes(svg, 'dashed'), ['points="272.5,69 352,8"']);
    assert.deepEqual(shapes(svg, 'band'), ['points="272.5,8 352,8 352,69 272.5,130"']);
    assert.deepEqual(shapes(svg, 'limit'), ['points="34,8 352,8"']);
    assert.deepEqual(shapes(svg, 'grid'), ['points="34,130 352,130"']);
    assert.deepEqual(texts(svg), ['0', '1.0MiB', 'Tue 24 Nov', 'Sat 28 Nov']);
  });

  test('is the past alone where nothing is expected', () => {
    const svg = forecastPicture(disk([0, half], [], 'not enough'), clock);
    assert.deepEqual(shapes(svg, 'line'), ['points="193,130 352,69"']);
    assert.deepEqual([shapes(svg, 'dashed'), shapes(svg, 'band')], [[], []]);
  });

  test('is none of a single value', () => {
    assert.equal(forecastPicture(disk([5], [], 'not enough'), clock), '');
    assert.equal(forecastPicture(disk([], [], 'not enough'), clock), '');
    assert.notEqual(forecastPicture(disk([5], expected.slice(0, 1)), clock), '');
    const same = [
      { ...expected[0], at: now },
      { ...expected[1], at: now },
    ];
    assert.equal(forecastPicture(disk([], same), clock), '');
  });
});

describe('traffic by the hour', () => {
  const quiet = (more: object): QuietHours =>
    ({
      state: 'told',
      shape: 'day',
      usual: 10,
      expected: Array.from({ length: 24 }, (_, hour) => (hour === 5 ? Number.NaN : hour === 6 ? 1_200 : 600)),
      windows: [{ from: 23, hours: 2 }],
      ...more,
    }) as QuietHours;

  test('is a bar for each hour that is known, and a ground for those that were chosen', () => {
    const svg = trafficPicture({ target: 'shop/web', quiet: quiet({}) });
    assert.equal(
      saysOf(svg),
      'Requests for shop/web by the hour of the day, 1200 at most, with its quiet hours',
    );
    assert.deepEqual(
      [shapes(svg, 'bar').length, shapes(svg, 'chosen').length, shapes(svg, 'gap').length],
      [21, 2, 2],
    );
    assert.equal(shapes(svg, 'bar')[0], 'x="47.3" y="69" width="13.2" height="61"');
    assert.deepEqual(shapes(svg, 'gap'), [
      'x="338.8" y="8" width="13.2" height="122"',
      'x="34" y="8" width="13.3" height="122"',
    ]);
    assert.deepEqual(texts(svg), ['0', '1.2K', '00:00', '24:00']);
  });

  test('of a week has its days below', () => {
    const expected = new Array<number>(168).fill(0);
    const svg = trafficPicture({ target: 'x', quiet: quiet({ shape: 'week', expected, windows: [] }) });
    assert.deepEqual(texts(svg), ['0', '1', 'Mon', 'Sun']);
    assert.equal(shapes(svg, 'bar').length, 168);
  });

  test('is none where too little is known', () => {
    assert.equal(trafficPicture({ target: 'x', quiet: { state: 'not enough', why: '' } }), '');
  });
});
