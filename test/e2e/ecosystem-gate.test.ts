/** All of an ecosystem waits once, for people or for an hour, and what was agreed to is what runs: on a real engine, as a person types it. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { oneService, Site, until } from './site.ts';

const stacks = ['left', 'right'] as const;

describe('an ecosystem with a gate', () => {
  let site: Site;
  let settings: string;
  before(async () => {
    site = await Site.open('podman', 'btrfs');
    const directory = join(site.environment['XDG_CONFIG_HOME'] ?? '', 'baton');
    await mkdir(directory, { recursive: true });
    settings = join(directory, 'baton.yml');
    await all(1);
    await site.write(
      'all.yml',
      'stack:\n  name: home\n  base:\n    - stack: left.yml\n  edge:\n    - stack: right.yml\n',
    );
  });
  after(async () => {
    await site.close();
  });
  const all = async (version: number): Promise<void> => {
    for (const name of stacks) await site.write(`${name}.yml`, oneService(name, version));
  };
  const versions = async (): Promise<(string | undefined)[]> =>
    await Promise.all(
      stacks.map(async (name) => {
        const [container] = await site.containers(name);
        // In the middle of a deploy it may be gone by now.
        const told = container && (await site.cli('inspect', container.id).catch(() => ''));
        return told && /VERSION=(\d+)/.exec(told)?.[1];
      }),
    );
  type Pending = { stack: string; waiting: { for: string; plan: string; who?: string[] } };
  const pending = async (): Promise<Pending[]> =>
    (await site.baton('pending', '--json', '--host', site.host)).out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Pending);
  const planOf = async (): Promise<string> => (await pending())[0]?.waiting.plan ?? '';

  test('is one question about all of its stacks, and nothing runs yet', async () => {
    const { code, out } = await site.baton('deploy', 'all.yml', '--approve');
    assert.equal(code, 6);
    assert.match(out, /Waits for an approval; (?:.|\n)*baton approve home/);
    assert.deepEqual(
      (await pending()).map(({ stack, waiting }) => [stack, waiting.for]),
      [['home', 'approval']],
    );
    assert.deepEqual(await versions(), [undefined, undefined]);
    const busy = await site.baton('deploy', 'all.yml');
    assert.match(busy.err, /"home" is busy: deploy \(operation [0-9a-f]{8}\) waits for an approval/);
  });

  test('what is approved is what runs, though its files have been edited meanwhile', async () => {
    await all(2);
    const { code, out } = await site.baton('approve', 'home', '--plan', await planOf());
    assert.equal(code, 0, out);
    assert.deepEqual(await versions(), ['1', '1']);
    assert.deepEqual(await pending(), []);
    assert.match(
      (await site.baton('audit')).out,
      /deploy home \([0-9a-f]{8}\) · \S+: approve, plan [0-9a-f]{12}/,
    );
  });

  test('a stack that was changed by another meanwhile makes another plan, which is asked for anew', async () => {
    assert.equal((await site.baton('deploy', 'all.yml', '--approve')).code, 6);
    const first = await planOf();
    await site.write('left.yml', oneService('left', 3));
    assert.equal((await site.baton('deploy', 'left.yml')).code, 0);
    const again = await site.baton('approve', 'home', '--plan', first);
    assert.equal(again.code, 6, again.out);
    const second = await planOf();
    assert.notEqual(second, first);
    assert.deepEqual(await versions(), ['3', '1']);
    assert.equal((await site.baton('approve', 'home', '--plan', second)).code, 0);
    // As it was asked for: what the files said by then.
    assert.deepEqual(await versions(), ['2', '2']);
  });

  test('one stack that has to wait by baton.yml makes all of it wait, and only where it would change', async () => {
    await writeFile(settings, 'gates:\n  - {stacks: [left], who: [nobody-here]}\n');
    await site.write('left.yml', oneService('left', 2));
    await site.write('right.yml', oneService('right', 4));
    assert.equal((await site.baton('deploy', 'all.yml')).code, 0);
    assert.deepEqual(await versions(), ['2', '4']);
    await all(5);
    assert.equal((await site.baton('deploy', 'all.yml')).code, 6);
    assert.deepEqual((await pending())[0]?.waiting.who, ['nobody-here']);
    assert.equal((await site.baton('cancel', 'home')).code, 3);
    assert.deepEqual(await versions(), ['2', '4']);
  });

  test('a rule for its own name counts, and a no changes nothing', async () => {
    await writeFile(settings, 'gates:\n  - {stacks: [home]}\n');
    assert.equal((await site.baton('deploy', 'all.yml')).code, 6);
    const { code, out } = await site.baton('reject', 'home', '--comment', 'not today');
    assert.equal(code, 1);
    assert.match(out, /Rejected by .*: not today\./);
    assert.deepEqual(await versions(), ['2', '4']);
  });

  test('rules that leave nobody who may approve all of it refuse it', async () => {
    await writeFile(
      settings,
      'gates:\n  - {stacks: [left], who: [anna]}\n  - {stacks: [right], who: [ben]}\n',
    );
    const { code, out } = await site.baton('deploy', 'all.yml');
    assert.equal(code, 1);
    assert.match(out, /It takes 1 to approve all of it, and baton\.yml asks anna; and ben\./);
    assert.deepEqual(await versions(), ['2', '4']);
    await writeFile(settings, '');
  });

  test('waits for its hour, and begins when somebody says so', async () => {
    const at = new Date(Date.now() + 30 * 3_600_000).toISOString();
    const { code, out } = await site.baton('deploy', 'all.yml', '--at', at);
    assert.equal(code, 0);
    assert.match(out, /Starts \w{3} \d\d:\d\d, in 29h 5\dm\n.*baton start home/);
    assert.equal((await site.baton('start', 'home')).code, 0);
    assert.deepEqual(await versions(), ['5', '5']);
  });

  test('what an earlier stack brings is no reason for the later one to do something else', async () => {
    const network = `${site.host}-shared`;
    const data = join(site.data, 'shared');
    const own = (name: string, external: boolean, requires: string): string => `
name: ${name}
services:
  web:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /]
    stop_signal: SIGKILL
    networks: [shared]
    volumes: ["${data}:/data"]
    x-baton: {probe: {tcp: 80}}
networks: {shared: {name: ${network}, external: ${external}}}
x-baton: {min_healthy_time: 100ms, requires: [${requires}]}
`;
    await site.write('maker.yml', own('maker', false, ''));
    await site.write('user.yml', own('user', true, 'maker'));
    await site.write(
      'pair.yml',
      'stack:\n  name: pair\n  base:\n    - stack: maker.yml\n  edge:\n    - stack: user.yml\n',
    );
    assert.equal((await site.baton('deploy', 'pair.yml', '--approve')).code, 6);
    const { code, out } = await site.baton('approve', 'pair', '--plan', await planOf());
    assert.equal(code, 0, out);
    for (const name of ['maker', 'user']) assert.equal((await site.containers(name))[0]?.running, true);
    for (const name of ['user', 'maker']) assert.equal((await site.baton('remove', name)).code, 0);
  });

  test('is deployed by a schedule, as its files are by then', async () => {
    await writeFile(
      settings,
      "schedules:\n  weekly: {cron: '0 3 * * 1', deploy: " + join(site.files, 'all.yml') + '}\n',
    );
    const { code, out, err } = await site.baton('apply', '--yes');
    assert.equal(code, 0, out + err);
    await all(6);
    assert.equal((await site.baton('schedule', 'trigger', 'weekly')).code, 0);
    await until('the deploy', async () => (await versions()).join() === '6,6');
    assert.equal((await site.baton('events', 'home', '--follow')).code, 0);
  });

  test('a stack that another changes while earlier ones come up is left as it is, and all the others go back', async () => {
    await site.write('left.yml', oneService('left', 7).replace('100ms', '6s'));
    await site.write('right.yml', oneService('right', 7));
    assert.equal((await site.baton('deploy', 'all.yml', '--approve')).code, 6);
    assert.equal((await site.baton('approve', 'home', '--plan', await planOf(), '--wait=false')).code, 0);
    await until('the first stack', async () => (await versions())[0] === '7');
    await site.write('right.yml', oneService('right', 8));
    assert.equal((await site.baton('deploy', 'right.yml')).code, 0);
    const { code, out } = await site.baton('events', 'home', '--follow');
    assert.equal(code, 3, out);
    assert.match(out, /right: Refused: nothing was changed\. It would not be what was approved any more: /);
    assert.deepEqual(await versions(), ['6', '8']);
  });
});
