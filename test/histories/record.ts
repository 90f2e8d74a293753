/**
 * Records the histories that `test/workflows/replay.test.ts` replays: `npm run test-host`, then `node test/histories/record.ts`.
 * Recorded anew only when a change to a workflow is meant to be incompatible; until then every old history must replay.
 */
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { removeMandate } from '../../client/mandate.ts';
import { readPlaybooks } from '../../compose/playbooks.ts';
import {
  actionWorkflowId,
  cleanupWorkflowId,
  copyWorkflowId,
  cycleWorkflowId,
  deliveryWorkflowId,
  holdWorkflowId,
  measureWorkflowId,
  playbookWorkflowId,
  hostTaskQueue,
  restoreTestWorkflowId,
  scheduledWorkflowId,
  stackWorkflowId,
} from '../../domain/ids.ts';
import type { GuardRequest } from '../../domain/guard.ts';
import type { GateWish } from '../../domain/gate.ts';
import type { OperationId, StackName } from '../../domain/names.ts';
import type { OperationRequest, Progress, ReleaseSource } from '../../domain/operation.ts';
import type { Task } from '../../domain/schedule.ts';
import type { carryOut } from '../../workflows/carry-out.ts';
import type { initCopies } from '../../workflows/copies.ts';
import type { holdHost } from '../../workflows/hold-host.ts';
import type { oodaCycle } from '../../workflows/ooda-cycle.ts';
import type { runPlaybook } from '../../workflows/run-playbook.ts';
import type { runScheduled } from '../../workflows/run-scheduled.ts';
import type { takeDelivery } from '../../workflows/take-delivery.ts';
import { until } from '../e2e/site.ts';
import { prepareCycle } from '../faults/cycle.ts';
import { injected, Laboratory, type Meddle } from '../workflows/laboratory.ts';

const stack = `
name: ledger
services:
  db:
    image: \${IMAGE}
    command: [httpd, -f, -p, "5432", -h, /data]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/ledger:/data"]
    x-baton: {probe: {tcp: 5432}}
  app:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /etc]
    stop_signal: SIGKILL
    environment: {RELEASE: "\${RELEASE:-1}"}
    depends_on: {db: {condition: service_healthy}}
    x-baton: {probe: {tcp: 80}}
x-baton: {min_healthy_time: 100ms, rollback: "\${ROLLBACK:-auto}"}
`;

const laboratory = await Laboratory.open();
const { site, client } = laboratory;

/** Histories are committed, so they speak of no machine: paths and the site's name are replaced inside the payloads. */
const neutral = (text: string): string =>
  text
    .replaceAll(site.files, '/srv/stacks')
    .replaceAll(site.data, '/srv/data')
    .replaceAll(homedir(), '/home/baton')
    .replaceAll(site.host, 'host')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:7233');

const neutralised = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(neutralised);
  if (typeof value === 'string') return neutral(value);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    if (key === 'stackTrace') return [key, ''];
    if (key !== 'data' || typeof inner !== 'string') return [key, neutralised(inner)];
    const text = Buffer.from(inner, 'base64').toString('utf8');
    return [key, Buffer.from(neutral(text)).toString('base64')];
  });
  return Object.fromEntries(entries);
};

const save = async (name: string, workflowId: string, runId: string): Promise<void> => {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const json = JSON.parse(historyToJSON(history)) as unknown;
  await writeFile(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(neutralised(json), null, 1)}\n`);
};

const record = async (
  name: string,
  request: OperationRequest | GuardRequest,
  meddle: Meddle = () => undefined): Promise<void> => {
  laboratory.meddle = meddle;
  const handle = await laboratory.start(request);
  const { outcome } = await handle.result();
  laboratory.meddle = () => undefined;
  const { runId } = await handle.describe();
  await save(name, handle.workflowId, runId);
  console.log(`${name}: ${outcome}`);
};

/** A service that takes nothing. */
const refusing = createServer((_request, response) => response.writeHead(403).end());

/** An operation whose end is told to somebody who cannot be reached. */
const recordTold = async (request: OperationRequest): Promise<void> => {
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}/hook`;
  const notify = ['phone', 'desk'].map((name) => ({ name, person: 'anna', slack: { url } }));
  await site.write('.config/baton/baton.yml', JSON.stringify({ notify }));
  await record('deploy-told', request, failing('validateRelease'));
  for (const [name, workflow] of [
    ['tell-people', 'tellPeople'],
    ['tell-channel', 'tellChannel'],
  ] as const) {
    const query = `WorkflowType = "${workflow}" AND BatonHost = "${site.host}" AND ExecutionStatus != "Running"`;
    await until(workflow, async () => (await client.workflow.count(query)).count > 0);
    for await (const { workflowId, runId } of client.workflow.list({ query })) {
      await save(name, workflowId, runId);
      break;
    }
  }
  await site.write('.config/baton/baton.yml', '');
  refusing.close();
};

