/**
 * What is done, and undone, in which order, when a guarded command fails or is cancelled at each of its steps. After each run
 * the data and the container that uses it are held against what they were.
 */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { resumeRequest } from '../../client/commands/resume.ts';
import type { GuardPlan } from '../../domain/guard.ts';
import { hostTaskQueue } from '../../domain/ids.ts';
import type { Report } from '../../domain/operation.ts';
import type { resumeUnwind } from '../../workflows/resume-unwind.ts';
import { fingerprint } from '../e2e/site.ts';
import { injected, Laboratory, type Meddle } from './laboratory.ts';

const unwindOf = {
  run: ['undo-data: undone', 'undo-users: undone', 'undo-snapshot: undone', 'verify: done', 'compare: done'],
  snapshot: ['undo-snapshot: undone', 'verify: done'],
};

describe('a guarded command', () => {
  let laboratory: Laboratory;
  let data: string;

  before(async () => {
    laboratory = await Laboratory.open();
    data = join(laboratory.site.data, 'wiki');
    await execa('btrfs', ['subvolume', 'create', data]);
    await writeFile(join(data, 'page'), 'first\n');
    const file = await laboratory.site.write(
      'wiki.yml',
      `
name: wiki
services:
  web:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /data]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/wiki:/data"]
    x-baton: {probe: {http: ":80/page"}}
x-baton: {min_healthy_time: 100ms}
`,
    );
    const { report } = await laboratory.run(laboratory.request('wiki', file));
    assert.equal(report.outcome, 'done');
  });
  after(async () => {
    await laboratory.close();
  });

  const world = async () => ({
    data: await fingerprint(data),
    containers: (await laboratory.site.containers('wiki')).map(({ startedAt: _s, pid: _p, ...rest }) => rest),
  });
  const attempt = async (meddle: Meddle): Promise<{ steps: string[]; report: Report }> => {
    laboratory.meddle = meddle;
    try {
      const check = { type: 'yaml', file: join(data, 'page') } as const;
      const request = laboratory.guardRequest('wiki', [data], `echo second > ${data}/page`, {
        checks: [check],
      });
      return await laboratory.run(request);
    } finally {
      laboratory.meddle = () => undefined;
    }
  };
  const failing =
    (step: string, moment: 'before' | 'after'): Meddle =>
    (activity, when) => {
      if (activity === step && when === moment) throw injected();
    };
  const cancelling =
    (step: string): Meddle =>
    async (activity, when) => {
      if (activity !== step || when !== 'before') return;
      const workflowId = `stack/${laboratory.site.host}/wiki`;
      await laboratory.client.workflow.getHandle(workflowId).executeUpdate('rollBack', { args: ['test'] });
    };

  const begun = ['preflight: done'];
  for (const [step, moment, states] of [
    [
      'takeGuardSnapshots',
      'before',
      [...begun, 'snapshot: failed', 'run: skipped', 'validate: skipped', 'compare: skipped'],
    ],
    [
      'takeGuardSnapshots',
      'after',
      [...begun, 'snapshot: failed', 'run: skipped', 'validate: skipped', 'compare: skipped'],
    ],
    [
      'runCommand',
      'before',
      [...begun, 'snapshot: done', 'run: failed', 'validate: skipped', 'compare: done'],
    ],
    [
      'runCommand',
      'after',
      [...begun, 'snapshot: done', 'run: failed', 'validate: skipped', 'compare: done'],
    ],
    ['runChecks', 'before', [...begun, 'snapshot: done', 'run: done', 'validate: failed', 'compare: done']],
    ['runChecks', 'after', [...begun, 'snapshot: done', 'run: done', 'validate: failed', 'compare: done']],
  ] as const)
    test(`${step} fails ${moment} it has done its work: everything is put back`, async () => {
      const was = await world();
      const { report, steps } = await attempt(failing(step, moment));
      assert.equal(report.outcome, 'rolled-back');
      assert.equal(report.failure?.message, 'injected');
      const undone = (step === 'takeGuardSnapshots' ? unwindOf.snapshot : unwindOf.run).filter(
        (state) => !state.startsWith('compare'),
      );
      assert.deepEqual(steps, [...states, ...undone]);
      assert.deepEqual(await world(), was);
    });

  for (const step of ['prepareGuard', 'takeGuardSnapshots', 'runCommand', 'runChecks'])
    test(`a cancel arrives during ${step}: everything is put back`, async () => {
      const was = await world();
      const { report } = await attempt(cancelling(step));
      assert.equal(report.outcome, 'cancelled');
      assert.deepEqual(report.left, []);
      assert.deepEqual(await world(), was);
    });

  const resume = async (report: Report): Promise<Report> => {
    const handle = laboratory.client.workflow.getHandle(`stack/${laboratory.site.host}/wiki`);
    const request = resumeRequest('wiki', report, await handle.query<GuardPlan>('plan'));
    return await laboratory.client.workflow.execute<typeof resumeUnwind>('resumeUnwind', {
      workflowId: handle.workflowId,
      taskQueue: hostTaskQueue(laboratory.site.host),
      args: [request],
    });
  };

  test('data that cannot be put back calls for a person, keeps the snapshots, and comes back with a resume', async () => {
    const was = await world();
    const { report } = await attempt((activity, when) => {
      if (activity === 'runChecks' || (activity === 'putBackGuarded' && when === 'before')) throw injected();
    });
    assert.equal(report.outcome, 'needs-human');
    assert.match(
      report.left.join('\n'),
      /Put data back: injected\nThe snapshots of before are kept: .*wiki\.before\./,
    );
    const resumed = await resume(report);
    assert.equal(resumed.outcome, 'rolled-back', JSON.stringify(resumed.left));
    assert.deepEqual(await world(), was);
  });

  test('a resume leaves data alone that nothing had changed: its snapshot was never taken', async () => {
    const was = await world();
    const { report } = await attempt((activity, when) => {
      if (when === 'before' && ['takeGuardSnapshots', 'dropSnapshots'].includes(activity)) throw injected();
    });
    assert.equal(report.outcome, 'needs-human');
    assert.equal(report.dataUntouched, true);
    const resumed = await resume(report);
    assert.equal(resumed.outcome, 'rolled-back', JSON.stringify(resumed.left));
    assert.deepEqual(await world(), was);
  });

  test('changes that cannot be found out are told as such; the command is done', async () => {
    const { report } = await attempt(failing('compareWithBefore', 'before'));
    assert.equal(report.outcome, 'done');
    assert.deepEqual(report.notes, ['Which files changed could not be found out: injected']);
  });
});
