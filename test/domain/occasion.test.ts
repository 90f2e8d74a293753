/** When playbooks apply, and what they say of why. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DiskForecast } from '../../domain/disk-forecast.ts';
import { imageOutdated } from '../../domain/image-update.ts';
import type { Cause, Incident } from '../../domain/incident.ts';
import { occasionsOf, pastWanted, type Picture } from '../../domain/occasion.ts';
import type { Condition, PlaybookStep } from '../../domain/playbook.ts';
import { madePlaybook } from './made-playbook.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const now = Date.UTC(2026, 10, 26, 12);

const incident = (what: string, where: string, more: Partial<Incident> = {}): Incident => ({
  what,
  where,
  evidence: 'as it was seen',
  severity: 'critical',
  openedAt: now - dayMs,
  lastSeenAt: now,
  returns: 0,
  ...more,
});

const picture = (more: Partial<Picture> = {}): Picture => ({
  now,
  causes: [],
  needs: new Map(),
  latest: [],
  forecasts: [],
  ...more,
});

const causes = (...all: Cause[]): Picture => picture({ causes: all });
const alone = (one: Incident): Cause => ({ incident: one, effects: [] });

const restart = (condition: Partial<Condition & { see: 'incident' }> = {}) =>
  madePlaybook({
    name: 'service-restart',
    target: 'service',
    when: [{ see: 'incident', what: 'service-down', severity: 'warning', ...condition }],
    steps: [{ do: 'restart', dependents: false }],
    undo: { possible: true, how: 'It is left as it was.' },
  });

describe('an incident', () => {
  test('is an occasion where it is what the playbook is for', () => {
    const [found, ...more] = occasionsOf(
      restart(),
      causes(alone(incident('service-down', 'shop/db')), alone(incident('drift', 'shop'))),
    );
    assert.deepEqual(more, []);
    assert.deepEqual(found, {
      playbook: 'service-restart',
      target: 'shop/db',
      cause: 'service-down',
      reliability: 1,
      evidence: [
        { what: 'service-down@shop/db', value: 'as it was seen', at: now, freshForMs: 15 * minuteMs },
      ],
      reversible: true,
      changesData: false,
      disruptive: true,
      takesMs: 600_000,
    });
  });

  const cascade: Cause = {
    incident: incident('service-down', 'shop/db'),
    effects: [incident('service-down', 'shop/app')],
  };
  const cases: [string, Partial<Condition & { see: 'incident' }>, Cause, string[]][] = [
    [
      'is none where it is less severe',
      { severity: 'critical' },
      alone(incident('service-down', 'shop/db', { severity: 'warning' })),
      [],
    ],
    ['is none elsewhere', { where: 'media/*' }, alone(incident('service-down', 'shop/db')), []],
    ['with effects is one for what is meant for cascades', { effects: 'some' }, cascade, ['shop/db']],
    ['with effects is none for what is not', { effects: 'none' }, cascade, []],
    ['that is only an effect is none by itself', { where: '*/app' }, cascade, []],
    ['at a place that is no such target is none', {}, alone(incident('service-down', '/srv')), []],
  ];
  for (const [title, condition, cause, targets] of cases)
    test(title, () => {
      const found = occasionsOf(restart(condition), causes(cause));
      assert.deepEqual(
        found.map(({ target }) => target),
        targets,
      );
    });

  test('of a service is one for its stack, once', () => {
    const playbook = madePlaybook({
      target: 'stack',
      when: [{ see: 'incident', what: 'service-slow', severity: 'warning' }],
    });
    const found = occasionsOf(
      playbook,
      causes(alone(incident('service-slow', 'shop/db')), alone(incident('service-slow', 'shop/app'))),
    );
    assert.deepEqual(
      found.map(({ target }) => target),
      ['shop'],
    );
  });
});

const forecast = (inDays: number, more: Partial<DiskForecast> = {}): DiskForecast => ({
  place: '/srv',
  sizeBytes: 100,
  usedBytes: 90,
  past: [],
  record: { scored: 8, covered: 1 },
  forecast: {
    state: 'told',
    madeAt: now - minuteMs,
    horizonMs: 60 * dayMs,
    quarantined: [],
    method: 'mean',
    since: 0,
    coverage: 0.8,
    expected: [],
    record: { origins: 3, skills: [] },
    limit: { limit: 100, at: now + (inDays + 1) * dayMs, from: now + inDays * dayMs },
  },
  ...more,
});

