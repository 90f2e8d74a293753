/**
 * What is done, and undone, in which order, when an edit of a file fails or is cancelled at each of its steps. After each run
 * the file and the container that mounts it by itself are held against what they were.
 */
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sha256 } from '../../activities/hash.ts';
import type { GuardRequest } from '../../domain/guard.ts';
import type { Report } from '../../domain/operation.ts';
import { injected, Laboratory, type Meddle } from './laboratory.ts';

describe('an edit', () => {
  let laboratory: Laboratory;
  let file: string;

  before(async () => {
    laboratory = await Laboratory.open();
    const data = join(laboratory.site.data, 'conf');
    file = join(data, 'page');
    await mkdir(data);
    await writeFile(file, 'first: 1\n');
    await chmod(file, 0o640);
    const stack = await laboratory.site.write(
      'conf.yml',
      `
name: conf
services:
  web:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /www]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/conf/page:/www/page:ro"]
    x-baton: {probe: {http: ":80/page"}}
x-baton: {min_healthy_time: 100ms}
`,
    );
    const { report } = await laboratory.run(laboratory.request('conf', stack));
    assert.equal(report.outcome, 'done');
  });
  after(async () => {
    await laboratory.close();
  });

  const request = async (text: string): Promise<GuardRequest> => {
    const was = await readFile(file);
    const draft = await laboratory.site.write('draft/page', text);
    const { command: _none, ...rest } = laboratory.guardRequest('conf', [file], '', {
      edits: [{ file, draft, was: sha256(was), becomes: sha256(Buffer.from(text)) }],
      checks: [{ type: 'yaml', file }],
    });
    return rest;
  };
  const world = async () => ({
    text: await readFile(file, 'utf8'),
    mode: (await stat(file)).mode,
    containers: (await laboratory.site.containers('conf')).map(({ startedAt: _s, pid: _p, ...rest }) => rest),
    served: await laboratory.site.cli('exec', 'conf-web-1', 'cat', '/www/page'),
  });
  const attempt = async (
    asked: GuardRequest,
    meddle: Meddle,
  ): Promise<{ steps: string[]; report: Report }> => {
    laboratory.meddle = meddle;
    try {
      return await laboratory.run(asked);
    } finally {
      laboratory.meddle = () => undefined;
    }
  };

  const undone = ['undo-data: undone', 'undo-users: undone', 'undo-snapshot: undone', 'verify: done'];
  for (const [step, steps] of [
    ['takeGuardSnapshots', ['snapshot: failed', 'run: skipped', 'validate: skipped']],
    ['putEdits', ['snapshot: done', 'run: failed', 'validate: skipped']],
    ['restartUsers', ['snapshot: done', 'run: done', 'validate: skipped', 'restart: failed']],
    ['runChecks', ['snapshot: done', 'run: done', 'validate: failed', 'restart: done']],
  ] as const)
    for (const moment of ['before', 'after'] as const)
      test(`${step} fails ${moment} it has done its work: everything is put back`, async () => {
        const was = await world();
        const { steps: told, report } = await attempt(await request('second: 2\n'), (activity, when) => {
          if (activity === step && when === moment) throw injected();
        });
        assert.equal(report.outcome, 'rolled-back', JSON.stringify(report));
        for (const state of [...steps, ...undone.slice(step === 'takeGuardSnapshots' ? 2 : 0)])
          assert.ok(told.includes(state), `${state} in ${told.join(', ')}`);
        assert.deepEqual(await world(), was);
      });

  test('a cancel that arrives during the restart puts everything back', async () => {
    const was = await world();
    const { report } = await attempt(await request('third: 3\n'), async (activity, when) => {
      if (activity !== 'restartUsers' || when !== 'before') return;
      const workflowId = `stack/${laboratory.site.host}/conf`;
      await laboratory.client.workflow.getHandle(workflowId).executeUpdate('rollBack', { args: ['test'] });
    });
    assert.equal(report.outcome, 'cancelled');
    assert.deepEqual(await world(), was);
  });

  test('a draft that is not what was agreed on is not put in place', async () => {
    const was = await world();
    const asked = await request('fourth: 4\n');
    const { report } = await attempt(asked, async (activity, when) => {
      if (activity === 'putEdits' && when === 'before')
        await writeFile(asked.edits?.[0]?.draft ?? '', 'forged');
    });
    assert.equal(report.outcome, 'rolled-back');
    assert.match(report.failure?.message ?? '', /is not the text that was agreed on/);
    assert.deepEqual(await world(), was);
  });

  test('a file that changes after the plan is left as someone else made it', async () => {
    const { report } = await attempt(await request('fifth: 5\n'), async (activity, when) => {
      if (activity === 'takeGuardSnapshots' && when === 'after') await writeFile(file, 'theirs: 1\n');
    });
    assert.equal(report.outcome, 'rolled-back');
    assert.match(report.failure?.message ?? '', /was changed by someone else meanwhile/);
    assert.equal((await world()).text, 'theirs: 1\n');
  });

  test('a file that changes after the edit is in place stays so, and a person is told where the text of before is', async () => {
    const { report } = await attempt(await request('mine: 1\n'), async (activity, when) => {
      if (activity !== 'runChecks' || when !== 'before') return;
      await writeFile(file, 'theirs: 2\n');
      throw injected();
    });
    assert.equal(report.outcome, 'needs-human');
    assert.match(
      report.left.join('\n'),
      /Changed by someone else since it was edited, and left as it is: .*page\.[^]*The snapshots of before are kept: .*conf\.before\./,
    );
    assert.equal((await world()).text, 'theirs: 2\n');
  });

  test('a container that a person paused is paused again after its restart', async () => {
    await laboratory.site.cli('pause', 'conf-web-1');
    try {
      const { report } = await attempt(await request('paused: 1\n'), () => undefined);
      assert.equal(report.outcome, 'done', JSON.stringify(report));
      assert.equal((await laboratory.site.containers('conf'))[0]?.paused, true);
    } finally {
      await laboratory.site.cli('unpause', 'conf-web-1');
    }
  });

  test('what depends on another begins again when that one is healthy', async () => {
    const data = join(laboratory.site.data, 'news');
    const sheet = join(data, 'sheet');
    await mkdir(data);
    await writeFile(sheet, 'first: 1\n');
    const stack = await laboratory.site.write(
      'news.yml',
      `
name: news
services:
  press:
    image: \${IMAGE}
    command: [sh, -c, "sleep 1; exec httpd -f -p 80 -h /www"]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/news/sheet:/www/sheet:ro"]
    x-baton: {probe: {http: ":80/sheet"}}
  reader:
    image: \${IMAGE}
    command: [sh, -c, "wget -q -O- http://press/sheet || echo too early; exec sleep 1000"]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/news/sheet:/sheet:ro"]
    depends_on: {press: {condition: service_healthy}}
x-baton: {min_healthy_time: 100ms}
`,
    );
    const { report: deployed } = await laboratory.run(laboratory.request('news', stack));
    assert.equal(deployed.outcome, 'done', JSON.stringify(deployed));
    const text = 'second: 2\n';
    const draft = await laboratory.site.write('draft/sheet', text);
    const { command: _none, ...asked } = laboratory.guardRequest('news', [sheet], '', {
      edits: [{ file: sheet, draft, was: sha256(await readFile(sheet)), becomes: sha256(Buffer.from(text)) }],
      restart: true,
    });
    const { report } = await laboratory.run(asked);
    assert.equal(report.outcome, 'done', JSON.stringify(report));
    assert.equal(await laboratory.site.cli('logs', 'news-reader-1'), 'first: 1\nsecond: 2');
  });

  test('nothing in its way: the new text is there, with the old mode, and the container sees it', async () => {
    const { mode } = await world();
    const { report } = await attempt(await request('sixth: 6\n'), () => undefined);
    assert.equal(report.outcome, 'done');
    const now = await world();
    assert.deepEqual([now.text, now.mode, now.served], ['sixth: 6\n', mode, 'sixth: 6']);
  });
});
