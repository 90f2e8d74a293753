/** `baton playbooks` and `baton playbook` as a person types them, on real containers and a real small disk. */
import { execa } from 'execa';
import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { PlaybookReport, PreparedPlaybook } from '../../domain/playbook.ts';
import { SmallDisk } from '../host/small-disk.ts';
import { Site, until, type Answer } from './site.ts';

const mebibyte = 2 ** 20;

const linesOf = (answer: Answer): { type: string }[] =>
  answer.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });

const reportOf = (answer: Answer): PlaybookReport => {
  const found = linesOf(answer).findLast(({ type }) => type === 'report');
  assert.ok(found, answer.out + answer.err);
  return found as unknown as PlaybookReport;
};

const memoryOf = (figures: PlaybookReport['figures']): { before: number; after: number } => {
  const { before: was = 0, after: is = 0 } = figures.find(({ what }) => what === 'memory-bytes') ?? {};
  return { before: was, after: is };
};

const httpd = `
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /]
    stop_signal: SIGKILL`;

/** Takes memory for good: a text that doubles until it is 32 MiB long, which some of awk hold twice. */
const hoard =
  `take() { awk 'BEGIN { s = "x"; while (length(s) < 33554432) s = s s; system("touch /tmp/full; sleep 100000") }'; }`.replaceAll(
    "'",
    "''",
  );

const shop = `
name: shop
services:
  db:${httpd}
    x-baton: {probe: {tcp: 80}}
  app:${httpd}
    depends_on: [db]
    x-baton: {probe: {tcp: 80}}
  shelf:${httpd}
    depends_on: [db]
    x-baton: {probe: {tcp: 80}}
  broken:
    image: \${IMAGE}
    command: [sh, -c, 'test ! -e /data/broken && exec httpd -f -p 80 -h /']
    stop_signal: SIGKILL
    volumes: ["\${DATA}/broken:/data"]
    x-baton: {probe: {tcp: 80}, healthy_deadline: 3s}
  leaky:
    image: \${IMAGE}
    command: [sh, -c, '${hoard}; httpd -p 80 -h /; until [ -e /data/leak ]; do sleep 0.2; done; rm /data/leak; take']
    stop_signal: SIGKILL
    volumes: ["\${DATA}/leaky:/data"]
    mem_limit: 80m
    x-baton: {probe: {tcp: 80}}
  hungry:
    image: \${IMAGE}
    command: [sh, -c, '${hoard}; rm -f /tmp/full; take & until [ -e /tmp/full ]; do sleep 0.1; done; exec httpd -f -p 80 -h /']
    stop_signal: SIGKILL
    mem_limit: 80m
    x-baton: {probe: {tcp: 80}}
x-baton: {min_healthy_time: 100ms}
`;

/** The host's openssl, which reads its certificate when it begins. */
const gate = `
name: gate
services:
  web:
    image: \${IMAGE}
    command: [/usr/bin/openssl, s_server, -accept, "443", -www, -cert, /data/certificate, -key, /data/key]
    stop_signal: SIGKILL
    volumes: ["/usr:/usr:ro", "/lib:/lib:ro", "/lib64:/lib64:ro", "\${DATA}/gate:/data"]
    x-baton: {probe: {https: ":443/"}}
x-baton: {min_healthy_time: 100ms}
`;

