/** A host that is held: what would begin by itself does not, for as long as somebody wants. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { AuditEvent } from '../../domain/audit.ts';
import type { Gate } from '../../domain/gate.ts';
import type { Hold, HoldEnd, HoldState } from '../../domain/hold.ts';
import { holdWorkflowId } from '../../domain/ids.ts';
import type { OperationId } from '../../domain/names.ts';
import type { Progress, Report } from '../../domain/operation.ts';
import type { Delivery } from '../../domain/webhook.ts';
import type { deployStack } from '../../workflows/deploy-stack.ts';
import type { holdHost } from '../../workflows/hold-host.ts';
import type { takeDelivery } from '../../workflows/take-delivery.ts';
import { until as eventually } from '../e2e/site.ts';
import { openTimeSkipping, plan, request, taskQueue, workerThatAnswers } from './time-skipping.ts';

const hours = 3_600_000;
const anna: Hold = { by: 'anna', channel: 'baton', reason: 'the disk is being replaced' };

describe('a hold', () => {
  let environment: TestWorkflowEnvironment;
  let count = 0;
  before(async () => {
    environment = await openTimeSkipping();
  });
  after(async () => {
    await environment.teardown();
  });

  type Deploy = WorkflowHandle<typeof deployStack>;
  type Scene = {
    hold: (said: Hold) => Promise<WorkflowHandle<typeof holdHost>>;
    /** Begins in an hour, unless another gate is given. */
    deploy: (gate?: Partial<Gate>) => Promise<Deploy>;
    events: AuditEvent[];
    asked: string[];
    now: () => Promise<number>;
  };

  const stage = async (play: (scene: Scene) => Promise<void>, auditIsAway = false): Promise<void> => {
    const events: AuditEvent[] = [];
    const asked: string[] = [];
    let gate: Gate | undefined;
    const worker = await workerThatAnswers(environment, (name, args) => {
      asked.push(name);
      if (name === 'preparePlan') return { plan, digest: 'aaaaaaaaaaaa', gate, problems: [] };
      if (name === 'findOpening') return { opens: args[1] };
      if (name === 'takeSnapshots') return [];
      if (name !== 'recordDecisions') return undefined;
      if (auditIsAway) throw new Error('the disk is full');
      events.push(...(args[0] as AuditEvent[]));
      return undefined;
    });
    const { client } = environment;
    const now = () => environment.currentTimeMs();
    await worker.runUntil(
      play({
        events,
        asked,
        now,
        hold: async (said) =>
          await client.workflow.signalWithStart<typeof holdHost, [Hold]>('holdHost', {
            workflowId: holdWorkflowId('host'),
            taskQueue,
            args: ['host', '11111111' as OperationId, said],
            signal: 'requestHold',
            signalArgs: [said],
          }),
        deploy: async (more = {}) => {
          const notBefore = new Date((await now()) + hours).toISOString();
          gate = { approvals: 0, expiresMs: 24 * hours, windows: [], tells: [], notBefore, ...more };
          count += 1;
          return await client.workflow.start<typeof deployStack>('deployStack', {
            workflowId: `stack/host/held-${count}`,
            taskQueue,
            args: [request],
          });
        },
      }),
    );
  };
  const waitingOf = async (handle: Deploy): Promise<Progress['waiting']> =>
    (await handle.query<Progress>('progress')).waiting;
  /** Waiting for the result of one would let the server skip to the end of the other, which has none. */
  const ended = async (handle: Deploy): Promise<Report> => {
    while ((await handle.describe()).status.name === 'RUNNING');
    return (await handle.query<Progress>('progress')).report as Report;
  };
  const untilHeldBack = async (handle: Deploy): Promise<void> => {
    // The server skips to the hour while somebody waits for a result.
    await environment.sleep('2 hours');
    while ((await waitingOf(handle))?.for !== 'release');
  };

  test('keeps back what begins by itself until it is released, and names it', async () => {
    await stage(async ({ hold, deploy, events }) => {
      const held = await hold(anna);
      const deploying = await deploy();
      await untilHeldBack(deploying);
      const { heldBack, by, reason } = await held.query<HoldState>('hold');
      assert.deepEqual({ by, reason }, { by: 'anna', reason: anna.reason });
      assert.deepEqual(
        heldBack.map(({ what }) => what),
        ['deploy web'],
      );
      await held.executeUpdate('release', { args: [{ by: 'ben', channel: 'baton' }] });
      const end: HoldEnd = await held.result();
      const report: Report = await deploying.result();
      assert.equal(end.releasedBy, 'ben');
      assert.equal(report.outcome, 'done');
      assert.ok(report.durationMs >= 2 * hours, `${report.durationMs}`);
      assert.deepEqual(
        events.map(({ what, by: who }) => `${who} ${what}`).filter((line) => !line.startsWith('undefined')),
        ['anna hold', 'ben release'],
      );
    });
  });

  test('ends by itself when its time is over', async () => {
    await stage(async ({ hold, deploy, now }) => {
      const until = (await now()) + 5 * hours;
      const held = await hold({ ...anna, until: new Date(until).toISOString() });
      const deploying = await deploy();
      const { outcome, durationMs } = await deploying.result();
      assert.equal(outcome, 'done');
      assert.ok(durationMs > 4.9 * hours && durationMs < 5.1 * hours, `${durationMs}`);
      assert.equal((await held.result()).releasedBy, undefined);
    });
  });

  test('lets pass what people type, and what somebody has approved', async () => {
    await stage(async ({ hold, deploy }) => {
      const held = await hold(anna);
      const deploying = await deploy({ approvals: 1, notBefore: undefined as never });
      while (!(await waitingOf(deploying)));
      await deploying.executeUpdate('approve', {
        args: [{ by: 'anna', channel: 'baton', plan: 'aaaaaaaaaaaa' }],
      });
      assert.equal((await ended(deploying)).outcome, 'done');
      await held.signal('requestRelease', { by: 'anna', channel: 'baton' });
      assert.deepEqual((await held.result()).heldBack, []);
    });
  });

  test('starts nothing for a webhook, and notes nothing, so that the same delivery may come again', async () => {
    await stage(async ({ hold, asked }) => {
      const held = await hold(anna);
      const delivery: Delivery = {
        webhook: 'forge',
        occasion: '0123456789abcdef',
        because: ['ref: refs/heads/main'],
        start: { workflow: 'deployStack', request },
      };
      const taking = await environment.client.workflow.start<typeof takeDelivery>('takeDelivery', {
        workflowId: 'delivery/host/forge/0123456789abcdef',
        taskQueue,
        args: [delivery],
      });
      while ((await taking.describe()).status.name === 'RUNNING');
      assert.ok(!asked.includes('noteDelivery'));
      const [only] = (await held.query<HoldState>('hold')).heldBack;
      assert.equal(only?.what, 'webhook forge: deploy web');
      await held.signal('requestRelease', { by: 'anna', channel: 'baton' });
      await held.result();
      await assert.rejects(
        taking.result(),
        ({ cause }: WorkflowFailedError) => cause instanceof ApplicationFailure && cause.type === 'Held',
      );
    });
  });

  test('is passed by hand', async () => {
    await stage(async ({ hold, deploy }) => {
      const held = await hold(anna);
      const deploying = await deploy();
      await untilHeldBack(deploying);
      await deploying.executeUpdate('start', { args: [{ by: 'ben', channel: 'baton' }] });
      assert.equal((await ended(deploying)).outcome, 'done');
      // It has ended by the time that it is told.
      await held.signal('requestRelease', { by: 'anna', channel: 'baton' });
      assert.equal((await held.result()).heldBack.length, 1);
    });
  });

  test('that is held on takes the newest time and reason', async () => {
    await stage(async ({ hold, now }) => {
      const first = new Date((await now()) + hours).toISOString();
      const held = await hold({ ...anna, until: first });
      const again = await hold({ by: 'ben', channel: 'baton' });
      assert.equal(held.workflowId, again.workflowId);
      await environment.sleep('3 hours');
      assert.equal((await held.describe()).status.name, 'RUNNING');
      assert.equal((await held.query<HoldState>('hold')).by, 'ben');
      await held.signal('requestRelease', { by: 'anna', channel: 'baton' });
      await held.result();
    });
  });

  test('hears what was said while no worker was there in the order in which it was said', async () => {
    const { client } = environment;
    const options = { workflowId: holdWorkflowId('away'), taskQueue };
    const held = await client.workflow.start<typeof holdHost>('holdHost', {
      ...options,
      args: ['away', '22222222' as OperationId, anna],
    });
    await held.signal('requestRelease', { by: 'ben', channel: 'baton' });
    await held.signal('requestHold', { by: 'carla', channel: 'baton' });
    await stage(async () => {
      assert.equal((await held.query<HoldState>('hold')).by, 'carla');
      await held.signal('requestRelease', { by: 'carla', channel: 'baton' });
      assert.equal((await held.result()).releasedBy, 'carla');
    });
  });

  /** Time is not skipped while a workflow waits for a worker. */
  const soon = async (): Promise<{ until: string; come: () => Promise<void> }> => {
    const ms = (await environment.currentTimeMs()) + 300;
    const come = async (): Promise<void> => {
      while ((await environment.currentTimeMs()) <= ms) await delay(50);
    };
    return { until: new Date(ms).toISOString(), come };
  };

  test('whose time came while no worker was there is over, and those whom it kept back are told', async () => {
    const { client } = environment;
    const begin = async (host: string, said: Hold) =>
      await client.workflow.signalWithStart<typeof holdHost, [Hold]>('holdHost', {
        workflowId: holdWorkflowId(host),
        taskQueue,
        args: [host, '33333333' as OperationId, said],
        signal: 'requestHold',
        signalArgs: [said],
      });
    const { until, come } = await soon();
    const held = await begin('away', { ...anna, until });
    // Any workflow that goes on: it is told by a signal.
    const keptBack = await begin('kept-back', anna);
    const waits = { workflowId: keptBack.workflowId, runId: keptBack.signaledRunId };
    await held.signal('heldBack', { what: 'deploy web', at: until, waits });
    await come();
    await stage(async ({ events }) => {
      // Whoever waits for a result lets time go on, and with nothing else to come it goes on for years.
      const isTold = async (): Promise<boolean> => {
        const { events: past } = await keptBack.fetchHistory();
        return (past ?? []).some(
          (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'released',
        );
      };
      await eventually('it to be told', isTold);
      await keptBack.signal('requestRelease', { by: 'anna', channel: 'baton' });
      await keptBack.result();
      const end = await held.result();
      assert.deepEqual([end.until, end.reason, end.releasedBy], [until, anna.reason, undefined]);
      assert.ok(events.some(({ what, by, until: to }) => what === 'hold' && by === 'anna' && to === until));
    });
  });

  test('takes a new time that came while no worker was there, too', async () => {
    const held = await environment.client.workflow.start<typeof holdHost>('holdHost', {
      workflowId: holdWorkflowId('away'),
      taskQueue,
      args: ['away', '44444444' as OperationId, anna],
    });
    const { until, come } = await soon();
    await held.signal('requestHold', { ...anna, until });
    await come();
    await stage(async () => {
      assert.equal((await held.result()).until, until);
    });
  });

  test('is not held on until a time that has passed, and says so to whoever asks', async () => {
    await stage(async ({ hold, now }) => {
      const held = await hold(anna);
      const until = new Date((await now()) - hours).toISOString();
      await assert.rejects(held.executeUpdate('hold', { args: [{ by: 'ben', channel: 'web-ui', until }] }));
      assert.equal((await held.query<HoldState>('hold')).by, 'anna');
      await held.signal('requestRelease', { by: 'anna', channel: 'baton' });
      await held.result();
    });
  });

  test('with mistakes in it is a hold all the same', async () => {
    await stage(async ({ hold }) => {
      const held = await hold({ by: 7, until: 'tomorrow' } as never);
      assert.equal((await held.query<HoldState>('hold')).by, 'unnamed');
      await held.signal('requestRelease', undefined);
      assert.equal((await held.result()).releasedBy, 'unnamed');
    });
  });

  test('is released though the audit log cannot be written, and says so', async () => {
    await stage(async ({ hold }) => {
      const held = await hold(anna);
      await held.signal('requestRelease', { by: 'anna', channel: 'baton' });
      assert.match(
        (await held.result()).notes.join(),
        /^The audit log could not be written: the disk is full/,
      );
    }, true);
  });
});
