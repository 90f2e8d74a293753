/** A service that no restart mends: Baton tries twice, trusts itself less, and asks, until a person says that they have looked. */
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Caretaker, recordOutcomes } from './caretaker.ts';
import { Site, until } from './site.ts';

/** As the shipped one, but for the half hour between two tries. */
const kick = `
name: kick
title: Restart a service that is down
target: service
when: [{incident: service-down, severity: critical}]
steps: [{restart: service}]
success: {all: [{measure: unhealthy, at_most: 0}]}
undo: {possible: true, how: A service that does not become healthy is left as it was.}
risk: low
cooldown: 1s
needs: {time: 1m}
`;

describe('a restart that does not help', () => {
  let site: Site;
  let caretaker: Caretaker;
  let stack: string;
  let target: string;
  let sick: string;
  before(async () => {
    site = await Site.open('docker', 'btrfs');
    caretaker = new Caretaker(site);
    stack = `pump-${site.host}`;
    target = `${stack}/web`;
    const data = join(site.data, 'pump');
    sick = join(data, 'sick');
    await mkdir(data);
    await site.write('.config/baton/playbooks/kick.yml', kick);
    await site.write(
      '.config/baton/preferences.yml',
      "autonomy: {opt_out: {'*': [service-*, cascade-*, disk-*, drift-*, undo-*, memory-*, snapshot-*]}}\n",
    );
    await site.write(
      'stack.yml',
      `
name: ${stack}
services:
  web:
    image: \${IMAGE}
    command: [sh, -c, "test ! -e /data/sick && exec httpd -f -p 80 -h /; exit 3"]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/pump:/data"]
    x-baton: {probe: {tcp: 80}}
x-baton: {min_healthy_time: 100ms}
`,
    );
    await caretaker.type('deploy', 'stack.yml');
    await recordOutcomes(site, 'kick', target, new Array<boolean>(60).fill(true));
    await writeFile(sick, '');
    await site.cli('stop', `${stack}-web-1`);
    await caretaker.type('auto', 'on', '--level', 'moderate');
  });
  after(async () => {
    await site.baton('auto', 'stop', '--unwind');
    await site.close();
  });

  const answers = async (): Promise<string[]> =>
    (await caretaker.decisions()).flatMap(({ proposal, decision, action }) =>
      proposal.playbook === 'kick' && action ? [decision.answer] : [],
    );

  test('is tried twice, and each failure is on record', async () => {
    for (const told of ['1 action', '2 actions']) {
      await caretaker.cycle();
      const tried = (await caretaker.decisions()).findLast(({ decision }) => decision.answer === 'act');
      assert.ok(tried, await caretaker.type('decisions'));
      const { ended } = await caretaker.ended(tried.id);
      assert.equal(ended?.outcome, 'rolled-back');
      assert.match(await caretaker.type('record'), new RegExp(`${told}, 0 % helped`));
    }
    assert.deepEqual(await answers(), ['act', 'act']);
  });

  test('takes away its own level, and says so', async () => {
    await caretaker.cycle();
    assert.deepEqual(await answers(), ['act', 'act']);
    assert.match(
      await caretaker.type('auto', 'status'),
      /Level now: dry-run, of the last 2 actions 0 helped, where 2.0 were promised/,
    );
    assert.match(await caretaker.type('decisions'), /watch · kick on .* · would have: ask/);
  });

  test('is not tried a third time, though a person raises the level: it asks, and says why', async () => {
    await caretaker.type('auto', 'on', '--level', 'moderate');
    await caretaker.cycle();
    const { id, decision } = await caretaker.open();
    assert.equal(decision.answer, 'ask');
    assert.match(await caretaker.type('decisions', id), /has failed twice in a row/);
    assert.match(await caretaker.type('auto', 'status'), new RegExp(`auto looked-at kick ${target}`));
    await until('the question', async () => (await caretaker.type('pending')).includes(id));
    await site.baton('reject', id);
    assert.equal((await caretaker.ended(id)).ended?.outcome, 'not-approved');
    await caretaker.cycle();
    assert.deepEqual(await answers(), ['act', 'act', 'ask']);
  });

  test('is tried again once a person has looked, and then it helps', async () => {
    await rm(sick);
    await site.cli('start', `${stack}-web-1`);
    await until('all to be well', async () => (await site.baton('auto', 'once')).code === 0);
    // A no stands for as long as the matter is the same; who has looked takes it back.
    await caretaker.type('auto', 'looked-at', 'kick', target);
    await site.cli('stop', `${stack}-web-1`);
    await caretaker.cycle();
    const acted = (await caretaker.decisions()).findLast(({ action }) => action);
    assert.equal(acted?.decision.answer, 'act', await caretaker.type('decisions'));
    assert.equal((await caretaker.ended(acted.id)).ended?.outcome, 'done');
    assert.ok((await site.containers(stack)).every(({ running }) => running));
  });
});
