/** How operations end when several things come together: real stacks, with the one activity in question made to fail. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { resumeRequest } from '../../client/commands/resume.ts';
import { startEcosystem, startResume } from '../../client/operation.ts';
import type { EcosystemRequest } from '../../domain/ecosystem.ts';
import { stackWorkflowId } from '../../domain/ids.ts';
import type { OperationRequest, Progress, Report } from '../../domain/operation.ts';
import type { Plan } from '../../domain/plan.ts';
import type { deployStack } from '../../workflows/deploy-stack.ts';
import type { stackStatus } from '../../workflows/questions.ts';
import { freePort } from '../../setup/local.ts';
import { databases, makeImage } from '../e2e/debian-image.ts';
import { until } from '../e2e/site.ts';
import { heardOfIt, injected, Laboratory, type Meddle } from './laboratory.ts';

const stackFile = (name: string, more = ''): string => `
name: ${name}
services:
  app:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /etc]
    stop_signal: SIGKILL
    environment: {RELEASE: "\${RELEASE:-1}"}
    volumes: ["\${DATA}/${name}:/data"]
    x-baton: {probe: {tcp: 80}}
x-baton: {min_healthy_time: 0s, rollback: "\${ROLLBACK:-auto}"${more}}
`;

/** Two databases, and what reads both. */
const cellar = `
name: cellar
services:
  first: &database
    image: ${databases.name}
    command: [redis-server, --dir, /data]
    environment: {RELEASE: "\${RELEASE:-1}"}
    stop_signal: SIGKILL
    volumes: ["\${DATA}/first:/data"]
    healthcheck: {test: [CMD-SHELL, "redis-cli ping | grep -q PONG"], interval: 60s}
    x-baton: {data: {/data: {dump: redis}}}
  second:
    <<: *database
    volumes: ["\${DATA}/second:/data"]
  app:
    image: ${databases.name}
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    depends_on: {first: {condition: service_healthy}, second: {condition: service_healthy}}
x-baton: {min_healthy_time: 0s}
`;