describe('playbooks', () => {
  let disk: SmallDisk;
  let site: Site;

  before(async () => {
    disk = await SmallDisk.mount(['mkfs.btrfs', '-q'], '300M');
    site = await Site.found('docker', disk.path);
    await site.startWorker();
    for (const name of ['broken', 'leaky']) await mkdir(join(site.data, name));
    await site.write('shop.yml', shop);
    const deployed = await site.baton('deploy', 'shop.yml');
    assert.equal(deployed.code, 0, deployed.out + deployed.err);
  });
  after(async () => {
    await site.close();
    await disk.unmount();
  });

  const run = async (name: string, target: string): Promise<Answer & { report: PlaybookReport }> => {
    const answer = await site.baton('playbook', 'run', name, target, '--yes', '--json');
    return { ...answer, report: reportOf(answer) };
  };
  const certify = async (days: number): Promise<void> => {
    const { stdout } = await execa('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=gate', '-days', String(days)],
      ...['-keyout', join(site.data, 'gate/key'), '-out', join(site.data, 'gate/certificate')],
    ]);
    assert.equal(stdout, '');
  };
  const containers = async () =>
    new Map(
      (await site.containers('shop')).map(({ name, running, startedAt }) => [name, { running, startedAt }]),
    );

  test('those that are shipped are listed, and none of them has a mistake', async () => {
    const { code, out } = await site.baton('playbooks', '--json');
    assert.equal(code, 0, out);
    assert.deepEqual(
      linesOf({ code, out, err: '' }).map((one) => (one as unknown as { name: string }).name),
      [
        'cascade-restart',
        'certificate-check',
        'database-maintenance',
        'disk-cleanup',
        'drift-correction',
        'image-update',
        'memory-relief',
        'resource-pressure',
        'service-restart',
        'snapshot-rotation',
        'undo-recent-deploy',
      ],
    );
    assert.equal((await site.baton('playbooks', 'disk-cleanup')).code, 0);
  });

  test('a mistake is told with its line, and what was meant', async () => {
    await site.write('mine.yml', 'name: mine\ntitle: x\ntarget: service\nstepz: []\n');
    const { code, err, out } = await site.baton('playbook', 'check', 'mine.yml');
    assert.equal(code, 1);
    assert.match(out + err, /mine\.yml:4:1.*"stepz".*Did you mean "steps"/);
  });

  test('a dry run shows the plan and the figures, and does nothing', async () => {
    const was = await containers();
    const answer = await site.baton('playbook', 'run', 'service-restart', 'shop/app', '--dry-run', '--json');
    assert.equal(answer.code, 0, answer.out + answer.err);
    const plan = linesOf(answer)[0] as unknown as PreparedPlaybook;
    assert.deepEqual(plan.figures, [{ what: 'unhealthy', unit: 'count', before: 0 }]);
    assert.deepEqual(await containers(), was);
  });

  test('without a terminal and without --yes nothing is done', async () => {
    assert.equal((await site.baton('playbook', 'run', 'service-restart', 'shop/app')).code, 64);
  });

  test('a target that is not there, or of another kind, is refused', async () => {
    for (const target of ['shop/nothing', 'nowhere/app', 'shop', '/srv'])
      assert.equal((await site.baton('playbook', 'run', 'service-restart', target, '--yes')).code, 1, target);
    const typed = await site.baton('playbook', 'run', 'service-restrat', 'shop/app', '--yes');
    assert.match(typed.out + typed.err, /Did you mean "service-restart"/);
  });

  test('a service that is down is started, and the figures say that it helped', async () => {
    await site.cli('stop', 'shop-app-1');
    const was = await containers();
    const { code, report } = await run('service-restart', 'shop/app');
    assert.equal(code, 0, JSON.stringify(report));
    assert.equal(report.outcome, 'done');
    assert.equal(report.measurement?.held, true);
    assert.deepEqual(report.figures, [{ what: 'unhealthy', unit: 'count', before: 1, after: 0 }]);
    const is = await containers();
    assert.equal(is.get('shop-app-1')?.running, true);
    assert.deepEqual(is.get('shop-shelf-1'), was.get('shop-shelf-1'));
  });

  test('a service that runs is restarted once, and what needs it is left alone', async () => {
    const was = await containers();
    assert.equal((await run('service-restart', 'shop/db')).code, 0);
    const is = await containers();
    assert.notEqual(is.get('shop-db-1')?.startedAt, was.get('shop-db-1')?.startedAt);
    assert.deepEqual(is.get('shop-app-1'), was.get('shop-app-1'));
  });

  test('a cascade: the cause first, then what is down under it, and nothing that is healthy', async () => {
    for (const name of ['shop-app-1', 'shop-db-1']) await site.cli('stop', name);
    const was = await containers();
    const { code, report } = await run('cascade-restart', 'shop/db');
    assert.equal(code, 0, JSON.stringify(report));
    const is = await containers();
    const startedAt = (name: string) => Date.parse(is.get(name)?.startedAt ?? '');
    assert.ok(startedAt('shop-db-1') < startedAt('shop-app-1'));
    assert.deepEqual(is.get('shop-shelf-1'), was.get('shop-shelf-1'));
  });

  test('a service that does not become healthy is left as it was, and that is no success', async () => {
    await site.cli('stop', 'shop-broken-1');
    await writeFile(join(site.data, 'broken', 'broken'), '');
    const { code, report } = await run('service-restart', 'shop/broken');
    assert.equal(code, 3, JSON.stringify(report));
    assert.equal(report.outcome, 'rolled-back');
    assert.equal(report.measurement, undefined);
    assert.equal((await containers()).get('shop-broken-1')?.running, false);
  });

  test('a service that has taken memory gives it back, and the figures are those of its container', async () => {
    await writeFile(join(site.data, 'leaky', 'leak'), '');
    await until('memory is taken', async () => {
      const answer = await site.baton(
        'playbook',
        'run',
        'memory-relief',
        'shop/leaky',
        '--dry-run',
        '--json',
      );
      return memoryOf((linesOf(answer)[0] as unknown as PreparedPlaybook).figures).before > 30 * mebibyte;
    });
    const { code, report } = await run('memory-relief', 'shop/leaky');
    assert.equal(code, 0, JSON.stringify(report));
    assert.equal(report.measurement?.held, true);
    const { before: was, after: is } = memoryOf(report.figures);
    assert.ok(was > 30 * mebibyte && is < 10 * mebibyte, JSON.stringify(report.figures));
  });

  test('one that takes it again at once was restarted, and was not helped', async () => {
    const { code, report } = await run('memory-relief', 'shop/hungry');
    assert.equal(code, 1, JSON.stringify(report));
    assert.equal(report.outcome, 'done');
    assert.equal(report.measurement?.held, false);
    assert.ok(memoryOf(report.figures).after > 30 * mebibyte, JSON.stringify(report.figures));
  });

  test('nor is a host that is short of memory helped by restarting it', async () => {
    const { report } = await run('resource-pressure', 'shop/hungry');
    assert.deepEqual([report.outcome, report.measurement?.held], ['done', false], JSON.stringify(report));
    const available = report.figures.find(({ what }) => what === 'available-percent');
    assert.ok(available?.after !== undefined && available.after > 0 && available.after < 100);
  });

  test('a certificate that was renewed is served after a restart; one that was not is no success', async () => {
    await mkdir(join(site.data, 'gate'));
    await certify(5);
    await site.write('gate.yml', gate);
    const deployed = await site.baton('deploy', 'gate.yml');
    assert.equal(deployed.code, 0, deployed.out + deployed.err);
    const { out } = await site.baton('health');
    assert.match(out, /certificate@gate\/web: expires in [45]\.\d days/);
    const idle = await run('certificate-check', 'gate/web');
    assert.deepEqual([idle.code, idle.report.measurement?.held], [1, false], JSON.stringify(idle.report));

    await certify(90);
    const renewed = await run('certificate-check', 'gate/web');
    assert.equal(renewed.code, 0, JSON.stringify(renewed.report));
    const { before: was = 0, after: is = 0 } = renewed.report.figures[0] ?? {};
    assert.deepEqual([Math.round(was), Math.round(is)], [5, 90]);
    const removed = await site.baton('remove', 'gate');
    assert.equal(removed.code, 0, removed.out + removed.err);
  });

  test('what was removed comes back as it is recorded', async () => {
    await site.cli('rm', '-f', 'shop-shelf-1');
    const { report } = await run('drift-correction', 'shop');
    // The broken one is still broken, and everything is put back.
    assert.equal(report.outcome, 'rolled-back');
    await rm(join(site.data, 'broken', 'broken'));
    const mended = await run('drift-correction', 'shop');
    assert.equal(mended.code, 0, JSON.stringify(mended.report));
    assert.deepEqual(
      mended.report.figures.map(({ what, after: now }) => [what, now]),
      [
        ['drift', 0],
        ['unhealthy', 0],
      ],
    );
    assert.equal((await containers()).get('shop-shelf-1')?.running, true);
  });

  test('a cleanup of a disk is measured; one that finds nothing is none', async () => {
    const scratch = join(disk.path, 'scratch');
    await mkdir(scratch);
    await writeFile(join(scratch, 'old'), Buffer.alloc(60 * mebibyte, 'x'));
    await site.write('.config/baton/baton.yml', `cleanup:\n  temp: [{ path: ${scratch}, older_than: 0s }]\n`);
    await site.write('.config/baton/playbooks/disk-cleanup.yml', ownCleanup);
    const { code, report } = await run('disk-cleanup', site.data);
    assert.equal(code, 0, JSON.stringify(report));
    assert.equal(report.target, disk.path);
    assert.equal(report.measurement?.held, true);
    const [free] = report.figures;
    assert.ok((free?.after ?? 0) - (free?.before ?? 0) > 50 * mebibyte, JSON.stringify(free));
    assert.deepEqual(await readdir(scratch), []);
    const again = await run('disk-cleanup', disk.path);
    assert.equal(again.report.outcome, 'unchanged');
    assert.equal(again.report.measurement, undefined);
  });

  test('what an owner laid down takes the place of what is shipped, mistakes and all', async () => {
    await site.write('.config/baton/playbooks/service-restart.yml', 'name: service-restart\n');
    const answer = await site.baton('playbook', 'run', 'service-restart', 'shop/app', '--yes');
    assert.equal(answer.code, 1);
    assert.match(answer.out + answer.err, /\.config\/baton\/playbooks\/service-restart\.yml:1:1/);
  });
});

const ownCleanup = `
name: disk-cleanup
title: Empty the scratch directory
target: filesystem
steps:
  - cleanup: { only: [temp] }
success:
  all:
    - { measure: free-bytes, rises_by: 10M }
undo: { possible: false, how: It was rubbish. }
risk: low
cooldown: 1h
needs: { time: 5m }
`;
