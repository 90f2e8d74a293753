/** Image updates as a person meets them: a tag of a real registry moves, and what it names now runs once enough is known of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Look } from '../../domain/look.ts';
import { Registry, type Published } from '../host/registry.ts';
import { Caretaker } from './caretaker.ts';
import { Clock, dayMs } from './clock.ts';
import { Site } from './site.ts';

const changes = 'https://lamp.example/changes';
const works: Pick<Published, 'runs' | 'labels'> = {
  runs: ['httpd', '-f', '-p', '80', '-h', '/'],
  labels: { 'org.opencontainers.image.source': changes },
};
const fails: typeof works = { ...works, runs: ['false'] };

describe('an image whose tag has moved', () => {
  const clock = new Clock();
  let registry: Registry;
  let site: Site;
  let caretaker: Caretaker;
  let stack: string;
  const digests: string[] = [];

  before(async () => {
    registry = await Registry.start();
    site = await Site.open('docker', 'btrfs', { ...registry.environment, ...clock.environment });
    caretaker = new Caretaker(site);
    stack = `lamp-${site.host}`;
    digests.push(await registry.publish('stable', { ...works, createdAt: Date.now() - 60 * dayMs }));
    await deploy();
  });
  after(async () => {
    await site.baton('auto', 'stop', '--unwind');
    await site.close();
    const left = await site.cli('images', '-q', '--no-trunc', `${registry.address}/base`);
    await site.engineCli('rmi', '-f', ...new Set(left.split('\n').filter((id) => id !== '')));
    await registry.close();
    await clock.close();
  });

  /** @param keys of `x-baton`, more of them. */
  const deploy = async (keys = ''): Promise<string> => {
    await site.write(
      'lamp.yml',
      `
name: ${stack}
services:
  web:
    image: ${registry.address}/base:stable
    x-baton: { probe: { tcp: 80 }, healthy_deadline: 3s${keys} }
x-baton: { min_healthy_time: 100ms }
`,
    );
    return await caretaker.type('deploy', 'lamp.yml');
  };

  /** What `auto once` saw of it, and nothing else of the machine. */
  const look = async (): Promise<string[]> => {
    const { out } = await site.baton('auto', 'once', '--json');
    const { causes, asked } = JSON.parse(out.split('\n')[0] ?? '') as Look;
    const images = asked.find(({ source }) => source === 'images');
    return [
      ...causes.flatMap(({ incident }) => (incident.what === 'image-outdated' ? [incident.evidence] : [])),
      ...(images?.state === 'unknown'
        ? [images.why]
        : images?.state === 'seen'
          ? (images.unknown ?? [])
          : []),
    ];
  };
  const proposed = async (): Promise<string[]> =>
    (await caretaker.decisions()).map(({ proposal }) => proposal.image ?? proposal.playbook);
  const runs = async (): Promise<string> => {
    const [container] = await site.containers(stack);
    assert.equal(container?.running, true);
    const found = await site.cli('image', 'inspect', container.image, '--format', '{{json .RepoDigests}}');
    return (JSON.parse(found) as string[]).map((one) => one.split('@')[1] ?? '').join(' ');
  };

  test('what its tag names runs: nothing is outstanding', async () => {
    assert.deepEqual(await look(), []);
    const { code, out } = await site.baton('playbook', 'run', 'image-update', `${stack}/web`, '--yes');
    assert.deepEqual([code, /unchanged/.test(out)], [0, true], out);
  });

  test('one that is two days old is told of, with the reason why it waits', async () => {
    digests.push(await registry.publish('stable', { ...works, createdAt: Date.now() - 2 * dayMs }));
    await caretaker.type('auto', 'dry-run');
    clock.moveTo(dayMs / 2);
    const [told = '', ...more] = await look();
    assert.deepEqual(more, []);
    assert.match(
      told,
      /made 2 days ago.*changes: https:\/\/lamp\.example\/changes; not by itself: it is younger than 7 days/,
    );
    assert.deepEqual(await proposed(), []);
    const { code, out, err } = await site.baton('playbook', 'run', 'image-update', `${stack}/web`, '--yes');
    assert.deepEqual([code, /younger than 7 days/.test(out + err)], [1, true], out + err);
    assert.equal(await runs(), digests[0]);
  });

  test('a registry that does not answer is no reason to call it current', async () => {
    await registry.shut();
    clock.moveTo(dayMs);
    const [told = '', silent = ''] = await look();
    await registry.open();
    assert.match(told, /made 2 days ago/);
    assert.match(silent, /connection refused/);
  });

  test('once it is old enough a dry run shows it, and a yes makes it run', async () => {
    clock.moveTo(6 * dayMs);
    const dry = await site.baton('playbook', 'run', 'image-update', `${stack}/web`, '--dry-run');
    assert.deepEqual([dry.code, dry.out.includes(changes)], [0, true], dry.out + dry.err);
    await caretaker.type('auto', 'on', '--level', 'moderate');
    await look();
    const { id, decision, proposal } = await caretaker.open();
    assert.deepEqual([decision.answer, proposal.image], ['ask', digests[1]]);
    await caretaker.approve(id);
    await caretaker.helps(id);
    assert.equal(await runs(), digests[1]);
    assert.deepEqual(await look(), []);
  });

  test('a deploy of its file stays with it', async () => {
    assert.match(await deploy(), /Nothing to do/);
    assert.equal(await runs(), digests[1]);
  });

  test('what a person went back from is not run again', async () => {
    await caretaker.type('undo', stack);
    assert.equal(await runs(), digests[0]);
    clock.moveTo(8 * dayMs);
    const decided = await proposed();
    const [told = ''] = await look();
    assert.match(told, /ran here before/);
    assert.deepEqual(await proposed(), decided);
    await caretaker.type('undo', stack);
  });

  test('one that never becomes healthy is put back, and counts as a failure', async () => {
    clock.moveTo(20 * dayMs);
    digests.push(await registry.publish('stable', { ...fails, createdAt: Date.now() + 10 * dayMs }));
    await look();
    const { id, proposal } = await caretaker.open();
    assert.equal(proposal.image, digests[2]);
    await caretaker.approve(id, 3);
    const { ended, outcome } = await caretaker.ended(id);
    assert.deepEqual([ended?.outcome, outcome?.failed], ['rolled-back', true]);
    assert.equal(await runs(), digests[1]);
  });

  test('what was decided on and is named no more is not run', async () => {
    clock.moveTo(22 * dayMs);
    await look();
    const { id } = await caretaker.open();
    await registry.publish('stable', { ...works, createdAt: Date.now() + 11 * dayMs });
    await caretaker.approve(id, 1);
    assert.equal((await caretaker.ended(id)).ended?.outcome, 'refused');
    assert.equal(await runs(), digests[1]);
  });

  test('where its changes are told, its stack may say: that counts from the next deploy on, and restarts nothing', async () => {
    const before = await site.containers(stack);
    const own = ', changelog: "https://own.example/changes"';
    assert.match(await deploy(own), /Record the release/);
    assert.match(await deploy(own), /Nothing to do/);
    assert.deepEqual(await site.containers(stack), before);
    assert.match((await look())[0] ?? '', /changes: https:\/\/own\.example\/changes/);
  });
});
