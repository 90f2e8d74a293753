/** When a proposal is the same as one before: what was answered is not asked again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Incident } from '../../domain/incident.ts';
import type { Occasion } from '../../domain/playbook.ts';
import { proposalOf } from '../../domain/proposal.ts';
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
