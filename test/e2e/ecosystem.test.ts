/** An ecosystem goes up whole, or what this run changed goes back, and only that. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../../setup/local.ts';
import { get, Site } from './site.ts';

describe('ecosystems', () => {
  let site: Site;
  const ports: Record<string, number> = {};
  const stack = (name: string, more = ''): string => `
name: ${name}
services:
  web:
    image: \${IMAGE}
    command: [sh, -c, "mkdir -p /www; echo ${name} \${VERSION_${name.toUpperCase()}:-1} > /www/index.html; \${BREAK_${name.toUpperCase()}:-true}; exec httpd -f -p 80 -h /www"]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/${name}:/data"]
    ports: ["127.0.0.1:${ports[name] ?? 0}:80"]
    x-baton: { probe: { http: ":80/" } }
x-baton:
  min_healthy_time: 200ms
  healthy_deadline: 8s
${more}`;
  const text = async (name: string): Promise<string> => await get(`http://127.0.0.1:${ports[name] ?? 0}/`);
  const ids = async (): Promise<string[]> =>
    (await Promise.all(['base', 'left', 'right', 'edge'].map(async (name) => await site.containers(name))))
      .flat()
      .map(({ id, name, running }) => `${name} ${id} ${running}`);

  before(async () => {
    site = await Site.open('podman', 'btrfs');
    for (const name of ['base', 'left', 'right', 'edge']) ports[name] = await freePort();
    await site.write('base.yml', stack('base'));
    await site.write('left.yml', stack('left', '  requires: [right]'));
    await site.write('right.yml', stack('right', '  requires: [base]'));
    await site.write('edge.yml', stack('edge', '  requires: [left]'));
    await site.write(
      'all.yml',
      'stack:\n  name: home\n  infrastructure:\n    - stack: base.yml\n  applications:\n    - stack: left.yml\n    - stack: right.yml\n  edge:\n    - stack: edge.yml\n',
    );
  });
  after(async () => {
    await site.close();
  });

  test('is validated and planned as a whole', async () => {
    const valid = await site.baton('validate', 'all.yml');
    assert.equal(valid.code, 0, valid.err);
    assert.match(valid.out, /ecosystem "home" with 4 stacks/);
    const plan = await site.baton('plan', 'all.yml');
    assert.equal(plan.code, 0, plan.out);
    assert.match(plan.out, /infrastructure: base[^]*applications: left[^]*edge: edge/);
  });

  test('a failure in the last phase of a first run leaves nothing', async () => {
    const { code, report, err } = await site.report('deploy', 'all.yml', '--set', 'BREAK_EDGE=exit 1');
    assert.equal(code, 3, err);
    assert.equal(report['outcome'], 'rolled-back');
    assert.deepEqual(await ids(), []);
  });

  test('all stacks come up, those of a phase in the order of what they require', async () => {
    const { code, report, out, err } = await site.report('deploy', 'all.yml');
    assert.equal(code, 0, out + err);
    assert.equal(report['outcome'], 'done');
    for (const name of ['base', 'left', 'right', 'edge']) assert.equal(await text(name), `${name} 1\n`);
  });

  test('again, nothing is touched', async () => {
    const before = await ids();
    const { code, report } = await site.report('deploy', 'all.yml');
    assert.equal(code, 0);
    assert.equal(report['outcome'], 'unchanged');
    assert.deepEqual(await ids(), before);
  });

  test('a failure in the last phase puts the very same containers back, and leaves unchanged stacks alone', async () => {
    const before = await ids();
    const started = (await site.containers('base')).map(({ startedAt }) => startedAt);
    const { code, report } = await site.report(
      'deploy',
      'all.yml',
      '--set',
      'VERSION_LEFT=2',
      '--set',
      'VERSION_RIGHT=2',
      '--set',
      'BREAK_EDGE=exit 1',
    );
    assert.equal(code, 3);
    assert.equal(report['outcome'], 'rolled-back');
    assert.match(JSON.stringify(report['failure']), /edge/);
    assert.deepEqual(await ids(), before);
    assert.deepEqual(
      (await site.containers('base')).map(({ startedAt }) => startedAt),
      started,
    );
    for (const name of ['left', 'right', 'edge']) assert.equal(await text(name), `${name} 1\n`);
  });

  test('a stack that is missing is named before anything is touched', async () => {
    await site.write(
      'broken.yml',
      'stack:\n  name: home\n  a:\n    - stack: base.yml\n    - stack: nowhere.yml\n',
    );
    const { code, err } = await site.baton('deploy', 'broken.yml');
    assert.equal(code, 1);
    assert.match(err, /broken\.yml:5.*nowhere\.yml/s);
  });

  test('a stack that requires one of a later phase is refused', async () => {
    await site.write(
      'order.yml',
      'stack:\n  name: home\n  a:\n    - stack: edge.yml\n  b:\n    - stack: left.yml\n    - stack: right.yml\n',
    );
    const { code, err } = await site.baton('validate', join(site.files, 'order.yml'));
    assert.equal(code, 1);
    assert.match(err, /"edge" requires "left", which comes in a later phase/);
  });
});
