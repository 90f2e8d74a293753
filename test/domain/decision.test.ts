/** Decisions: a table for every rule, and that what is not known never makes Baton bolder. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { levels, levelUnder, type Level, type Preferences } from '../../domain/autonomy.ts';
import {
  answers,
  decide,
  decideAll,
  decisionWithout,
  type Answer,
  type Circumstances,
  type Proposal,
  type RuleName,
} from '../../domain/decision.ts';

const hourMs = 3_600_000;
const now = Date.parse('2026-11-26T18:00:00Z');
const tonight = { from: now + 8 * hourMs, to: now + 10 * hourMs, why: 'the small hours' };

const preferences: Preferences = {
  weekday: { maxActions: 5 },
  weekend: { maxActions: 5 },
  minConfidence: {},
  protected: ['vault*'],
  optOuts: [{ target: 'jellyfin', playbooks: ['service-*'] }],
  quietHours: { opens: '0 3 * * *', lastsMs: 2 * hourMs, except: [] },
};

const restart: Proposal = {
  id: 'a',
  playbook: 'service-restart',
  target: 'immich',
  cause: 'crash-loop',
  evidence: [{ what: 'restarts of immich', value: '7 in 10 min', at: now - 60_000, freshForMs: hourMs }],
  reversible: true,
  changesData: false,
  disruptive: true,
  takesMs: 60_000,
  touches: ['immich'],
};

const confidence = (value: number): Circumstances['confidence'] => ({
  value,
  own: { helped: 10, of: 10 },
  wider: { helped: 0, of: 0 },
  lent: { helped: 0, of: 0 },
  reliability: 1,
});

/** It never failed: at other places, and once here. */
const elsewhere = { ...confidence(0.99), own: { helped: 0, of: 0 }, wider: { helped: 90, of: 90 } };
const lately = { ...elsewhere, own: { helped: 0.9, of: 0.9 } };
const asksLess = { 'service-restart': 0.6 };

const calm: Circumstances = {
  now,
  level: { level: 'moderate', why: 'as set' },
  preferences,
  confidence: confidence(0.9),
  budgetLeft: 3,
  stopped: false,
  busyWith: [],
  ended: [],
  heldBy: [],
  dependents: 0,
  activeUsers: 0,
  restoreProved: true,
  isOwnPart: false,
  decided: false,
  window: tonight,
};

const leak = { dueAt: now + 30 * hourMs };
const [fresh] = restart.evidence;
assert.ok(fresh);
const { value: _value, ...unknown } = fresh;

const tooSeldom = (level: Level): string => `it was measured too seldom on immich itself (${level}: as set)`;
const noWayBack = 'it cannot be undone, and no restore of its data was proved';