describe('how operations end', () => {
  let laboratory: Laboratory;
  const files: Record<string, string> = {};

  before(async () => {
    laboratory = await Laboratory.open();
    for (const name of ['ledger', 'edge']) {
      await execa('btrfs', ['subvolume', 'create', join(laboratory.site.data, name)]);
      files[name] = await laboratory.site.write(`${name}.yml`, stackFile(name));
    }
  });
  afterEach(() => {
    laboratory.meddle = () => undefined;
  });
  after(async () => {
    await laboratory.close();
  });

  const request = (stack: string, variables: Record<string, string> = {}): OperationRequest =>
    laboratory.request(stack, files[stack] ?? '', variables);
  const run = async (asked: OperationRequest, meddle: Meddle = () => undefined): Promise<Report> => {
    laboratory.meddle = meddle;
    return (await laboratory.run(asked)).report;
  };
  const handleOf = (stack: string): WorkflowHandle =>
    laboratory.client.workflow.getHandle(stackWorkflowId(laboratory.site.host, stack as Plan['stack']));
  const planned = async (): Promise<Plan | undefined> =>
    await laboratory.client.workflow
      .getHandle<typeof deployStack>(stackWorkflowId(laboratory.site.host, 'ledger' as Plan['stack']))
      .query<Plan | undefined>('plan');
  const without = (...failing: string[]): Meddle => {
    return (activity) => {
      if (failing.includes(activity)) throw injected();
    };
  };

  describe('a deploy', () => {
    test('that is refused tells what was planned', async () => {
      const { outcome, changes, previousRelease } = await run(
        laboratory.request(
          'ledger',
          await laboratory.site.write('refused.yml', stackFile('ledger', ', requires: [nothing]')),
        ),
      );
      assert.equal(outcome, 'refused');
      assert.deepEqual([changes[0]?.action, previousRelease], ['create', undefined]);
    });

    test('that is to wait for a window that there is not is refused', async () => {
      const asked = { ...request('ledger'), gate: { window: 'night' } };
      const { outcome, problems } = await run(asked);
      assert.deepEqual([outcome, problems.map(({ code }) => code)], ['refused', ['no-such-window']]);
    });

    test('that builds its image fetches it before anything is touched', async () => {
      await laboratory.site.write('image/Dockerfile', `FROM ${laboratory.site.environment['IMAGE']}\n`);
      const text = stackFile('built').replace('image: ${IMAGE}', 'build: ./image');
      const file = await laboratory.site.write('built.yml', text);
      const { outcome } = await run(laboratory.request('built', file));
      assert.equal(outcome, 'done');
    });

    test('that what came meanwhile is in the way of, once its image is here, is refused', async () => {
      const port = await freePort();
      await laboratory.site.write(
        'image/Dockerfile',
        `FROM ${laboratory.site.environment['IMAGE']}\nUSER 1\n`,
      );
      const text = stackFile('taken').replace(
        'image: ${IMAGE}',
        `build: ./image\n    ports: ["127.0.0.1:${port}:80"]`,
      );
      const file = await laboratory.site.write('taken.yml', text);
      const other = createServer();
      try {
        const asked = laboratory.request('taken', file);
        // Also where an earlier run of this has left its image.
        const building = { ...asked, options: { ...asked.options, build: true } };
        const { outcome, problems } = await run(building, async (activity, moment) => {
          if (activity === 'fetchImage' && moment === 'after')
            await once(other.listen(port, '127.0.0.1'), 'listening');
        });
        assert.deepEqual([outcome, problems.map(({ code }) => code)], ['refused', ['port-taken']]);
        assert.deepEqual(await laboratory.site.containers('taken'), []);
      } finally {
        other.close();
      }
    });

    test('that is cancelled while it plans has changed nothing', async () => {
      const { outcome, notes } = await run(request('ledger'), async (activity, moment) => {
        if (activity !== 'preparePlan' || moment !== 'before') return;
        await handleOf('ledger').executeUpdate('rollBack', { args: ['not now'] });
        await heardOfIt();
      });
      assert.deepEqual([outcome, notes], ['cancelled', ['Nothing was changed.']]);
    });

    test('that is cancelled just before it is recorded is put back', async () => {
      const { outcome, notes } = await run(request('ledger'), async (activity, moment) => {
        if (activity === 'validateRelease' && moment === 'after')
          await handleOf('ledger').executeUpdate('rollBack', { args: [''] });
      });
      assert.deepEqual([outcome, notes], ['cancelled', ['asked to stop']]);
    });

    test('whose workflow is cancelled is put back, too', async () => {
      const { outcome, notes } = await run(request('ledger'), async (activity, moment) => {
        if (activity !== 'validateRelease' || moment !== 'before') return;
        await handleOf('ledger').cancel();
        await heardOfIt();
      });
      assert.deepEqual([outcome, notes], ['cancelled', ['The operation was cancelled.']]);
    });

    test('that holds, and whose workflow is then cancelled, is put back', async () => {
      laboratory.meddle = without('validateRelease');
      const handle = await laboratory.start(request('ledger', { ROLLBACK: 'hold' }));
      await until('it to hold', async () => (await handle.query<Progress>('progress')).held !== undefined);
      await handle.cancel();
      assert.equal((await handle.result()).outcome, 'rolled-back');
    });

    test('whose every trace is as before, though a service that was needed is long gone', async () => {
      const text = stackFile('pair')
        .replace('    x-baton:', '    depends_on: [db]\n    x-baton:')
        .replace(
          'services:',
          'services:\n  db: {image: "${IMAGE}", command: [sleep, "1000"], stop_signal: SIGKILL}',
        );
      const file = await laboratory.site.write('pair.yml', text);
      assert.equal((await run(laboratory.request('pair', file))).outcome, 'done');
      await laboratory.site.cli('rm', '-f', '-t', '0', 'pair-db-1');
      await writeFile(
        file,
        'name: pair\nservices: {other: {image: "${IMAGE}", command: [sleep, "1000"], stop_signal: SIGKILL}}\nx-baton: {min_healthy_time: 0s}\n',
      );
      const { outcome, left } = await run(laboratory.request('pair', file), without('validateRelease'));
      assert.deepEqual([outcome, left], ['rolled-back', []]);
    });
  });

  test('where it is not known what ran, data is left to a person, and the resume puts it back', async () => {
    assert.equal((await run(request('ledger'))).outcome, 'done');
    const asked = request('ledger', { RELEASE: '2' });
    const report = await run(asked, without('validateRelease', 'servicesThatRan', 'putBackService app'));
    assert.equal(report.outcome, 'needs-human');
    assert.match(report.left.join(), /It is not known which services of the failed release ran/);
    assert.match(report.left.join(), /The snapshots of before are kept: \//);

    const plan = await planned();
    laboratory.meddle = without('putBackData');
    const again = await startResume(laboratory.client, resumeRequest('ledger', report, plan));
    const second = await again.result();
    assert.equal(second.outcome, 'needs-human');
    assert.match(second.left.join(), /The snapshots of before are kept: beside the data/);

    laboratory.meddle = () => undefined;
    const last = await startResume(laboratory.client, resumeRequest('ledger', second, plan));
    assert.equal((await last.result()).outcome, 'rolled-back');
  });

  test('a database that cannot be restored keeps no other back, and the resume restores it', async () => {
    const { site } = laboratory;
    await makeImage(site, databases);
    for (const name of ['first', 'second']) await mkdir(join(site.data, name));
    const file = await site.write('cellar.yml', cellar);
    const redis = async (...words: string[]): Promise<string[]> =>
      await Promise.all(
        ['first', 'second'].map(async (name) =>
          (await site.cli('exec', `cellar-${name}-1`, 'redis-cli', ...words)).trim(),
        ),
      );
    assert.equal((await run(laboratory.request('cellar', file))).outcome, 'done');
    await redis('set', 'bottle', 'full');

    let asked = 0;
    const failing = (count: number): void => {
      asked = -count;
    };
    const meddle: Meddle = (activity, moment) => {
      if (activity === 'restoreDump' && moment === 'before' && (asked += 1) <= 0) throw injected();
    };
    const changed = laboratory.request('cellar', file, { RELEASE: '2' });
    failing(2);
    const report = await run(changed, async (activity, moment) => {
      await meddle(activity, moment);
      if (activity !== 'validateRelease') return;
      await redis('flushall');
      throw injected();
    });
    assert.equal(report.outcome, 'needs-human');
    const did = ({ data }: Report): unknown[] => data.map((one) => one.did).sort();
    assert.deepEqual(did(report), ['emptied', 'emptied']);
    assert.match(report.left.join(), /Restore databases.*injected/);
    assert.match(report.left.join(), /The snapshots of before are kept: \//);

    const plan = await handleOf('cellar').query<Plan | undefined>('plan');
    const resume = async (before: Report): Promise<Report> => {
      laboratory.meddle = meddle;
      return await (await startResume(laboratory.client, resumeRequest('cellar', before, plan))).result();
    };
    failing(1);
    const half = await resume(report);
    assert.deepEqual([half.outcome, did(half)], ['needs-human', ['emptied', 'restored']]);
    // Whatever reads the database that is still empty stays down.
    assert.equal(await site.cli('ps', '-q', '--filter', 'name=cellar-app'), '');

    failing(0);
    const last = await resume(half);
    assert.deepEqual([last.outcome, last.left], ['rolled-back', []]);
    assert.deepEqual(await redis('get', 'bottle'), ['full', 'full']);

    // Where no new container ever ran there is nothing to restore.
    const { outcome, data } = await run(changed, without('rollOutService first', 'rollOutService second'));
    assert.deepEqual([outcome, data.map(({ did }) => did)], ['rolled-back', ['untouched', 'untouched']]);
    assert.deepEqual(await redis('get', 'bottle'), ['full', 'full']);
  });

  test('the status of every stack is one question', async () => {
    const all = await laboratory.client.workflow.execute<typeof stackStatus>('stackStatus', {
      workflowId: `question/${laboratory.site.host}/status/all`,
      taskQueue: `baton.${laboratory.site.host}`,
      args: [],
    });
    assert.ok(all.some(({ stack }) => stack === 'ledger'));
  });

  describe('an ecosystem', () => {
    const ecosystem = (phases: Record<string, OperationRequest[]>): EcosystemRequest => {
      const base = request('ledger');
      const name = 'home' as Plan['stack'];
      const workflowId = `ecosystem/${base.host}/home`;
      return {
        operation: base.operation,
        kind: 'deploy',
        stack: name,
        host: base.host,
        file: '/home.yml',
        phases: Object.entries(phases).map(([phase, members]) => ({
          name: phase,
          members: members.map((member) => ({
            request: { ...member, ecosystem: { workflowId, name } },
            after: [],
          })),
        })),
      };
    };
    const deploy = async (
      phases: Record<string, OperationRequest[]>,
      meddle: Meddle = () => undefined,
    ): Promise<Report> => {
      laboratory.meddle = meddle;
      return await (await startEcosystem(laboratory.client, ecosystem(phases))).result();
    };
    const three = { RELEASE: '3' };

    test('with a file that is not there is refused before anything is touched', async () => {
      const missing = laboratory.request('edge', '/nowhere.yml');
      const { outcome, problems, stacks } = await deploy({ data: [request('ledger', three), missing] });
      assert.equal(outcome, 'refused');
      assert.equal(problems.length, 1);
      assert.deepEqual(stacks ?? [], []);
    });

    test('that cannot be planned has changed nothing', async () => {
      const { outcome, failure, notes } = await deploy({ data: [request('ledger')] }, without('preparePlan'));
      assert.deepEqual([outcome, failure?.step, notes], ['refused', 'Preflight', ['Nothing was changed.']]);
    });

    test('that is cancelled while it plans has changed nothing', async () => {
      const { outcome, failure, notes } = await deploy(
        { data: [request('ledger')] },
        async (activity, moment) => {
          if (activity !== 'preparePlan' || moment !== 'before') return;
          await laboratory.client.workflow
            .getHandle(`ecosystem/${laboratory.site.host}/home`)
            .executeUpdate('rollBack', { args: ['not now'] });
          await heardOfIt();
        },
      );
      assert.deepEqual([outcome, failure, notes], ['cancelled', undefined, ['Nothing was changed.']]);
    });

    test('with one stack that fails puts the others back that go on beside it', async () => {
      const { outcome, stacks, failure } = await deploy(
        { all: [request('ledger', three), request('edge', three)] },
        (activity) => {
          if (activity === 'validateRelease') throw injected();
        },
      );
      assert.equal(outcome, 'rolled-back');
      assert.deepEqual(
        stacks?.map((one) => one.outcome),
        ['rolled-back', 'rolled-back'],
      );
      assert.match(failure?.message ?? '', /injected/);
    });

    test('with a stack whose operation is terminated calls for a person, and puts the others back', async () => {
      files['torn'] = await laboratory.site.write('torn.yml', stackFile('torn'));
      const { host } = laboratory.site;
      const { outcome, stacks, left } = await deploy(
        { data: [request('edge', three)], app: [request('torn')] },
        async (activity, moment) => {
          if (activity !== 'validateRelease' || moment !== 'before') return;
          const torn = laboratory.client.workflow.getHandle(stackWorkflowId(host, 'torn' as Plan['stack']));
          const { status } = await torn.describe().catch(() => ({ status: undefined }));
          if (status?.name === 'RUNNING') await torn.terminate('by hand');
        },
      );
      assert.equal(outcome, 'needs-human');
      assert.deepEqual(
        stacks?.map((one) => one.outcome),
        ['cancelled', 'needs-human'],
      );
      assert.match(left.join(), /torn: Its operation was ended from outside .* baton status torn/);
    });

    test('with a stack that is refused in its turn puts the ones before it back', async () => {
      files['needy'] = await laboratory.site.write('needy.yml', stackFile('needy', ', requires: [nothing]'));
      const { outcome, failure } = await deploy({
        data: [request('ledger', three)],
        edge: [request('needy')],
      });
      assert.equal(outcome, 'rolled-back');
      assert.match(
        failure?.message ?? '',
        /^needy: Refused: nothing was changed. .*requires stack "nothing"/,
      );
    });

    test('of which one stack cannot be put back needs a person, who is told which', async () => {
      const { outcome, left } = await deploy(
        { data: [request('ledger', three)], edge: [request('edge', three)] },
        (activity) => {
          if (activity === 'dropSnapshots') throw injected();
          if (activity === 'validateRelease') throw injected();
        },
      );
      assert.equal(outcome, 'needs-human');
      assert.match(left.join(), /^ledger: /);
      const report = (await handleOf('ledger').result()) as Report;
      laboratory.meddle = () => undefined;
      const plan = await planned();
      const resumed = await startResume(laboratory.client, resumeRequest('ledger', report, plan));
      assert.equal((await resumed.result()).outcome, 'rolled-back');
    });

    test('whose workflow is cancelled is put back', async () => {
      const { outcome, notes } = await deploy(
        { data: [request('ledger', three)] },
        async (activity, moment) => {
          if (activity !== 'validateRelease' || moment !== 'before') return;
          await laboratory.client.workflow.getHandle(`ecosystem/${laboratory.site.host}/home`).cancel();
          await heardOfIt();
        },
      );
      assert.deepEqual([outcome, notes], ['cancelled', ['The operation was cancelled.']]);
    });

    test('of which one stack does not commit when the others have is torn, and says so', async () => {
      let recorded = 0;
      const { outcome, left } = await deploy(
        { data: [request('ledger', three)], edge: [request('edge', three)] },
        (activity, moment) => {
          if (activity === 'recordRelease' && moment === 'before' && ++recorded > 1) throw injected();
        },
      );
      assert.equal(outcome, 'needs-human');
      assert.match(left.join(), /did not commit while other stacks did/);
    });

    test('of which no stack can commit is put back, and needs nobody', async () => {
      const five = { RELEASE: '5' };
      const { outcome, failure, left } = await deploy(
        { data: [request('ledger', five)], edge: [request('edge', five)] },
        (activity) => {
          if (activity === 'recordRelease') throw injected();
        },
      );
      assert.deepEqual([outcome, left], ['rolled-back', []]);
      assert.equal(failure?.step, 'ledger: Record the release');
    });

    test('with a stack that already runs leaves that one alone', async () => {
      const four = { RELEASE: '4' };
      await run(request('edge', four));
      const { outcome, stacks } = await deploy({
        data: [request('edge', four)],
        edge: [request('ledger', four)],
      });
      assert.equal(outcome, 'done');
      assert.deepEqual(
        stacks?.map((one) => one.outcome),
        ['unchanged', 'done'],
      );
    });
  });
});
