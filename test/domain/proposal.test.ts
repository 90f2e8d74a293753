/** When a proposal is the same as one before: what was answered is not asked again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Incident } from '../../domain/incident.ts';
import type { Occasion } from '../../domain/playbook.ts';
import { countDependents, proposalOf, withEveryPlace } from '../../domain/proposal.ts';
import { hourMs, incident, now } from './briefing/made-facts.ts';

const occasion = (target: string): Occasion => ({
  playbook: 'undo-recent-deploy',
  target,
  cause: 'slower-since-deploy',
  evidence: [],
  reliability: 1,
  reversible: true,
  changesData: false,
  disruptive: true,
  takesMs: 60_000,
});
const idAt = (time: number, target: string, ...incidents: Incident[]): string =>
  proposalOf(occasion(target), {
    causes: incidents.map((one) => ({ incident: one, effects: [] })),
    needs: new Map(),
    now: time,
  }).id;
const slower = (where: string, openedAt: number): Incident =>
  incident(where, { what: 'slower-since-deploy', openedAt });

describe('a proposal is the same', () => {
  for (const [what, where] of [
    ['a service', 'shop/web'],
    ['a stack, for what one of its services has', 'shop'],
  ] as const) {
    const first = slower('shop/web', now);

    test(`on ${what}, for as long as the incident is, also the next day`, () => {
      assert.equal(idAt(now + 30 * hourMs, where, first), idAt(now, where, first));
    });

    test(`on ${what}, until another incident of the kind opens`, () => {
      assert.notEqual(idAt(now, where, slower('shop/web', now + hourMs)), idAt(now, where, first));
    });
  }

  test('on a stack whatever another one has', () => {
    const other = slower('blog/web', now - hourMs);
    assert.equal(
      idAt(now, 'shop', other, slower('shop/web', now)),
      idAt(now, 'shop', slower('shop/web', now)),
    );
  });

  test('where nothing is open yet, for a day', () => {
    assert.equal(idAt(now, '/srv'), idAt(now + 60_000, '/srv'));
    assert.notEqual(idAt(now, '/srv'), idAt(now + 24 * hourMs, '/srv'));
  });
});

describe('what a proposal touches', () => {
  const needs = withEveryPlace(
    new Map([
      ['shop', ['shop/web', 'shop/db']],
      ['shop/web', ['shop/db']],
      ['blog/web', ['shop']],
      ['my-shop/web', ['shop/web']],
    ]),
  );
  const touched = (target: string): string[] =>
    proposalOf(occasion(target), { causes: [], needs, now }).touches.sort();

  test('is the target, its services, and whatever needs them, near or far', () => {
    assert.deepEqual(touched('shop/db'), ['blog/web', 'my-shop/web', 'shop/db', 'shop/web']);
    assert.deepEqual(touched('shop'), ['blog/web', 'shop', 'shop/db', 'shop/web']);
    assert.deepEqual(touched('/srv'), ['/srv']);
  });

  test('are so many services, where the target is known', () => {
    assert.equal(countDependents('shop/db', needs), 3);
    assert.equal(countDependents('my-shop/web', needs), 0);
    assert.equal(countDependents('nowhere', needs), 'unknown');
    const whole = new Map([['all', ['shop/db']], ...needs]);
    assert.equal(countDependents('shop/db', whole), 3, 'a stack that stands for its services is none');
  });

  test('is named by what it is about, and by the image where it is of one', () => {
    const id = (more: object): string =>
      proposalOf({ ...occasion('shop/web'), ...more }, { causes: [], needs, now }).id;
    assert.equal(id({}), 'undo-recent-deploy shop/web slower-since-deploy 2026-11-26');
    assert.equal(
      id({ image: 'sha256:1' }),
      'undo-recent-deploy shop/web slower-since-deploy 2026-11-26 sha256:1',
    );
  });

  test('is about the incident of its own kind, that is still open', () => {
    const closed = { ...slower('shop/web', now - hourMs), closedAt: now };
    const other = incident('shop/web', { what: 'service-down', openedAt: now - 2 * hourMs });
    assert.equal(idAt(now, 'shop/web', closed, other), idAt(now, 'shop/web'));
    const caused = { incident: other, effects: [slower('shop/web', now - hourMs)] };
    const { id } = proposalOf(occasion('shop/web'), { causes: [caused], needs, now });
    assert.ok(id.endsWith('2026-11-26T05:30:00.000Z'), id);
  });
});