/** `why`: in the words that a person reads. */
type Row = [answer: Answer, why: string, proposal: Partial<Proposal>, around: Partial<Circumstances>];
const table: Record<RuleName, Row[]> = {
  off: [['nothing', 'Baton does not act by itself: as set', {}, { level: { level: 'off', why: 'as set' } }]],
  'opted-out': [
    ['nothing', 'preferences.yml takes jellyfin out of service-restart', { target: 'jellyfin' }, {}],
  ],
  decided: [['nothing', 'it was decided on before, and that decision stands', {}, { decided: true }]],
  'out-of-reach': [['nothing', 'it cannot help: all is in use', {}, { outOfReach: 'all is in use' }]],
  'dry-run': [
    [
      'watch',
      'it only watches: as set',
      {},
      { level: { level: 'dry-run', why: 'as set' }, confidence: confidence(0.96) },
    ],
  ],
  held: [
    ['watch', 'held by anna, ben', {}, { heldBy: ['anna', 'ben'] }],
    ['watch', 'whether somebody holds the host is not known', {}, { heldBy: 'unknown' }],
  ],
  stale: [
    [
      'watch',
      'restarts of immich is too old to decide on',
      { evidence: [{ ...fresh, at: now - hourMs - 1 }] },
      {},
    ],
  ],
  'no-evidence': [['watch', 'nothing that was observed speaks for it', { evidence: [] }, {}]],
  unknown: [['ask', 'restarts of immich is not known', { evidence: [unknown] }, {}]],
  busy: [
    [
      'watch',
      'deploy of immich, backup is under way there',
      {},
      { busyWith: ['deploy of immich', 'backup'] },
    ],
    ['watch', 'what else runs on the target is not known', {}, { busyWith: 'unknown' }],
  ],
  overtaken: [
    [
      'watch',
      'restarts of immich was seen before undo of immich had ended',
      {},
      {
        ended: [
          { what: 'deploy of immich', at: fresh.at - 1 },
          { what: 'undo of immich', at: fresh.at },
        ],
      },
    ],
  ],
  'cool-down': [['watch', 'its last attempt here was too short a time ago', {}, { coolsDownUntil: now + 1 }]],
  stopped: [
    [
      'ask',
      'service-restart has failed twice in a row on immich, and nobody has looked since',
      {},
      { stopped: true },
    ],
  ],
  protected: [['ask', 'preferences.yml protects vaultwarden', { target: 'vaultwarden' }, {}]],
  'own-part': [['ask', 'Baton itself stands on immich', {}, { isOwnPart: true }]],
  'no-record': [
    [
      'ask',
      'it was never done before, here or elsewhere',
      {},
      { confidence: { ...confidence(0.9), own: { helped: 0, of: 0 } } },
    ],
  ],
  confidence: [
    [
      'ask',
      '85 % are needed (moderate: as set); it has 84 %: (10 of 10 here + 1) / (10 + 2) = 91 %',
      {},
      { confidence: confidence(0.84) },
    ],
    [
      'ask',
      '99 % are needed (moderate: as set); it has 90 %: (10 of 10 here + 1) / (10 + 2) = 91 %',
      {},
      { preferences: { ...preferences, minConfidence: { 'service-restart': 0.99 } } },
    ],
  ],
  'new-here': [
    ['ask', tooSeldom('moderate'), {}, { confidence: elsewhere }],
    [
      'ask',
      tooSeldom('moderate'),
      {},
      { confidence: elsewhere, preferences: { ...preferences, minConfidence: asksLess } },
    ],
    [
      'ask',
      tooSeldom('conservative'),
      {},
      { confidence: lately, level: { level: 'conservative', why: 'as set' } },
    ],
  ],
  dependents: [
    ['ask', '5 services depend on it, more than 4 (moderate)', {}, { dependents: 5 }],
    ['ask', 'what depends on the target is not known', {}, { dependents: 'unknown' }],
  ],
  irreversible: [
    ['ask', noWayBack, { reversible: false, changesData: true }, { restoreProved: false }],
    ['ask', noWayBack, { reversible: false, changesData: true }, { restoreProved: 'unknown' }],
  ],
  budget: [
    ['ask', 'today’s budget is spent', {}, { budgetLeft: 0 }],
    ['ask', 'how much of today’s budget is left is not known', {}, { budgetLeft: 'unknown' }],
  ],
  'no-window': [
    [
      'ask',
      'it need not be done at once, and no hour is known in which it disturbs few',
      leak,
      { window: 'unknown' },
    ],
  ],
  users: [
    ['schedule', '2 use it now', leak, { activeUsers: 2 }],
    ['schedule', 'how many use it now is not known', leak, { activeUsers: 'unknown' }],
    ['ask', 'how many use it now is not known', { dueAt: now + hourMs }, { activeUsers: 'unknown' }],
  ],
  'can-wait': [['schedule', 'it can wait for the small hours', leak, {}]],
};

/** A hair’s breadth from a rule: it does not speak. */
const spared: [what: string, rule: RuleName, proposal: Partial<Proposal>, around: Partial<Circumstances>][] =
  [
    ['evidence of just the age that is fresh', 'stale', { evidence: [{ ...fresh, at: now - hourMs }] }, {}],
    [
      'what was seen after the last end',
      'overtaken',
      {},
      { ended: [{ what: 'deploy of immich', at: now - 60_001 }] },
    ],
    ['an attempt whose time is just over', 'cool-down', {}, { coolsDownUntil: now }],
    ['as many dependents as are allowed', 'dependents', {}, { dependents: 4 }],
    [
      'what disturbs nobody, whatever depends',
      'dependents',
      { disruptive: false },
      { dependents: 'unknown' },
    ],
    ['the last of the budget', 'budget', {}, { budgetLeft: 1 }],
    ['just as much as is needed', 'confidence', {}, { confidence: confidence(0.85) }],
    ['what can be undone, unproven', 'irreversible', { changesData: true }, { restoreProved: false }],
    ['what changes no data, unproven', 'irreversible', { reversible: false }, { restoreProved: false }],
    ['what is proven', 'irreversible', { reversible: false, changesData: true }, { restoreProved: true }],
    ['what is due now, without a quiet hour', 'no-window', {}, { window: 'unknown' }],
    ['what disturbs nobody, whoever is there', 'users', { ...leak, disruptive: false }, { activeUsers: 9 }],
    ['what is due now, whoever is there', 'users', {}, { activeUsers: 'unknown' }],
    ['what harms before the quiet hour', 'users', { dueAt: now + hourMs }, { activeUsers: 9 }],
    ['a quiet hour that is now', 'can-wait', leak, { window: { ...tonight, from: now } }],
    ['what lasts longer than the quiet hour', 'can-wait', { ...leak, takesMs: 2 * hourMs + 1 }, {}],
  ];