/** A window of a calendar: two openings, of which the second puts back what still runs as it closes. */
const writeWindow = async (): Promise<void> => {
  const stamp = (seconds: number): string =>
    new Date(Date.now() + seconds * 1_000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const events = [[10, 14], [20, 3_600]].flatMap(([from = 0, to = 0]) =>
    ['BEGIN:VEVENT', `DTSTART:${stamp(from)}`, `DTEND:${stamp(to)}`, 'END:VEVENT']);
  await site.write('.config/baton/shift.ics', ['BEGIN:VCALENDAR', ...events, 'END:VCALENDAR', ''].join('\r\n'));
  await site.write('.config/baton/baton.yml', 'windows: {shift: {calendar: shift.ics, at_end: unwind}}');
};

/** A restart, which is healthy, or is put back. */
const recordPlaybooks = async (): Promise<void> => {
  const { playbooks } = await readPlaybooks(`${site.files}/playbooks`);
  const hash = playbooks.find(({ name }) => name === 'service-restart')?.hash ?? '';
  for (const [name, meddle] of [
    ['playbook-done', () => undefined],
    ['playbook-rolled-back', failing('restartService app')],
  ] as const) {
    laboratory.meddle = meddle;
    const { operation, host } = laboratory.request('ledger', '');
    const workflowId = playbookWorkflowId(host, operation);
    const handle = await client.workflow.start<typeof runPlaybook>('runPlaybook', {
      workflowId,
      taskQueue: hostTaskQueue(host),
      args: [{ operation, host, playbook: 'service-restart', hash, target: 'ledger/app', cause: 'asked-for' }],
    });
    const { outcome, steps } = await handle.result();
    await save(name, workflowId, (await handle.describe()).runId);
    const lock = stackWorkflowId(host, 'ledger' as StackName);
    await save(name.replace('playbook', 'restart'), lock, (await client.workflow.getHandle(lock).describe()).runId);
    console.log(`${name}: ${outcome} ${JSON.stringify(steps)}`);
  }
  laboratory.meddle = () => undefined;
};

/** A delivery of a webhook, and nothing of the operation that it starts. */
const recordDelivery = async (deploy: OperationRequest): Promise<void> => {
  const handle = await client.workflow.start<typeof takeDelivery>('takeDelivery', {
    workflowId: deliveryWorkflowId(site.host, 'forge', '0123456789abcdef'),
    taskQueue: hostTaskQueue(site.host),
    args: [
      {
        webhook: 'forge',
        occasion: '0123456789abcdef',
        because: ['ref: refs/heads/main'],
        start: { workflow: 'deployStack', request: deploy },
      },
    ],
  });
  await handle.result();
  const { runId } = await handle.describe();
  await save('delivery-started', handle.workflowId, runId);
  await client.workflow.getHandle(stackWorkflowId(site.host, deploy.stack)).result();
};

/** A host that is held while the hour of one operation comes, and that of a schedule; then it is released. */
const recordHold = async (deploy: OperationRequest): Promise<void> => {
  const { host } = site;
  const held = await client.workflow.start<typeof holdHost>('holdHost', {
    workflowId: holdWorkflowId(host),
    taskQueue: hostTaskQueue(host),
    args: [host, '0a1b2c3d' as OperationId, { by: 'anna', channel: 'baton', reason: 'the disk is being replaced' }],
  });
  await recordScheduled('scheduled-held', { do: 'prune' });
  const waiting = await laboratory.start(deploy);
  await until('its hour', async () => (await waiting.query<Progress>('progress')).waiting?.for === 'release');
  await held.executeUpdate('release', { args: [{ by: 'anna', channel: 'baton' }] });
  await Promise.all([waiting.result(), held.result()]);
  for (const [name, handle] of [
    ['gate-held', waiting],
    ['hold-released', held],
  ] as const)
    await save(name, handle.workflowId, (await handle.describe()).runId);
};

const recordScheduled = async (name: string, task: Task): Promise<void> => {
  const { host } = site;
  const timing = { cron: '0 3 * * *', timeZone: 'UTC', jitterMs: 0, catchUpMs: 600_000 };
  const handle = await client.workflow.start<typeof runScheduled>('runScheduled', {
    workflowId: scheduledWorkflowId(host, name),
    taskQueue: hostTaskQueue(host),
    args: [{ host, schedule: { name, ...timing, task }, origin: 'baton.yml' }],
  });
  const { outcome } = await handle.result();
  await save(name, handle.workflowId, (await handle.describe()).runId);
  console.log(`${name}: ${outcome}`);
};

/** A copy, with the snapshot that is taken for it, and the schedule that makes it. */
const recordCopies = async (): Promise<void> => {
  const { host } = site;
  const password = await site.write('restic.password', 'nobody knows\n');
  const restic = { repository: `${site.files}/repository`, password_file: password };
  const copies = { offsite: { data: [`${site.data}/ledger`], restic, fresh: '0s', keep: { minimum: 1 } } };
  await site.write('.config/baton/baton.yml', JSON.stringify({ copies }));
  const workflowId = copyWorkflowId(host, 'offsite');
  await client.workflow.execute<typeof initCopies>('initCopies', {
    workflowId,
    taskQueue: hostTaskQueue(host),
    args: [{ operation: '0a1b2c3d' as OperationId, host, name: 'offsite' }],
  });
  await recordScheduled('scheduled-copy', { do: 'copy', copy: 'offsite' });
  await save('copy-done', workflowId, (await client.workflow.getHandle(workflowId).describe()).runId);
  await recordScheduled('scheduled-check-copy', { do: 'check-copy', copy: 'offsite', readPercent: 5 });
  await save('copy-checked', workflowId, (await client.workflow.getHandle(workflowId).describe()).runId);
  await site.write('.config/baton/baton.yml', '');
};

/** A cycle that acts, what it begins, what measures that later, and a cycle that finds nothing to do. */
const recordCycles = async (): Promise<void> => {
  const { host } = site;
  await prepareCycle(client, site, 'ledger');
  const cycle = async (name: string): Promise<OperationId | undefined> => {
    const workflowId = cycleWorkflowId(host);
    const taskQueue = hostTaskQueue(host);
    const handle = await client.workflow.start<typeof oodaCycle>('oodaCycle', { workflowId, taskQueue, args: [] });
    const { deliberation } = await handle.result();
    await save(name, workflowId, (await handle.describe()).runId);
    console.log(`${name}: ${deliberation.decided.map(({ decision }) => decision.answer).join(', ')}`);
    return deliberation.begin[0]?.operation;
  };
  const operation = await cycle('cycle-acts');
  if (operation === undefined) throw new Error('the cycle did nothing');
  const action = client.workflow.getHandle<typeof carryOut>(actionWorkflowId(host, operation));
  const { outcome } = await action.result();
  await save('action-done', action.workflowId, (await action.describe()).runId);
  console.log(`action: ${outcome}`);
  const measuring = client.workflow.getHandle(measureWorkflowId(host, operation));
  await save('measure-waiting', measuring.workflowId, (await measuring.describe()).runId);
  await measuring.terminate();
  await cycle('cycle-quiet');
  await removeMandate(client, host);
};

const failing =
  (activity: string): Meddle =>
  (name) => {
    if (name === activity) throw injected();
  };

try {
  const file = await site.write('ledger.yml', stack);
  const request = (variables: Record<string, string> = {}): OperationRequest =>
    laboratory.request('ledger', file, variables);
  await record('deploy-done', request());
  await record('deploy-unchanged', request());
  await record('deploy-refused', laboratory.request('ledger', `${file}.missing`));
  await record('deploy-rolled-back', request({ RELEASE: '2' }), failing('validateRelease'));
  await record('deploy-needs-human', request({ RELEASE: '2' }), (activity) => {
    if (activity === 'validateRelease' || activity === 'dropSnapshots') throw injected();
  });
  const rollBack = async (): Promise<void> => {
    await client.workflow
      .getHandle(`stack/${site.host}/ledger`)
      .executeUpdate('rollBack', { args: ['a person asked for it'] });
  };
  await record('deploy-cancelled', request({ RELEASE: '2' }), async (activity, moment) => {
    if (activity === 'rollOutService app' && moment === 'before') await rollBack();
  });
  let held = false;
  await record('deploy-held', request({ RELEASE: '2', ROLLBACK: 'hold' }), (activity) => {
    if (activity !== 'validateRelease' || held) return;
    held = true;
    setTimeout(() => void rollBack(), 1_500);
    throw injected();
  });
  await record('deploy-second', request({ RELEASE: '2' }));
  const undo: OperationRequest = { ...request(), kind: 'undo', source: { from: 'release', withData: true } };
  await record('undo-with-data', undo);

  const guarded = (command: string, more: Partial<GuardRequest> = {}): GuardRequest =>
    laboratory.guardRequest('ledger', [`${site.data}/ledger`], command, more);
  const row = 'echo row >> ledger/rows';
  await record('guard-done', guarded(row));
  await record('guard-rolled-back', guarded(`${row}; exit 3`));
  await record('guard-refused', guarded(row, { data: ['/no/such/path'] }));
  await record('guard-kept', guarded(`${row}; exit 3`, { onFailure: 'hold' }), (activity, moment) => {
    if (activity !== 'runCommand' || moment !== 'after') return;
    const handle = client.workflow.getHandle(`stack/${site.host}/ledger`);
    setTimeout(() => void handle.executeUpdate('keep', { args: ['a person chose it'] }), 1_500);
  });

  /** Says something to the operation while it waits at its gate. */
  const answering = (answer: string, more: object = {}, workflowId = `stack/${site.host}/ledger`): Meddle => {
    let isAsked = false;
    return (activity, moment) => {
      if (activity !== 'preparePlan' || moment === 'before' || isAsked) return;
      isAsked = true;
      const handle = client.workflow.getHandle(workflowId);
      const say = async (): Promise<void> => {
        const { waiting } = await handle.query<Progress>('progress');
        const said = { by: 'anna', channel: 'baton', plan: waiting?.plan, ...more };
        await handle.executeUpdate(answer, { args: [said] });
      };
      setTimeout(() => void say(), 1_500);
    };
  };
  const soon = (): string => new Date(Date.now() + 3_000).toISOString();
  const gated = (gate: GateWish, release: string): OperationRequest => ({ ...request({ RELEASE: release }), gate });
  await record('gate-approved', gated({ approve: true }, '3'), answering('approve'));
  await record('gate-rejected', gated({ approve: true }, '4'), answering('reject', { text: 'not on a Friday' }));
  await record('gate-expired', gated({ approve: true, expiresMs: 6_000 }, '4'), answering('defer', { until: soon() }));
  await record('gate-hour', gated({ at: soon() }, '4'));
  await record('gate-started', gated({ at: '2037-01-01T02:30:00.000Z' }, '5'), answering('start'));
  await writeWindow();
  await record('gate-window', gated({ window: 'shift' }, '6'), answering('defer', { window: 'shift' }));
  await site.write('.config/baton/baton.yml', '');

  await recordTold(request({ RELEASE: '9' }));
  await recordDelivery(request({ RELEASE: '6' }));
  await recordHold(gated({ at: soon() }, '7'));
  const { source, options } = request({ RELEASE: '8' });
  await recordScheduled('scheduled-deploy', { do: 'deploy', source: source as ReleaseSource & { from: 'file' }, options });
  const { operation: _operation, host: _host, stack: _stack, ...snapshot } = guarded('');
  delete snapshot.command;
  await recordScheduled('scheduled-snapshot', { do: 'guard', question: snapshot });
  await recordScheduled('scheduled-cleanup', { do: 'cleanup', only: ['logs'] });
  await save('cleanup-unchanged', cleanupWorkflowId(site.host), (await client.workflow.getHandle(cleanupWorkflowId(site.host)).describe()).runId);

  const sets = `data: {ledger: {path: ${site.data}/ledger, class: snapshot, restore_test: {service: db, exec: [ls, /data]}}}\n`;
  await site.write('.config/baton/baton.yml', sets);
  await recordScheduled('scheduled-restore-test', { do: 'restore-test' });
  const testId = restoreTestWorkflowId(site.host);
  await save('restore-test-done', testId, (await client.workflow.getHandle(testId).describe()).runId);

  await recordCopies();
  await recordPlaybooks();
  await recordCycles();

  const other = await site.write('edge.yml', stack.replaceAll('ledger', 'edge'));
  const workflowId = `ecosystem/${site.host}/home`;
  const member = (name: string, path: string, variables: Record<string, string>) => ({
    request: { ...laboratory.request(name, path, variables), ecosystem: { workflowId, name: request().stack } },
    after: [],
  });
  for (const [name, meddle] of [
    ['ecosystem-rolled-back', failing('rollOutService app')],
    ['ecosystem-done', () => undefined],
    ['ecosystem-approved', answering('approve', {}, workflowId)],
  ] as const) {
    laboratory.meddle = meddle;
    const base = request();
    const handle = await client.workflow.start('deployEcosystem', {
      workflowId,
      taskQueue: hostTaskQueue(site.host),
      args: [
        {
          operation: base.operation,
          kind: 'deploy',
          stack: 'home',
          host: site.host,
          file: `${site.files}/home.yml`,
          ...(name === 'ecosystem-approved' ? { gate: { approve: true } } : {}),
          phases: [
            { name: 'data', members: [member('ledger', file, { RELEASE: name })] },
            { name: 'edge', members: [member('edge', other, {})] },
          ],
        },
      ],
    });
    await handle.result();
    const { runId } = await handle.describe();
    await save(name, workflowId, runId);
    console.log(name);
  }
  const memberId = `stack/${site.host}/ledger`;
  await save('ecosystem-member-approved', memberId, (await client.workflow.getHandle(memberId).describe()).runId);
} finally {
  await laboratory.close();
}