describe('a forecast', () => {
  const playbook = madePlaybook({ when: [{ see: 'forecast', withinMs: 3 * dayMs }] });
  const occasions = (one: DiskForecast) => occasionsOf(playbook, picture({ forecasts: [one] }));

  test('is an occasion that can wait until the early end of its interval', () => {
    const [found] = occasions(forecast(2));
    assert.equal(found?.target, '/srv');
    assert.equal(found.cause, 'disk-filling');
    assert.equal(found.dueAt, now + 2 * dayMs);
  });
  test('is relied on as far as those that came due were right', () => {
    assert.equal(occasions(forecast(2))[0]?.reliability, 0.9);
    assert.equal(occasions(forecast(2, { record: { scored: 0 } }))[0]?.reliability, 0.5);
  });
  test('of a later time, or a muted one, is none', () => {
    assert.deepEqual(occasions(forecast(4)), []);
    const told = forecast(2);
    const muted = { ...told, forecast: { ...told.forecast, state: 'muted', why: 'no better' } };
    assert.deepEqual(occasions(muted as DiskForecast), []);
  });
  test('says by when, where only a warning was seen', () => {
    const full = madePlaybook({ when: [{ see: 'incident', what: 'disk-full', severity: 'warning' }] });
    const at = (severity: Incident['severity']) =>
      occasionsOf(full, {
        ...causes(alone(incident('disk-full', '/srv', { severity }))),
        forecasts: [forecast(2)],
      })[0]?.dueAt;
    assert.equal(at('warning'), now + 2 * dayMs);
    assert.equal(at('critical'), undefined);
  });
  test('is not asked where the incident itself says by when', () => {
    const leak = restart({ what: 'memory-leak', severity: 'info' });
    const at = (severity: Incident['severity']) =>
      occasionsOf(
        leak,
        causes(alone(incident('memory-leak', 'shop/api', { severity, dueAt: now + dayMs }))),
      )[0]?.dueAt;
    assert.equal(at('info'), now + dayMs);
    assert.equal(at('critical'), undefined);
  });
});

describe('a measure', () => {
  const playbook = (forMs?: number) =>
    madePlaybook({
      target: 'service',
      when: [{ see: 'measure', measure: 'memory.used', above: 100, ...(forMs ? { forMs } : {}) }],
    });
  const latest = [{ measure: 'memory.used', place: 'shop/db', at: now, value: 120 }];
  const samples = (every: number, count: number, value = 120) =>
    Array.from({ length: count }, (_, index) => ({
      at: now - (count - 1 - index) * every * minuteMs,
      value,
    }));
  const past = (some: { at: number; value: number }[]) => [
    { measure: 'memory.used', place: 'shop/db', samples: some },
  ];
  const targets = (forMs: number | undefined, more: Partial<Picture>) =>
    occasionsOf(playbook(forMs), picture({ latest, ...more })).map(({ target }) => target);

  test('is an occasion above its limit, and none at it', () => {
    assert.deepEqual(targets(undefined, {}), ['shop/db']);
    assert.deepEqual(targets(undefined, { latest: latest.map((one) => ({ ...one, value: 100 })) }), []);
  });
  test('that must last is one only where all that time is known, and above', () => {
    const hour = 60 * minuteMs;
    assert.deepEqual(targets(hour, { past: past(samples(5, 14)) }), ['shop/db']);
    assert.deepEqual(targets(hour, {}), []);
    assert.deepEqual(targets(hour, { past: past(samples(5, 6)) }), []);
    assert.deepEqual(targets(hour, { past: past(samples(20, 8)) }), []);
    const dip = samples(5, 14).map((one, index) => (index === 8 ? { ...one, value: 90 } : one));
    assert.deepEqual(targets(hour, { past: past(dip) }), []);
  });
  test('asks for as much of the past as the longest condition needs', () => {
    const wanted = pastWanted([playbook(60 * minuteMs), playbook(120 * minuteMs), playbook()]);
    assert.deepEqual(wanted, [{ measure: 'memory.used', forMs: 135 * minuteMs }]);
  });
});