describe('a decision', () => {
  test('acts where nothing speaks against it', () => {
    assert.deepEqual(decide(restart, calm), { answer: 'act', limits: [] });
  });

  for (const [rule, rows] of Object.entries(table))
    for (const [answer, why, proposal, around] of rows)
      test(`${rule}: ${answer} for ${JSON.stringify({ ...proposal, ...around }).slice(0, 90)}`, () => {
        const decision = decide({ ...restart, ...proposal }, { ...calm, ...around });
        assert.equal(decision.answer, answer);
        assert.deepEqual(
          decision.limits.filter((limit) => limit.rule === rule),
          [{ rule, atMost: answer, why }],
        );
      });

  for (const [what, rule, proposal, around] of spared)
    test(`${rule} spares ${what}`, () => {
      const { limits } = decide({ ...restart, ...proposal }, { ...calm, ...around });
      assert.deepEqual(
        limits.filter((limit) => limit.rule === rule),
        [],
      );
    });

  test('tells the strictest limit first', () => {
    const { limits } = decide(
      { ...restart, evidence: [unknown] },
      { ...calm, budgetLeft: 0, busyWith: ['backup'], isOwnPart: true },
    );
    assert.deepEqual(
      limits.map(({ rule }) => rule),
      ['busy', 'unknown', 'own-part', 'budget'],
    );
  });

  test('may end with the window, and with the harm, to the millisecond', () => {
    const lasts = { ...restart, takesMs: 2 * hourMs };
    assert.equal(decide({ ...lasts, dueAt: tonight.to }, calm).answer, 'schedule');
    assert.equal(decide({ ...lasts, dueAt: tonight.to - 1 }, calm).answer, 'act');
  });

  test('names the window only where it waits for it', () => {
    assert.deepEqual(decide({ ...restart, ...leak }, calm).window, tonight);
    assert.equal('window' in decide({ ...restart, ...leak }, { ...calm, isOwnPart: true }), false);
    assert.equal('window' in decide(restart, calm), false);
  });

  test('acts at once where the harm comes before the quiet hour, and in it where it does not', () => {
    const crowded = { ...calm, activeUsers: 40 };
    assert.equal(decide({ ...restart, dueAt: now + 7 * hourMs }, crowded).answer, 'act');
    assert.deepEqual(decide({ ...restart, dueAt: tonight.to }, crowded).window, tonight);
    assert.equal(
      decide({ ...restart, ...leak }, { ...calm, now: tonight.from, activeUsers: 0 }).answer,
      'watch',
    );
  });

  test('an override lets through what the level would not', () => {
    const around = {
      ...calm,
      confidence: confidence(0.6),
      preferences: { ...preferences, minConfidence: { 'service-restart': 0.6 } },
    };
    assert.equal(decide(restart, around).answer, 'act');
  });

  test('what never failed elsewhere is done at a new place at the boldest level, or once it was done there', () => {
    const around = { ...calm, confidence: elsewhere };
    assert.equal(decide(restart, { ...around, level: { level: 'aggressive', why: 'as set' } }).answer, 'act');
    assert.equal(decide(restart, { ...around, confidence: lately }).answer, 'act', 'once here');
  });

  test('what it would have come to without a rule is told, for a dry run', () => {
    const around: Circumstances = {
      ...calm,
      level: { level: 'dry-run', why: 'as set' },
      confidence: confidence(0.96),
    };
    const decision = decide(restart, around);
    assert.equal(decision.answer, 'watch');
    assert.equal(decisionWithout(decision, ['dry-run'], around).answer, 'act');
    assert.equal(decisionWithout(decision, ['held'], around).answer, 'watch');
  });

  test('the most careful of what caps a level counts', () => {
    assert.deepEqual(
      levelUnder([
        { level: 'aggressive', why: 'as set' },
        { level: 'conservative', why: 'on weekdays' },
        { level: 'moderate', why: 'by its record' },
      ]),
      { level: 'conservative', why: 'on weekdays' },
    );
  });
});

