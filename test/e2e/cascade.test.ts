/** Redis dies under a service that signs people in: one incident, mended in order, and trusted more each time that it helped. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Look } from '../../domain/look.ts';
import { Caretaker } from './caretaker.ts';
import { Clock, dayMs } from './clock.ts';
import { databases, makeImage } from './debian-image.ts';
import { Site } from './site.ts';

const auth = `
services:
  redis:
    image: ${databases.name}
    command: [redis-server, --save, "", --protected-mode, "no"]
    stop_signal: SIGKILL
    x-baton: {probe: {exec: [redis-cli, ping]}}
  login:
    image: ${databases.name}
    command: [sh, -c, 'redis-cli -h redis ping | grep -q PONG && exec sleep 100000']
    stop_signal: SIGKILL
    depends_on: {redis: {condition: service_healthy}}
    x-baton: {probe: {exec: [sh, -c, 'redis-cli -h redis ping | grep -q PONG']}}
x-baton: {min_healthy_time: 100ms}
`;

describe('a cascade', () => {
  const clock = new Clock();
  let site: Site;
  let caretaker: Caretaker;
  let stack: string;

  before(async () => {
    site = await Site.open('podman', 'btrfs', clock.environment);
    await makeImage(site, databases);
    caretaker = new Caretaker(site);
    stack = `auth-${site.host}`;
    await site.write('auth.yml', `name: ${stack}${auth}`);
    await caretaker.type('deploy', 'auth.yml');
    await caretaker.type('auto', 'on', '--level', 'aggressive');
  });
  after(async () => {
    await site.baton('auto', 'stop', '--unwind');
    await site.close();
    await clock.close();
  });

  const startedAt = async (service: string): Promise<number> => {
    const found = (await site.containers(stack)).find(({ name }) => name === `${stack}-${service}-1`);
    assert.ok(found?.running, service);
    return Date.parse(found.startedAt);
  };
  const kill = async (): Promise<void> => {
    await site.cli('kill', `${stack}-redis-1`);
  };
  /** What the newest decision on it rests on: `50 %`. */
  const decide = async (): Promise<{ id: string; answer: string; confidence: string }> => {
    await caretaker.cycle();
    const { id, decision } =
      (await caretaker.decisions()).findLast(({ proposal }) => proposal.playbook === 'cascade-restart') ??
      assert.fail('no decision');
    const [, confidence = ''] = /Confidence: (\d+ %)/.exec(await caretaker.type('decisions', id)) ?? [];
    return { id, answer: decision.answer, confidence };
  };

  test('is one incident with one cause', async () => {
    await kill();
    const { out } = await site.baton('health', '--json');
    const { causes } = JSON.parse(out) as Look;
    assert.deepEqual(
      causes
        .filter(({ incident }) => incident.what === 'service-down')
        .map(({ incident, effects }) => [incident.where, effects.map(({ where }) => where)]),
      [[`${stack}/redis`, [`${stack}/login`]]],
    );
  });

  /** Laplace’s rule, with what is days old discounted a little: 2/3, 3/4 and 4/5 would be all of it. */
  test('is asked about while it was seldom mended, and each time that it helped counts', async () => {
    for (const [days, sure] of ['50 %', '66 %', '74 %'].entries()) {
      clock.moveTo(days * dayMs);
      if (days > 0) await kill();
      const { id, answer, confidence } = await decide();
      assert.deepEqual([answer, confidence], ['ask', sure]);
      await caretaker.approve(id);
      await caretaker.helps(id);
      assert.ok((await startedAt('redis')) < (await startedAt('login')), 'the cause first');
    }
  });

  test('is mended unasked once that is on record, within two minutes', async () => {
    clock.moveTo(3 * dayMs);
    const killedAt = performance.now();
    await kill();
    const { id, answer, confidence } = await decide();
    assert.deepEqual([answer, confidence], ['act', '79 %']);
    assert.equal((await caretaker.ended(id)).ended?.outcome, 'done');
    const tookMs = performance.now() - killedAt;
    assert.ok((await startedAt('redis')) < (await startedAt('login')));
    assert.ok(tookMs < 120_000, `${Math.round(tookMs / 1000)} s`);
  });
});