describe('what is told of an occasion', () => {
  test('is of a measure which side of its limit it is on', () => {
    const latest = [
      { measure: 'memory.used', place: 'shop/db', at: now, value: 120 },
      { measure: 'memory.free', place: 'shop/db', at: now, value: 120 },
    ];
    const told = (condition: Partial<Condition & { see: 'measure' }>) =>
      occasionsOf(
        madePlaybook({
          target: 'service',
          when: [{ see: 'measure', measure: 'memory.used', ...condition }],
        }),
        picture({ latest }),
      ).map(({ cause, evidence }) => ({ cause, evidence }));
    const evidence = [{ what: 'memory.used of shop/db', value: '120', at: now, freshForMs: 15 * minuteMs }];
    assert.deepEqual(told({ above: 100 }), [{ cause: 'memory.used-high', evidence }]);
    assert.deepEqual(told({ below: 200 }), [{ cause: 'memory.used-low', evidence }]);
  });

  test('is of a measure over a time its own, of its own place', () => {
    const hour = 60 * minuteMs;
    const samples = Array.from({ length: 14 }, (_, index) => ({
      at: now - index * 5 * minuteMs,
      value: 120,
    }));
    const playbook = madePlaybook({
      target: 'service',
      when: [{ see: 'measure', measure: 'memory.used', above: 100, forMs: hour }],
    });
    const latest = [{ measure: 'memory.used', place: 'shop/db', at: now, value: 120 }];
    for (const other of [
      { measure: 'memory.free', place: 'shop/db' },
      { measure: 'memory.used', place: 'shop/app' },
    ]) {
      const past = [{ ...other, samples: samples.toReversed() }];
      assert.deepEqual(occasionsOf(playbook, picture({ latest, past })), []);
    }
  });

  test('is of a forecast when it was made, and that it may be full as late as the condition says', () => {
    const playbook = madePlaybook({ when: [{ see: 'forecast', withinMs: 2 * dayMs }] });
    const [found] = occasionsOf(playbook, picture({ forecasts: [forecast(2)] }));
    assert.deepEqual(found?.evidence, [
      {
        what: 'forecast of /srv',
        value: 'full at 2026-11-28T12:00:00.000Z at the earliest',
        at: now - minuteMs,
        freshForMs: 6 * 60 * minuteMs,
      },
    ]);
    const endless = forecast(2);
    const { limit: _none, ...open } = endless.forecast as Extract<
      DiskForecast['forecast'],
      { state: 'told' }
    >;
    assert.deepEqual(occasionsOf(playbook, picture({ forecasts: [{ ...endless, forecast: open }] })), []);
  });

  test('is of what only threatens no hour where nobody has foretold one, or only of elsewhere', () => {
    const full = madePlaybook({ when: [{ see: 'incident', what: 'disk-full', severity: 'warning' }] });
    const seen = causes(alone(incident('disk-full', '/srv', { severity: 'warning' })));
    const untold = { ...forecast(2), forecast: { state: 'muted', madeAt: now, why: '' } } as unknown;
    for (const forecasts of [[], [forecast(2, { place: '/var' })], [untold as DiskForecast]])
      assert.equal('dueAt' in (occasionsOf(full, { ...seen, forecasts })[0] ?? {}), false);
  });

  test('is of a cascade that it is none where nothing else is ill by it', () => {
    const [lonely] = [alone(incident('service-down', 'shop/db'))];
    assert.deepEqual(occasionsOf(restart({ effects: 'some' }), causes(lonely)), []);
    assert.equal(occasionsOf(restart({ effects: 'none' }), causes(lonely)).length, 1);
  });

  test('is of a playbook what its steps do to data, and to those who use it', () => {
    const traits = (...steps: PlaybookStep[]): string => {
      const playbook = { ...restart(), steps };
      const [found] = occasionsOf(playbook, causes(alone(incident('service-down', 'shop/db'))));
      return [found?.changesData && 'data', found?.disruptive && 'use'].filter(Boolean).join(', ');
    };
    const question = { title: 'x' } as (PlaybookStep & { do: 'guard' })['question'];
    assert.deepEqual(
      (
        [
          { do: 'restart', dependents: false },
          { do: 'cleanup' },
          { do: 'rotate' },
          { do: 'undo', withData: false },
          { do: 'undo', withData: true },
          { do: 'deploy' },
          { do: 'update' },
          { do: 'maintain', indexes: false },
          { do: 'maintain', indexes: true },
          { do: 'guard', question },
        ] satisfies PlaybookStep[]
      ).map((step) => traits(step)),
      ['use', '', '', 'use', 'data, use', 'use', 'data, use', '', 'use', 'data, use'],
    );
    assert.equal(traits({ do: 'rotate' }, { do: 'update' }), 'data, use', 'as much as its worst step');
  });
});

describe('a newer image', () => {
  const outdated = incident(imageOutdated, 'shop/app', {
    severity: 'info',
    update: {
      ...{ reference: 'app:1', running: 'sha256:old', digest: 'sha256:new', madeAt: now - 30 * dayMs },
      ...{ changelog: 'https://app.example/changes', validated: true, ranBefore: false },
    },
  });
  const playbook = madePlaybook({ target: 'service', when: [{ see: 'update', olderThanMs: dayMs }] });
  const needs = new Map([['shop/app', ['shop/db']]]) as unknown as Picture['needs'];
  const found = (...others: Cause[]) =>
    occasionsOf(playbook, { ...causes(alone(outdated), ...others), needs });

  test('is an occasion that waits for a quiet hour of the week', () => {
    const [one, ...more] = found();
    assert.deepEqual(more, []);
    assert.deepEqual(
      [one?.target, one?.cause, one?.dueAt, one?.image],
      ['shop/app', imageOutdated, now + 7 * dayMs, 'sha256:new'],
    );
    assert.equal(one?.evidence[0]?.what, `${imageOutdated}@shop/app`);
  });

  test('is none while it, its stack, or what it needs is ill', () => {
    for (const where of ['shop/app', 'shop', 'shop/db']) {
      assert.deepEqual(found(alone(incident('service-down', where))), [], where);
      assert.deepEqual(
        found({ incident: incident('drift', 'media'), effects: [incident('service-down', where)] }),
        [],
        `${where}, as an effect`,
      );
    }
    assert.equal(found(alone(incident('service-down', 'media/app'))).length, 1);
    assert.equal(found(alone(incident('service-down', 'shop/db', { severity: 'info' }))).length, 1);
  });

  test('is none of another incident, whatever that says', () => {
    const { update } = outdated;
    const odd = { ...outdated, what: 'drift', ...(update ? { update } : {}) };
    assert.deepEqual(occasionsOf(playbook, causes(alone(odd))), []);
  });
});