describe('several decisions at once', () => {
  const one = (id: string, target: string, more: Partial<Proposal> = {}) => ({
    proposal: { ...restart, id, target, touches: [target], ...more },
    around: { ...calm, budgetLeft: 2 },
  });
  const answersOf = (all: ReturnType<typeof one>[]): Record<string, Answer> =>
    Object.fromEntries(decideAll(all).map(({ proposal, decision }) => [proposal.id, decision.answer]));

  test('never spend more than the budget, the most pressing first', () => {
    const all = [
      one('later', 'a', { dueAt: now + hourMs }),
      one('now', 'b'),
      one('soon', 'c', { dueAt: now + 1 }),
    ];
    assert.deepEqual(answersOf(all), { now: 'act', soon: 'act', later: 'ask' });
  });

  test('spend on what is left for later, and not on what is asked or watched', () => {
    const waits = { dueAt: now + 30 * hourMs };
    const all = [one('a', 'a', waits), one('b', 'b', waits), one('c', 'c', { dueAt: now + 31 * hourMs })];
    assert.deepEqual(answersOf(all), { a: 'schedule', b: 'schedule', c: 'ask' });
    const asked = [one('a', 'vault'), one('b', 'jellyfin'), one('c', 'c'), one('d', 'd')];
    assert.deepEqual(answersOf(asked), { a: 'ask', b: 'nothing', c: 'act', d: 'act' });
  });

  test('what is not known of the budget, or of what runs, stays unknown', () => {
    const unsure = (more: Partial<Circumstances>) => {
      const { proposal, around } = one('a', 'a');
      return decideAll([{ proposal, around: { ...around, ...more } }])[0]?.decision.limits.map(
        ({ why }) => why,
      );
    };
    assert.deepEqual(unsure({ budgetLeft: 'unknown' }), ['how much of today’s budget is left is not known']);
    assert.deepEqual(unsure({ busyWith: 'unknown' }), ['what else runs on the target is not known']);
  });

  test('touch nothing twice, and say what is in the way', () => {
    const all = [one('redis', 'redis', { touches: ['redis', 'authelia'] }), one('zauth', 'authelia')];
    assert.deepEqual(answersOf(all), { redis: 'act', zauth: 'watch' });
    const [, second] = decideAll(all);
    assert.deepEqual(
      second?.decision.limits.map(({ why }) => why),
      ['service-restart on redis is under way there'],
    );
  });

  test('nothing is in the way of others where nothing comes of it', () => {
    const watched = one('a', 'shared');
    const cooling = { ...watched, around: { ...watched.around, coolsDownUntil: now + 1 } };
    assert.deepEqual(answersOf([cooling, one('b', 'shared')]), { a: 'watch', b: 'act' });
    const optedOut = one('a', 'jellyfin', { touches: ['shared'] });
    assert.deepEqual(answersOf([optedOut, one('b', 'shared')]), { a: 'nothing', b: 'act' });
  });

  test('ask about nothing twice, the surer one first', () => {
    const asked = (id: string, value: number) => {
      const { proposal, around } = one(id, '/srv');
      return { proposal, around: { ...around, confidence: { ...around.confidence, value } } };
    };
    assert.deepEqual(answersOf([asked('rotate', 0.4), asked('clean', 0.5)]), {
      clean: 'ask',
      rotate: 'watch',
    });
  });

  test('the order in which they are asked changes nothing', () => {
    const all = ['a', 'b', 'c', 'd'].map((id) => one(id, id));
    assert.deepEqual(answersOf([...all].reverse()), answersOf(all));
  });
});

