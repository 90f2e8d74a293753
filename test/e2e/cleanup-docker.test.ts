/** `baton cleanup` as a person types it, on a small disk with a Docker of its own. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { CleanupReport, ExplainedCleanup, PartReport } from '../../domain/cleanup.ts';
import { OwnDocker, SmallDisk } from '../host/small-disk.ts';
import { Site, until, type Answer } from './site.ts';

const mebibyte = 2 ** 20;

describe('baton cleanup', () => {
  let disk: SmallDisk;
  let docker: OwnDocker;
  let site: Site;
  const ids: Record<string, string> = {};

  before(async () => {
    disk = await SmallDisk.mount(['mkfs.ext4', '-q'], '500M');
    docker = await OwnDocker.start(join(disk.path, 'docker'));
    site = await Site.found('docker', disk.path, {
      BATON_ENGINE_SOCKET: docker.socket,
      XDG_STATE_HOME: join(disk.path, 'state'),
    });
    await site.startWorker();
    await settings('');
    await deployTwice();
    for (const name of ['held:1', 'moved:1', 'precious:1', 'dangling:1'])
      ids[name] = await docker.makeImage(name, mebibyte);
    await docker.cli('create', '--name', 'stopped', '--network', 'none', 'held:1', 'sleep', '1');
    await docker.cli('create', '--name', 'behind', '--network', 'none', 'moved:1', 'sleep', '1');
    ids['moved:1, newer'] = await docker.makeImage('moved:1', mebibyte);
    ids['dangling:1, newer'] = await docker.makeImage('dangling:1', mebibyte);
    for (const name of ['spare:1', 'spare:2', 'spare:3', 'spare:4'])
      ids[name] = await docker.makeImage(name, 30 * mebibyte);
    await docker.cli('tag', 'spare:4', 'elsewhere.example/spare:4');
  });
  after(async () => {
    await site.close();
    await docker.stop();
    await disk.unmount();
  });

  const settings = async (text: string): Promise<void> => {
    await site.write(
      '.config/baton/baton.yml',
      `cleanup:\n  images: { older_than: 0s, keep: ['precious:*'] }\n${text}`,
    );
  };
  const deployTwice = async (): Promise<void> => {
    for (const version of ['1', '2']) {
      ids[`app:${version}`] = await docker.makeImage(`app:${version}`, mebibyte);
      await site.write(
        'web.yml',
        `
name: web
services:
  app:
    image: app:${version}
    command: [sleep, "1000"]
    stop_signal: SIGKILL
    network_mode: none
    volumes: ["\${DATA}/web:/data", "cache:/cache"]
    x-baton: {data: {/cache: discard}}
volumes: {cache: }
x-baton: {min_healthy_time: 100ms, healthy_deadline: 8s}
`,
      );
      await mkdir(join(site.data, 'web'), { recursive: true });
      const { code, out, err } = await site.baton('deploy', 'web.yml');
      assert.equal(code, 0, out + err);
    }
    await docker.cli('tag', 'app:1', 'app:old');
    await docker.cli('rmi', '--no-prune', 'app:1');
  };

  const there = async (): Promise<string[]> =>
    [...new Set((await docker.cli('images', '-q', '--no-trunc')).split('\n'))]
      .filter((id) => id !== '')
      .sort();
  const isThere = async (name: string): Promise<boolean> => (await there()).includes(ids[name] ?? name);
  const lines = ({ out }: Answer): Record<string, unknown>[] =>
    out
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const planOf = (answer: Answer): ExplainedCleanup => {
    const plan = lines(answer).find(({ type }) => type === 'plan');
    assert.ok(plan, answer.out + answer.err);
    return plan as unknown as ExplainedCleanup;
  };
  const reportOf = (answer: Answer): CleanupReport => {
    const report = lines(answer).find(({ type }) => type === 'report');
    assert.ok(report, answer.out + answer.err);
    return report as unknown as CleanupReport;
  };
  const partOf = (report: CleanupReport, wanted: string): PartReport => {
    const part = report.parts.find(({ part }) => part === wanted);
    assert.ok(part, JSON.stringify(report));
    return part;
  };
  const held = ['app:1', 'app:2', 'held:1', 'moved:1', 'moved:1, newer', 'precious:1'];

  test('a dry run says what would go, in order, and why the rest stays, and does nothing', async () => {
    const was = await there();
    const answer = await site.baton('cleanup', '--dry-run', '--json');
    assert.equal(answer.code, 0, answer.out + answer.err);
    const plan = planOf(answer);
    assert.deepEqual(
      plan.remove.map(({ id }) => id),
      // Without a tag first, then the oldest.
      ['dangling:1', 'dangling:1, newer', 'spare:1', 'spare:2', 'spare:3', 'spare:4'].map(
        (name) => ids[name],
      ),
    );
    const kept = plan.parts.find(({ part }) => part === 'images')?.kept ?? [];
    const reasonsOf = (title: string): string =>
      kept.find((one) => one.title.startsWith(title))?.reasons.join(' · ') ?? `${title} is not told of`;
    assert.match(reasonsOf('held:1'), /container "stopped" needs it/);
    assert.match(reasonsOf('moved:1'), /container "behind" names its tag moved:1/);
    assert.match(reasonsOf('precious:1'), /baton\.yml says to keep it/);
    assert.match(reasonsOf('app:old'), /an undo of web to release [0-9a-f]{12} needs it/);
    assert.deepEqual(await there(), was);
    const { out } = await site.baton('cleanup', '--dry-run');
    assert.match(out, /remove {2}spare:1, 3\d MiB/);
    assert.match(out, /keep {4}held:1.* {2}container "stopped" needs it/);
    assert.match(out, /no rule in baton\.yml \(cleanup: temp\)/);
  });

  test('without a terminal and without --yes nothing is done', async () => {
    const was = await there();
    const { code, err } = await site.baton('cleanup');
    assert.equal(code, 64, err);
    assert.deepEqual(await there(), was);
  });

  test('a target that holds already removes nothing', async () => {
    const was = await there();
    const { code, out } = await site.baton('cleanup', '--until', '99%', '--yes');
    assert.equal(code, 0);
    assert.match(out, /Nothing need be removed/);
    assert.deepEqual(await there(), was);
  });

  test('it stops when the target is reached, and says what it did not need to remove', async () => {
    // Room for one and a half of the large ones.
    const { blocks, bsize } = await import('node:fs/promises').then(({ statfs }) => statfs(disk.path));
    const target = Math.floor((await disk.usedPercent()) - (45 * mebibyte * 100) / (blocks * bsize));
    const before = await disk.freeBytes();
    const answer = await site.baton('cleanup', '--until', `${target}%`, '--yes', '--json');
    assert.equal(answer.code, 0, answer.out + answer.err);
    const report = reportOf(answer);
    assert.equal(report.outcome, 'done');
    const images = partOf(report, 'images');
    assert.ok(images.removed.length >= 3 && images.notNeeded.length >= 1, JSON.stringify(images));
    assert.equal(images.removed.length + images.notNeeded.length, 6);
    for (const { id } of images.removed) assert.ok(!(await isThere(id)));
    for (const { id } of images.notNeeded) assert.ok(await isThere(id));
    assert.ok((await disk.usedPercent()) <= target);
    // As measured, by somebody else.
    const [space] = report.space;
    assert.equal(space?.filesystem, disk.path);
    const freed = (await disk.freeBytes()) - before;
    assert.ok(
      Math.abs(freed - (space.freeAfter - space.freeBefore)) < 2 * mebibyte,
      `${freed} ${JSON.stringify(space)}`,
    );
    assert.ok(freed > 30 * mebibyte, String(freed));
  });

  test('a target that cannot be reached is told as such, and all that may go is gone', async () => {
    const { code, out } = await site.baton('cleanup', '--until', '1%', '--yes');
    assert.equal(code, 1, out);
    assert.match(out, /Not enough: all that may go is gone/);
    assert.match(out, /images: freed \d.* on /);
    for (const name of ['spare:1', 'spare:2', 'spare:3', 'spare:4', 'dangling:1', 'dangling:1, newer'])
      assert.ok(!(await isThere(name)), name);
    for (const name of held) assert.ok(await isThere(name), name);
    const again = await site.baton('cleanup', '--yes');
    assert.equal(again.code, 0);
    assert.match(again.out, /Nothing to remove/);
    // Held for something.
    const undone = await site.baton('undo', 'web');
    assert.equal(undone.code, 0, undone.out + undone.err);
  });

  test('what came to be needed after the plan is kept', async () => {
    const id = await docker.makeImage('late:1', mebibyte);
    const plan = planOf(await site.baton('cleanup', '--dry-run', '--json'));
    assert.deepEqual(
      plan.remove.map((item) => item.id),
      [id],
    );
    await docker.cli('create', '--name', 'late', '--network', 'none', 'late:1', 'sleep', '1');
    assert.match((await site.baton('cleanup', '--yes')).out, /Nothing to remove/);
    await docker.cli('rm', 'late');
    assert.equal((await site.baton('cleanup', '--yes')).code, 0);
    assert.ok(!(await there()).includes(id));
  });

  test('volumes are listed, and only one that is named and that nothing needs is removed', async () => {
    for (const name of ['loose', 'other']) await docker.cli('volume', 'create', name);
    const volumes = async (): Promise<string[]> =>
      (await docker.cli('volume', 'ls', '-q')).split('\n').sort();
    const was = await volumes();
    const listed = await site.baton('cleanup', '--yes');
    assert.match(listed.out, /keep {4}loose.*removed only where it is named/);
    assert.deepEqual(await volumes(), was);
    const none = await site.baton('cleanup', '--volumes', 'nowhere', '--yes');
    assert.equal(none.code, 1);
    assert.match(none.out, /There is no volume "nowhere"/);
    const { code, out } = await site.baton(
      'cleanup',
      '--only',
      'volumes',
      '--volumes',
      'loose',
      '--volumes',
      'web_cache',
      '--yes',
    );
    assert.equal(code, 0, out);
    assert.match(out, /keep {4}web_cache.*a container has it/);
    assert.deepEqual(
      await volumes(),
      was.filter((name) => name !== 'loose'),
    );
  });

  test('of declared paths what is old goes: not what is new, open, kept, a link’s target, or elsewhere', async () => {
    const scratch = join(disk.path, 'scratch');
    await mkdir(join(scratch, 'deep', 'deeper'), { recursive: true });
    const outside = join(site.data, 'outside');
    await writeFile(outside, 'mine');
    for (const name of ['old', 'open', 'kept.iso', 'deep/deeper/file'])
      await writeFile(join(scratch, name), Buffer.alloc(5 * mebibyte, 'x'));
    await symlink(outside, join(scratch, 'link'));
    const handle = await open(join(scratch, 'open'), 'r');
    await until(
      'all to be old',
      async () => Date.now() - (await stat(join(scratch, 'link'))).ctimeMs > 1_500,
    );
    await settings(`  temp: [{ path: ${scratch}, older_than: 1s, keep: ['*.iso'] }]\n`);
    const answer = await site.baton('cleanup', '--only', 'temp', '--yes', '--json');
    await handle.close();
    assert.equal(answer.code, 0, answer.out + answer.err);
    assert.deepEqual((await readdir(scratch)).sort(), ['kept.iso', 'open']);
    assert.ok(existsSync(outside));
    const { removed, space } = partOf(reportOf(answer), 'temp');
    assert.equal(removed[0]?.files, 3);
    const freed = (space[0]?.freeAfter ?? 0) - (space[0]?.freeBefore ?? 0);
    assert.ok(freed >= 9 * mebibyte, JSON.stringify(space));
  });

  test('one that cannot be removed keeps no other, and is told', async () => {
    const [one, two] = [join(disk.path, 'scratch-1'), join(disk.path, 'scratch-2')];
    for (const directory of [one, two]) {
      await mkdir(directory);
      await writeFile(join(directory, 'file'), 'x');
    }
    await settings(`  temp: [{ path: ${one}, older_than: 0s }, { path: ${two}, older_than: 0s }]\n`);
    await execa('chattr', ['+i', join(one, 'file')]);
    try {
      const { code, out } = await site.baton('cleanup', '--only', 'temp', '--yes');
      assert.equal(code, 1, out);
      assert.match(out, /could not be removed: .*scratch-1: .*not permitted/);
    } finally {
      await execa('chattr', ['-i', join(one, 'file')]);
    }
    assert.deepEqual(await readdir(two), []);
    assert.deepEqual(await readdir(one), ['file']);
  });

  test('a path that is a stack’s data, a link, or Baton’s own is refused, with the reason', async () => {
    const link = join(disk.path, 'way-round');
    await symlink(join(site.data, 'web'), link);
    const state = join(disk.path, 'state', 'baton');
    const paths = [join(site.data, 'web'), site.data, link, state, disk.path];
    await writeFile(join(site.data, 'web', 'row'), 'mine');
    await settings(`  temp:\n${paths.map((path) => `    - { path: ${path}, older_than: 0s }\n`).join('')}`);
    const { out } = await site.baton('cleanup', '--only', 'temp', '--yes');
    assert.match(out, /keep {4}\S+\/web {2}.*(?:container|stack) .*has/);
    assert.match(out, /way-round {2}it leads through a symbolic link/);
    assert.match(out, /keep {4}\S+\/baton {2}Baton or the engine keeps its own/);
    assert.match(out, /Nothing to remove/);
    assert.ok(existsSync(join(site.data, 'web', 'row')));
    await settings('  temp: [{ path: /, older_than: 0s }]\n');
    const refused = await site.baton('cleanup', '--yes');
    assert.equal(refused.code, 1);
    assert.match(refused.out, /baton\.yml:3:18/);
    await settings('');
  });

  test('old logs of commands go, and not those of one that is under way', async () => {
    await mkdir(join(site.data, 'alone'));
    const operations = join(disk.path, 'state', 'baton', 'operations');
    const guard = async (script: string, ...more: string[]): Promise<string> => {
      const known = await readdir(operations).catch((): string[] => []);
      const args = [
        'guard',
        '--stack',
        'alone',
        '--data',
        join(site.data, 'alone'),
        ...more,
        '--shell',
        '--',
        script,
      ];
      const answer = await site.baton(...args);
      assert.equal(answer.code, 0, answer.out + answer.err);
      let operation: string | undefined;
      await until('the command to have printed', async () => {
        operation = (await readdir(operations)).find((name) => !known.includes(name));
        return operation !== undefined && existsSync(log(operation));
      });
      return operation ?? '';
    };
    const log = (operation: string): string => join(operations, operation, 'output.log');
    const done = await guard('echo said');
    // Failed, it waits for somebody to decide.
    const waiting = await guard('echo said; exit 1', '--wait', 'false');
    await settings('  logs: { older_than: 0s }\n');
    const answer = await site.baton('cleanup', '--only', 'logs', '--yes', '--json');
    assert.equal(answer.code, 0, answer.out + answer.err);
    assert.ok(!existsSync(log(done)));
    assert.ok(existsSync(log(waiting)));
    assert.equal((await site.baton('cancel', 'alone')).code, 3);
    assert.ok(existsSync(join(log(done), '..', 'command.json')));
  });

  test('the build cache goes where no image needs it, with what Docker says of it beside what was measured', async () => {
    await docker.buildInCache('built:1', 8 * mebibyte);
    await docker.cli('rmi', 'built:1');
    await settings('  build_cache: { older_than: 0s }\n');
    const { code, out } = await site.baton('cleanup', '--only', 'build-cache', '--yes');
    assert.equal(code, 0, out);
    assert.match(out, /build cache: freed \d/);
    assert.match(out, /docker says that it was \d/);
    assert.match((await site.baton('cleanup', '--only', 'build-cache', '--yes')).out, /Nothing to remove/);
  });
});
