/** Updates: when one is outstanding, how old it is, and what keeps it from running by itself. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { healthScore } from '../../domain/health-score.ts';
import {
  exactly,
  isValidated,
  leastAgeMs,
  missingFor,
  updateFinding,
  updateOf,
  type ImageUpdate,
} from '../../domain/image-update.ts';
import { afterLook, causesAmong, type Finding } from '../../domain/incident.ts';
import { occasionsOf } from '../../domain/occasion.ts';
import { proposalOf } from '../../domain/proposal.ts';
import { madePlaybook } from './made-playbook.ts';

const dayMs = 24 * 3_600_000;
const now = Date.parse('2026-11-26T03:00:00Z');
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const runs = { reference: 'docker.io/library/nginx:1.27', digests: [digest('a')] };
const made = (more: Partial<ImageUpdate> = {}): ImageUpdate => ({
  reference: runs.reference,
  running: digest('a'),
  digest: digest('b'),
  madeAt: now - 9 * dayMs,
  changelog: 'https://nginx.example/changes',
  validated: true,
  ranBefore: false,
  ...more,
});

describe('an update', () => {
  const around = { createdAt: now - 60 * dayMs, seenAt: now - dayMs, validated: true, ranBefore: false };
  const ages: [string, number | undefined, number][] = [
    ['is as old as it says', now - 9 * dayMs, now - 9 * dayMs],
    ['that says nothing is as old as it is known', undefined, around.seenAt],
    ['of a build that gives every image one date is as old as it is known', 0, around.seenAt],
    ['that claims the date of what runs is as old as it is known', around.createdAt, around.seenAt],
    ['from the future is as old as it is known', now + dayMs, around.seenAt],
  ];
  for (const [title, createdAt, expected] of ages)
    test(title, () => {
      const tagged = { digest: digest('b'), ...(createdAt === undefined ? {} : { createdAt }) };
      assert.equal(updateOf(runs, tagged, around)?.madeAt, expected);
    });

  test('is none where what the tag names runs, under whichever of its digests', () => {
    const both = { ...runs, digests: [digest('a'), digest('b')] };
    assert.equal(updateOf(both, { digest: digest('b') }, around), undefined);
  });

  test('tells its changes where the stack says so, before its own labels', () => {
    const tagged = { digest: digest('b'), changelog: 'https://label' };
    assert.equal(updateOf(runs, tagged, around)?.changelog, 'https://label');
    assert.equal(updateOf(runs, tagged, { ...around, changelog: 'https://own' })?.changelog, 'https://own');
  });

  test('is run by its digest, whatever the tag names by then', () => {
    assert.equal(exactly(made()), `docker.io/library/nginx@${digest('b')}`);
    assert.equal(exactly(made({ reference: '127.0.0.1:5000/web:1' })), `127.0.0.1:5000/web@${digest('b')}`);
  });

  const missing: [string, Partial<ImageUpdate>, number | undefined, RegExp[]][] = [
    ['of which all is known', {}, 7 * dayMs, []],
    ['as old as is asked for', { madeAt: now - 7 * dayMs }, 7 * dayMs, []],
    ['a minute younger', { madeAt: now - 7 * dayMs + 60_000 }, 7 * dayMs, [/younger than 7 days/]],
    ['where no age is asked for', { madeAt: now }, undefined, []],
    ['that somebody went back from', { ranBefore: true }, 7 * dayMs, [/ran here before/]],
    ['nobody can validate', { validated: false }, 7 * dayMs, [/does not work/]],
    ['of all but its changes', { validated: false, madeAt: now }, 7 * dayMs, [/younger/, /does not work/]],
  ];
  for (const [title, more, olderThanMs, told] of missing)
    test(`${title}: ${told.length} things are missing`, () => {
      const found = missingFor(made(more), olderThanMs, now);
      assert.equal(found.length, told.length, found.join('\n'));
      for (const [index, one] of told.entries()) assert.match(found[index] ?? '', one);
    });

  test('without a link to its changes says which key gives one', () => {
    const { changelog: _none, ...rest } = made();
    assert.match(missingFor(rest, 7 * dayMs, now).join(), /x-baton: changelog/);
  });

  test('must be as old as the least that a playbook says, if one does', () => {
    const when = (days: number) => ({ when: [{ see: 'update' as const, olderThanMs: days * dayMs }] });
    assert.equal(leastAgeMs([when(9), { when: [] }, when(3)]), 3 * dayMs);
    assert.equal(leastAgeMs([{ when: [] }]), undefined);
  });

  test('never looks older than it is', () => {
    const { evidence } = updateFinding('shop/web', made({ madeAt: now - 6.9 * dayMs }), 7 * dayMs, now);
    assert.match(evidence, /made 6 days ago.*not by itself: it is younger than 7 days/);
  });
});

describe('whether anything would tell that it does not work', () => {
  const tcp = { type: 'tcp', port: 80 } as never;
  const cases: [string, Parameters<typeof isValidated>[0], boolean, boolean][] = [
    ['nothing', { validate: [] }, false, false],
    ['a probe', { validate: [], probe: tcp }, false, true],
    ['a check of the service', { validate: [tcp] }, false, true],
    ['the healthcheck of the image', { validate: [] }, true, true],
    ['one that is switched off', { validate: [], healthcheck: 'disabled' }, true, false],
    ['one of its own', { validate: [], healthcheck: { test: ['CMD', 'true'] } }, false, true],
    ['times of one that is not there', { validate: [], healthcheck: { retries: 2 } }, false, false],
  ];
  for (const [title, service, hasHealthcheck, expected] of cases)
    test(title, () => {
      assert.equal(isValidated(service, { validate: [] }, hasHealthcheck), expected);
    });

  test('a check of the stack', () => {
    assert.equal(isValidated({ validate: [] }, { validate: [tcp] }, false), true);
  });
});

describe('an update that is outstanding', () => {
  const needs = new Map([['shop/web', ['shop/db']]]);
  const down = (where: string): Finding => ({
    what: 'service-down',
    where,
    state: 'critical',
    evidence: 'exited',
  });
  const outdated = (where: string, more: Partial<ImageUpdate> = {}) =>
    updateFinding(where, made(more), 7 * dayMs, now);
  const causes = (...findings: Finding[]) => causesAmong(afterLook([], findings, now), needs);

  test('costs no points, however many there are', () => {
    const many = Array.from({ length: 60 }, (_, index) => outdated(`shop/s${index}`));
    assert.deepEqual(healthScore(causes(...many), []), { score: 100, losses: [] });
  });

  test('brings nothing about, and is no effect', () => {
    const found = causes(outdated('shop/db'), down('shop/web'), outdated('shop/web'));
    assert.deepEqual(
      found.map(({ incident, effects }) => [incident.what, incident.where, effects.length]),
      [
        ['service-down', 'shop/web', 0],
        ['image-outdated', 'shop/db', 0],
        ['image-outdated', 'shop/web', 0],
      ],
    );
  });

  test('is over once it runs', () => {
    const open = afterLook([], [outdated('shop/web')], now);
    const [closed] = afterLook(open, [updateFinding('shop/web', undefined, undefined, now)], now + dayMs);
    assert.equal(closed?.closedAt, now + dayMs);
  });

  const playbook = madePlaybook({
    name: 'image-update',
    target: 'service',
    when: [{ see: 'update', olderThanMs: 7 * dayMs }],
    steps: [{ do: 'update' }],
    undo: { possible: true, how: 'baton undo' },
  });
  const occasions = (...findings: Finding[]) =>
    occasionsOf(playbook, { now, causes: causes(...findings), needs, latest: [], forecasts: [] });

  test('is an occasion for exactly its digest, that can wait for an hour that disturbs few', () => {
    const [one, ...more] = occasions(outdated('shop/web'));
    assert.deepEqual(more, []);
    assert.deepEqual(
      [one?.target, one?.image, one?.disruptive, one?.changesData, one?.reversible],
      ['shop/web', digest('b'), true, true, true],
    );
    assert.ok((one?.dueAt ?? 0) > now);
  });

  const none: [string, Finding[]][] = [
    ['too young', [outdated('shop/web', { madeAt: now - 6 * dayMs })]],
    ['that nothing would validate', [outdated('shop/web', { validated: false })]],
    ['of what is ill itself', [outdated('shop/web'), down('shop/web')]],
    ['of a stack that is ill as a whole', [outdated('shop/web'), down('shop')]],
    ['of what needs something that is ill', [outdated('shop/web'), down('shop/db')]],
  ];
  for (const [title, findings] of none)
    test(`${title} is no occasion`, () => {
      assert.deepEqual(occasions(...findings), []);
    });

  test('is one beside what is ill elsewhere', () => {
    assert.equal(occasions(outdated('shop/db'), down('shop/web')).length, 1);
  });

  test('is proposed anew with the next digest, for what was said of one is not said of another', () => {
    const proposed = (more: Partial<ImageUpdate>) => {
      const [one] = occasions(outdated('shop/web', more));
      assert.ok(one);
      return proposalOf(one, { causes: causes(outdated('shop/web', more)), needs, now }).id;
    };
    assert.equal(proposed({}), proposed({}));
    assert.notEqual(proposed({}), proposed({ digest: digest('c') }));
  });
});