describe('what holds of every decision', () => {
  const rank = (answer: Answer): number => answers.indexOf(answer);
  const count = fc.oneof(fc.constant('unknown' as const), fc.nat({ max: 15 }));
  const proposal = fc.record({
    ...(Object.fromEntries(Object.entries(restart).map(([key, value]) => [key, fc.constant(value)])) as {
      [Key in keyof typeof restart]-?: fc.Arbitrary<(typeof restart)[Key]>;
    }),
    target: fc.constantFrom('immich', 'jellyfin', 'vaultwarden'),
    reversible: fc.boolean(),
    changesData: fc.boolean(),
    disruptive: fc.boolean(),
    takesMs: fc.nat({ max: 3 * hourMs }),
  });
  const due = fc.option(fc.integer({ min: now, max: now + 40 * hourMs }), { nil: undefined });
  const proposals = fc
    .tuple(proposal, due)
    .map(([{ dueAt: _none, image: _noImage, ...one }, dueAt]): Proposal =>
      dueAt === undefined ? one : { ...one, dueAt },
    );
  const circumstances = fc.record({
    now: fc.constant(now),
    level: fc.constantFrom(...levels).map((level: Level) => ({ level, why: 'as set' })),
    preferences: fc.constantFrom(preferences, { ...preferences, minConfidence: asksLess }),
    confidence: fc
      .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 4, noNaN: true }))
      .map(([value, of]) => ({ ...confidence(value), own: { helped: of, of } })),
    budgetLeft: count,
    stopped: fc.boolean(),
    busyWith: fc.constantFrom<string[] | 'unknown'>([], ['deploy of immich'], 'unknown'),
    ended: fc.constantFrom([], [{ what: 'deploy of immich', at: now }]),
    heldBy: fc.constantFrom<string[] | 'unknown'>([], ['anna'], 'unknown'),
    dependents: count,
    activeUsers: count,
    restoreProved: fc.constantFrom<boolean | 'unknown'>(true, false, 'unknown'),
    isOwnPart: fc.boolean(),
    decided: fc.boolean(),
    window: fc.constantFrom<Circumstances['window']>('unknown', tonight, {
      from: now - hourMs,
      to: now + hourMs,
      why: 'these hours',
    }),
  });

  test('a lower level never acts more', () => {
    fc.assert(
      fc.property(proposals, circumstances, (given, around) => {
        const ranks = levels.map((level) =>
          rank(decide(given, { ...around, level: { level, why: '' } }).answer),
        );
        assert.deepEqual(
          ranks,
          [...ranks].sort((a, b) => a - b),
        );
      }),
    );
  });

  const loseable = [
    'budgetLeft',
    'busyWith',
    'heldBy',
    'dependents',
    'activeUsers',
    'restoreProved',
    'window',
  ] as const;
  test('what becomes unknown never makes it bolder', () => {
    fc.assert(
      fc.property(proposals, circumstances, fc.subarray([...loseable]), (given, around, lost) => {
        const less = { ...around, ...Object.fromEntries(lost.map((key) => [key, 'unknown'])) };
        const [before, after] = [around, less].map((one) => decide(given, one).answer) as [Answer, Answer];
        assert.ok(rank(after) <= rank(before), `${before} became ${after}`);
      }),
      { numRuns: 1_000 },
    );
  });

  test('evidence that grows stale, or is lost, never makes it bolder', () => {
    const spoilt = fc.constantFrom<Proposal['evidence']>(
      [],
      [{ ...fresh, at: now - 2 * hourMs }],
      [fresh, unknown],
    );
    fc.assert(
      fc.property(proposals, circumstances, spoilt, (given, around, evidence) => {
        assert.ok(rank(decide({ ...given, evidence }, around).answer) <= rank(decide(given, around).answer));
      }),
    );
  });

  test('no number of proposals spends more than the budget', () => {
    const many = fc.array(fc.tuple(proposals, circumstances), { maxLength: 12 });
    fc.assert(
      fc.property(many, fc.nat({ max: 6 }), (all, budgetLeft) => {
        const decided = decideAll(
          all.map(([given, around], index) => ({
            proposal: { ...given, id: String(index), touches: [String(index)] },
            around: { ...around, budgetLeft },
          })),
        );
        const spent = decided.filter(({ decision: { answer } }) => rank(answer) >= rank('schedule'));
        assert.ok(spent.length <= budgetLeft);
      }),
    );
  });
});
