/** What a person reads in the morning: the first line first, nothing better than it was, nothing that runs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { briefingOf } from '../../../domain/briefing/briefing.ts';
import type { Facts } from '../../../domain/briefing/facts.ts';
import { htmlOf } from '../../../domain/briefing/html.ts';
import { thinned } from '../../../domain/briefing/looks.ts';
import { whyNotWhole } from '../../../domain/briefing/whole.ts';
import { markdownOf, terminalLines } from '../../../domain/briefing/markdown.ts';
import {
  decided,
  evening,
  facts,
  hourMs,
  incident,
  linesOf,
  minuteMs,
  now,
  operation,
  outcome,
  sectionOf,
} from './made-facts.ts';

const headline = (more: Partial<Facts>): string => briefingOf(facts(more)).headline;
const blind = [{ from: Date.parse('2026-11-26T02:10Z'), to: Date.parse('2026-11-26T02:55Z') }];

describe('the first line', () => {
  const waits: Facts['waits'] = [
    {
      workflowId: 'stack/nas/photos',
      runId: 'r',
      operation,
      stack: 'photos' as never,
      kind: 'deploy',
      waiting: {
        for: 'approval',
        approvals: 1,
        approvedBy: [],
        plan: 'aaaaaaaaaaaa',
        expiresAt: '2026-11-26T20:00:00Z',
      } as never,
    },
  ];
  const ended = {
    workflowId: 'stack/nas/photos',
    what: 'deploy photos',
    on: 'photos',
    outcome: 'needs-human',
    startedAt: now - 2 * hourMs,
    endedAt: now - hourMs,
  };
  const cases: [string, Partial<Facts>, RegExp][] = [
    ['of a quiet night', {}, /^Nothing needs you\.$/],
    [
      'of a week that was not seen',
      { blind: [{ from: now - 7 * 24 * hourMs, to: now }] },
      /^Baton was blind for 7 days: from Thu 19 Nov 06:30 to Thu 26 Nov 06:30\. /,
    ],
    [
      'of a night that was partly not seen',
      { blind },
      /^Baton was blind for 45 min: from Thu 02:10 to 02:55\. Nothing that was seen needs you\.$/,
    ],
    [
      'of a night that nobody saw',
      { looks: [], blind: [{ from: evening, to: now }] },
      /^Nobody looked at this host all that time\. One thing needs you: Baton has not looked yet/,
    ],
    [
      'of one thing',
      { incidents: [incident('shop/db')] },
      /^One thing needs you: service-down at shop\/db since Thu 02:30/,
    ],
    ['of several', { incidents: [incident('shop/db')], waits }, /^2 things need you\.$/],
    [
      'of something that is over',
      { incidents: [incident('shop/db', { closedAt: now - hourMs })] },
      /^Nothing needs you\.$/,
    ],
    [
      'of an operation that needs a person',
      { ended: [ended] },
      /deploy photos ended neither new nor as before/,
    ],
    [
      'of one that was mended since',
      { ended: [ended, { ...ended, outcome: 'done', endedAt: now }] },
      /^Nothing needs you\.$/,
    ],
    [
      'where Baton does not look',
      { looksEveryMs: undefined as never },
      /does not look at this host by itself/,
    ],
    [
      'where something could not be read',
      { missing: ['what stack/nas/web waits for'] },
      /could not be read: what stack\/nas\/web waits for/,
    ],
    [
      'of what is left to a person',
      {
        decisions: [
          decided('d1', {
            decision: {
              answer: 'ask',
              limits: [{ rule: 'budget', atMost: 'ask', why: 'today’s budget is spent' }],
            },
          }),
        ],
      },
      /service-restart on shop\/db \(service-down\) is left to you: today’s budget is spent/,
    ],
    [
      'of a channel that is away',
      { unreachable: ['phone could not be reached'] },
      /phone could not be reached/,
    ],
  ];
  for (const [what, more, expected] of cases)
    test(what, () => {
      assert.match(headline(more), expected);
    });
});

describe('what was wrong', () => {
  const needs = { 'shop/app': ['shop/db'] };
  const db = incident('shop/db', { closedAt: now - 3 * hourMs });

  test('an effect stands under its cause, also when both are over', () => {
    const app = incident('shop/app', { openedAt: now - 4 * hourMs + minuteMs, closedAt: now - 3 * hourMs });
    assert.deepEqual(linesOf('What was wrong', { incidents: [app, db], needs }), [
      'info service-down at shop/db: Thu 02:30 to 03:30 (60 min): exited with code 137',
      '  info service-down at shop/app: Thu 02:31 to 03:30 (59 min): exited with code 137',
    ]);
  });

  test('what was over before something began is not its cause', () => {
    const later = incident('shop/app', { openedAt: now - hourMs });
    const lines = linesOf('What was wrong', { incidents: [db, later], needs });
    assert.deepEqual(
      lines.map((line) => line.startsWith('  ')),
      [false, false],
    );
    assert.match(lines[0] ?? '', /shop\/app: since Thu 05:30 \(60 min\), still/);
  });
});

describe('updates', () => {
  const outstanding = incident('shop/web', {
    what: 'image-outdated',
    severity: 'info',
    update: {
      reference: 'nginx:1.27',
      running: `sha256:${'a'.repeat(64)}`,
      digest: `sha256:${'b'.repeat(64)}`,
      madeAt: now - 9 * 24 * hourMs,
      changelog: 'https://nginx.example/changes',
      validated: true,
      ranBefore: false,
    },
  });
  const monthly = (more: Partial<Facts>) => linesOf('Updates outstanding', { kind: 'monthly', ...more });

  test('that are outstanding are listed with the month, and are nothing that was wrong', () => {
    const over = { ...outstanding, where: 'shop/db', closedAt: now - hourMs };
    const incidents = [outstanding, over];
    assert.deepEqual(monthly({ incidents }), [
      'info shop/web: nginx:1.27 is bbbbbbbbbbbb now, made 9 days ago; aaaaaaaaaaaa runs; changes: https://nginx.example/changes',
    ]);
    assert.deepEqual(linesOf('What was wrong', { kind: 'monthly', incidents }), []);
  });

  test('of which nothing could be asked are told as that', () => {
    const looks = [
      { at: now, score: 95, unknown: ['images (nginx:1.27: connection refused)', 'disks (gone)'] },
    ];
    assert.deepEqual(monthly({ looks }), ['unknown not known: images (nginx:1.27: connection refused)']);
  });
});

describe('what was done', () => {
  const decisions = [decided('d1', { action: { operation, workflowId: 'playbook/nas/x' } })];
  const cases: [string, Facts['outcomes'], RegExp][] = [
    ['helped, where every measurement held', [outcome()], /^good .*helped, measured after 10 min$/],
    [
      'was measured twice',
      [
        outcome({
          measurements: [
            { afterMs: 0, at: now, held: true },
            { afterMs: hourMs, at: now, held: true },
          ],
        }),
      ],
      /^good .*helped, measured at its end, after 60 min$/,
    ],
    [
      'did not help, where one did not',
      [outcome({ measurements: [{ afterMs: hourMs, at: now, held: false }] })],
      /^bad .*did not help/,
    ],
    ['is not measured, and no success', [outcome({ measurements: [] })], /^unknown .*not measured yet/],
    ['failed', [outcome({ failed: true })], /^bad .*: failed$/],
    ['has no outcome on record', [], /^info .*no outcome is on record/],
  ];
  for (const [what, outcomes, expected] of cases)
    test(`an action that ${what}`, () => {
      assert.match(linesOf('What was done', { decisions, outcomes })[0] ?? '', expected);
    });

  test('what went wrong is told however much went well', () => {
    const one = (index: number, result: string) => ({
      workflowId: `stack/nas/s${index}`,
      what: `deploy s${index}`,
      on: `s${index}`,
      outcome: result,
      startedAt: now - hourMs,
      endedAt: now - hourMs + index,
    });
    const ended = [
      one(0, 'rolled-back'),
      ...Array.from({ length: 30 }, (_, index) => one(index + 1, 'done')),
    ];
    const lines = linesOf('What was done', { ended });
    assert.match(lines[0] ?? '', /^warn .*deploy s0: rolled-back/);
    assert.equal(lines.at(-1), 'info and 22 more');
  });

  test('what people and schedules began is told with why, by whom and for how long', () => {
    const one = (what: string, outcome: string, more: object = {}): Facts['ended'][number] => ({
      workflowId: `stack/nas/${what}`,
      what: `deploy ${what}`,
      on: what,
      outcome,
      startedAt: now - hourMs,
      endedAt: now - hourMs + 90_000,
      ...more,
    });
    const ended = [
      one('a', 'done', { by: 'anna' }),
      one('b', 'unchanged'),
      one('c', 'needs-human', { why: 'the engine is gone' }),
      one('d', 'refused'),
    ];
    assert.deepEqual(linesOf('What was done', { ended }), [
      'bad Thu 05:31 deploy c: needs-human: the engine is gone (1m 30s)',
      'warn Thu 05:31 deploy d: refused (1m 30s)',
      'good Thu 05:31 deploy a: done (1m 30s, anna)',
    ]);
    const eight = Array.from({ length: 8 }, (_, index) => one(`s${index}`, 'done'));
    assert.equal(linesOf('What was done', { ended: eight }).length, 8);
    assert.equal(
      linesOf('What was done', { ended: [...eight, one('last', 'done')] }).at(-1),
      'info and 1 more',
    );
  });

  test('an action is told once, by its own outcome, and not while it waits', () => {
    const other = 'ffffffff' as typeof operation;
    const action = { operation, workflowId: 'playbook/nas/x', startsAt: now - hourMs };
    const acted = decided('d1', { action });
    const begun = { workflowId: 'w', what: 'playbook', on: 'shop', operation, startedAt: now, endedAt: now };
    const found = linesOf('What was done', {
      decisions: [acted],
      outcomes: [outcome({ operation: other, failed: true }), outcome()],
      ended: [{ ...begun, outcome: 'done' }],
    });
    assert.deepEqual(found, [
      'good Thu 05:30 service-restart on shop/db (service-down): helped, measured after 10 min',
    ]);
    const waiting = { operation, workflowId: 'w', runId: 'r', stack: 'shop', kind: 'deploy', waiting: {} };
    assert.deepEqual(linesOf('What was done', { decisions: [acted], waits: [waiting as never] }), []);
    const lines = sectionOf('What was done', { decisions: [acted, decided('d2')] })?.lines;
    assert.deepEqual(
      lines?.map(({ next }) => next),
      ['baton decisions d1', 'baton decisions'],
    );
  });

  test('of what came to nothing it is told how much would have been done elsewhere', () => {
    const of = (answer: 'watch' | 'ask', wouldHave?: 'act' | 'schedule' | 'ask') =>
      decided('d', { decision: { answer, limits: [] }, ...(wouldHave ? { wouldHave } : {}) });
    const decisions = [of('watch', 'act'), of('watch', 'schedule'), of('ask', 'ask'), of('ask')];
    assert.deepEqual(linesOf('What was done', { decisions }), [
      'info Of 4 other decisions nothing came: 2 watch, 2 ask; at a level that acts, 2 would have been carried out',
    ]);
    assert.deepEqual(linesOf('What was done', { decisions: [of('ask')] }), [
      'info Of 1 other decision nothing came: 1 ask',
    ]);
  });

  test('doing nothing is told as that', () => {
    const idle = [decided('d1', { decision: { answer: 'watch', limits: [] }, wouldHave: 'act' })];
    assert.deepEqual(linesOf('What was done', { decisions: idle }), [
      'info Of 1 other decision nothing came: 1 watch; at a level that acts, 1 would have been carried out',
    ]);
  });
});

test('every kind of report has its sections, and says where there is nothing', () => {
  for (const kind of ['night', 'morning', 'weekly', 'monthly'] as const) {
    const { sections, end } = briefingOf(facts({ kind }));
    assert.ok(sections.length >= 5, kind);
    assert.ok(sections.every(({ lines, none }) => lines.length > 0 || none !== ''));
    assert.match(end, /^Made Thu 06:30 from 151 looks/);
  }
});

test('names that are hostile stay text, in every form', () => {
  const evil =
    '"><script>alert(1)</script><img src=x onerror=alert(1)>`rm -rf`\u001b]0;x\u0007\n# Nothing needs you\u202e';
  const told = facts({
    host: evil,
    incidents: [incident(evil, { evidence: evil })],
    planned: [{ at: now + hourMs, name: evil, what: evil }],
    unreachable: [evil],
    missing: [evil],
  });
  const briefing = briefingOf(told);
  const page = htmlOf(briefing, told);
  assert.doesNotMatch(page, /<script|<img|<[^>]*\sonerror|\u001b|\u202e/);
  assert.doesNotMatch(page, /<[^>]*\s(?:src|href)=/);
  const markdown = markdownOf(briefing);
  assert.doesNotMatch(markdown, /(?<!\\)<script|\u001b|^# Nothing/m);
  assert.doesNotMatch(terminalLines(briefing).join('\n'), /\u001b|\u0007|^# Nothing/m);
});

test('a page that is empty, or was cut off anywhere, is an error', () => {
  const told = facts();
  const briefing = briefingOf(told);
  const page = htmlOf(briefing, told);
  assert.equal(whyNotWhole(page, briefing), undefined);
  for (const part of [0, 1, 100, page.indexOf('<main>'), page.indexOf('class="end"'), page.length - 1])
    assert.notEqual(whyNotWhole(page.slice(0, part), briefing), undefined, `${part} characters`);
});

test('a dip of one look is not lost in a month', () => {
  const looks = Array.from({ length: 8_640 }, (_, index) => ({
    at: index * 5 * minuteMs,
    score: index === 4_321 ? 40 : 100,
    unknown: [],
  }));
  const few = thinned(looks, { from: 0, to: 8_640 * 5 * minuteMs }, 300);
  assert.ok(few.length <= 300);
  assert.equal(Math.min(...few.map(({ score }) => score)), 40);
});

describe('what stands above and below a report', () => {
  test('is of which time it is', () => {
    const titles = (['night', 'morning', 'weekly', 'monthly'] as const).map(
      (kind) => briefingOf(facts({ kind })).title,
    );
    const days = ': Wed 25 Nov to Thu 26 Nov';
    assert.deepEqual(
      titles,
      ['before the night', 'in the morning', 'of a week', 'of a month'].map((when) => `nas ${when}${days}`),
    );
  });

  test('is how long nobody looked, in three spans at the most', () => {
    const spans = (count: number): Facts['blind'] =>
      Array.from({ length: count }, (_, index) => ({
        from: evening + index * hourMs,
        to: evening + index * hourMs + 10 * minuteMs,
      }));
    const told = (count: number): string => JSON.stringify(briefingOf(facts({ blind: spans(count) })));
    assert.match(told(3), /Baton was blind for 30 min: from Wed 18:00 to 18:10, from [^"]*20:10\./);
    assert.match(told(4), /20:10, and once more\./);
    assert.doesNotMatch(told(4), /21:10/);
  });

  test('is that nobody looked at all', () => {
    const before = [{ at: evening - 1, score: 100, unknown: [] }];
    const all = (looks: Facts['looks']): string => JSON.stringify(briefingOf(facts({ looks })));
    assert.match(all(before), /Nobody looked at this host all that time\./);
    assert.match(all([]), /Nobody looked at this host all that time\./);
    const first = [{ at: evening, score: 100, unknown: [] }];
    assert.doesNotMatch(all(first), /all that time/);
  });

  test('is what it was made from, and what could not be read', () => {
    const foot = (more: Partial<Facts>): string => JSON.stringify(briefingOf(facts(more)));
    assert.match(foot({}), /Made Thu 06:30 from 151 looks, 0 incidents, 0 decisions[^"]*\."/);
    const one = { looks: facts().looks.slice(-1), missing: ['the records', 'Temporal'] };
    assert.match(foot(one), /from 1 look, [^"]*\. Not read: the records; Temporal\."/);
  });
});
