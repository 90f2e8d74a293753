/** What people are told of operations: once, in their own time, and without holding up anything. On a server whose time can be skipped. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { unreachableEvent, type BatonEvent, type EventKind } from '../../domain/event.ts';
import { channelWorkflowId, eventWorkflowId } from '../../domain/ids.ts';
import type { OperationRequest, Report } from '../../domain/operation.ts';
import type { deployStack } from '../../workflows/deploy-stack.ts';
import { until } from '../e2e/site.ts';
import { openTimeSkipping, plan, request, taskQueue, workerThatAnswers } from './time-skipping.ts';

const hours = 3_600_000;

describe('telling people', () => {
  let environment: TestWorkflowEnvironment;
  let count = 0;
  // That server skips no more time once a child has ended after its parent, so each test has one of its own.
  beforeEach(async () => {
    environment = await openTimeSkipping();
  });
  afterEach(async () => {
    await environment.teardown();
  });

  /** Names are of this test alone: what is told once stays told. */
  type World = {
    host: string;
    hears?: EventKind[];
    channels: string[];
    /** Which of them want to hear of anything but one another; default: all. */
    hearing?: string[];
    /** @returns until when it is quiet there; throws where the service does not take it. */
    tell?: (channel: string, events: BatonEvent[], now: number) => number | undefined;
    /** The last check of a deploy says no. */
    failing?: boolean;
  };
  type Told = { channel: string; titles: string[]; at: number };

  /** A worker of such a world, while `work` is done. @returns what it was asked to tell, and what of it was told. */
  const inWorld = async (
    world: World,
    work: () => Promise<void>,
  ): Promise<{ told: Told[]; tries: number }> => {
    const told: Told[] = [];
    let tries = 0;
    const worker = await workerThatAnswers(environment, async (name, args) => {
      switch (name) {
        case 'preparePlan':
          return {
            plan,
            digest: 'aaaaaaaaaaaa',
            problems: [],
            ...(world.hears ? { hears: world.hears } : {}),
          };
        case 'validateRelease':
          if (world.failing) throw ApplicationFailure.nonRetryable('it answers 503', 'Injected');
          return undefined;
        case 'channelsFor': {
          const [{ unreachable }] = args as [BatonEvent];
          return unreachable
            ? world.channels.filter((channel) => channel !== unreachable.channel)
            : (world.hearing ?? world.channels);
        }
        case 'tellEvents': {
          const [channel, events] = args as [string, BatonEvent[]];
          tries += 1;
          const now = await environment.currentTimeMs();
          const later = world.tell?.(channel, events, now);
          if (later !== undefined) return { later: new Date(later).toISOString() };
          told.push({ channel, titles: events.map(({ title }) => title), at: now });
          return undefined;
        }
        default:
          // What the steps of an unwind have done: nothing.
          return [];
      }
    });
    await worker.runUntil(work);
    return { told, tries };
  };

  const newHost = (): string => {
    count += 1;
    return `host-${count}`;
  };
  const event = (host: string, id: string, more: Partial<BatonEvent> = {}): BatonEvent => ({
    id,
    kind: 'failed',
    host,
    title: id,
    lines: [],
    end: '',
    at: new Date(0).toISOString(),
    ...more,
  });
  /** Looks, instead of waiting for the result: that lets time go by. */
  const announce = async (told: BatonEvent): Promise<void> => {
    const handle = await environment.client.workflow.start('tellPeople', {
      workflowId: eventWorkflowId(told.host, told.id),
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      taskQueue,
      args: [told],
    });
    await until(
      'the channels to be found',
      async () => (await handle.describe()).status.name === 'COMPLETED',
    );
  };
  const deploy = async (host: string, more: Partial<OperationRequest> = {}): Promise<Report> =>
    await environment.client.workflow.execute<typeof deployStack>('deployStack', {
      workflowId: `stack/${host}/web`,
      taskQueue,
      args: [{ ...request, host, ...more }],
    });
  /** `undefined` where there is no such workflow. */
  const statusOf = async (workflowId: string): Promise<string | undefined> => {
    try {
      return (await environment.client.workflow.getHandle(workflowId).describe()).status.name;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      return undefined;
    }
  };
  /** Lets time go by until it has told, or given up. */
  const channelEnds = async (host: string, channel: string): Promise<string> => {
    const workflowId = channelWorkflowId(host, channel);
    await until(workflowId, async () => (await statusOf(workflowId)) !== undefined);
    return await environment.client.workflow
      .getHandle(workflowId)
      .result()
      .then(
        () => 'told',
        (error: unknown) => ((error as Error).cause as Error).message,
      );
  };
  const endOf = (host: string, kind: EventKind): string =>
    eventWorkflowId(host, `${request.operation}/${kind}`);
  /** Of this day, by the server's clock. */
  const unreachable = async (host: string, channel: string): Promise<string> => {
    const { id } = unreachableEvent(host, channel, '', [], await environment.currentTimeMs());
    return eventWorkflowId(host, id);
  };

  test('a deploy that fails is told, and has ended before anybody is reached', async () => {
    const host = newHost();
    let isAway = true;
    const { told, tries } = await inWorld(
      {
        host,
        hears: ['failed'],
        channels: ['phone'],
        failing: true,
        tell: () => {
          if (isAway) throw new Error('ntfy cannot be reached: ECONNREFUSED.');
          return undefined;
        },
      },
      async () => {
        const { outcome } = await deploy(host);
        assert.equal(outcome, 'rolled-back');
        isAway = false;
        assert.equal(await channelEnds(host, 'phone'), 'told');
      },
    );
    assert.ok(tries >= 1);
    assert.deepEqual(
      told.map(({ channel, titles }) => [channel, titles]),
      [['phone', [`deploy web on ${host} failed, and everything is as it was`]]],
    );
  });

  test('where nobody wants to hear of it, nothing is started', async () => {
    const [host, quiet] = [newHost(), newHost()];
    await inWorld({ host, hears: ['failed', 'held'], channels: ['phone'] }, async () => {
      assert.equal((await deploy(host)).outcome, 'done');
    });
    await inWorld({ host: quiet, channels: [], failing: true }, async () => {
      assert.equal((await deploy(quiet)).outcome, 'rolled-back');
    });
    assert.equal(await statusOf(endOf(host, 'done')), undefined);
    assert.equal(await statusOf(endOf(quiet, 'failed')), undefined);
  });

  test('of a stack of an ecosystem the ecosystem tells', async () => {
    const host = newHost();
    const ecosystem = { workflowId: `ecosystem/${host}/none`, name: request.stack };
    await inWorld({ host, hears: ['failed'], channels: ['phone'], failing: true }, async () => {
      assert.equal((await deploy(host, { ecosystem })).outcome, 'rolled-back');
    });
    assert.equal(await statusOf(endOf(host, 'failed')), undefined);
  });

  test('an event is told once, however often it is seen', async () => {
    const host = newHost();
    const { told } = await inWorld({ host, channels: ['phone', 'mail'] }, async () => {
      await announce(event(host, 'one'));
      await assert.rejects(announce(event(host, 'one')));
      for (const channel of ['phone', 'mail']) await channelEnds(host, channel);
    });
    assert.deepEqual(told.map(({ channel }) => channel).sort(), ['mail', 'phone']);
  });

  test('what comes in quiet hours waits until they end, and goes out as one; what is urgent passes', async () => {
    const host = newHost();
    const began = await environment.currentTimeMs();
    const morning = began + 8 * hours;
    let isAsked = 0;
    const { told } = await inWorld(
      {
        host,
        channels: ['phone'],
        tell: (_channel, events, now) => {
          isAsked += 1;
          return now < morning && !events.some(({ kind }) => kind === 'needs-human') ? morning : undefined;
        },
      },
      async () => {
        await announce(event(host, 'one'));
        await until('the first look', () => isAsked === 1);
        await announce(event(host, 'two'));
        await environment.sleep(2 * hours);
        await announce(event(host, 'torn', { kind: 'needs-human' }));
        assert.equal(await channelEnds(host, 'phone'), 'told');
      },
    );
    assert.deepEqual(
      told.map(({ titles }) => titles),
      [['torn'], ['one', 'two']],
    );
    const [urgent, digest] = told.map(({ at }) => (at - began) / hours);
    assert.ok(urgent !== undefined && urgent < 3, `${urgent}`);
    assert.ok(digest !== undefined && digest >= 8 && digest < 8.1, `${digest}`);
  });

  test('a channel that is away for a day is given up, and the others hear of it once', async () => {
    const host = newHost();
    const began = await environment.currentTimeMs();
    const { told, tries } = await inWorld(
      {
        host,
        channels: ['phone', 'mail'],
        // Nothing ends before: see above.
        hearing: ['phone'],
        tell: (channel) => {
          if (channel === 'phone') throw new Error('ntfy answered 503.');
          return undefined;
        },
      },
      async () => {
        await announce(event(host, 'one'));
        assert.match(await channelEnds(host, 'phone'), /Not told through phone: .*one/);
        const news = await unreachable(host, 'phone');
        await until('the other channel', async () => (await statusOf(news)) === 'COMPLETED');
        await channelEnds(host, 'mail');
      },
    );
    const news = told.filter(({ titles }) => titles.some((title) => title.includes('cannot be reached')));
    assert.deepEqual(
      news.map(({ channel, titles }) => [channel, titles]),
      [['mail', [`phone cannot be reached from ${host}`]]],
    );
    assert.ok(tries > 20, `${tries}`);
    const days = ((await environment.currentTimeMs()) - began) / (24 * hours);
    // The try that would be later than a day is not made.
    assert.ok(days > 0.99 && days < 1.01, `${days}`);
  });

  test('a service that says no is not asked again; two channels that say no do not tell each other for ever', async () => {
    const host = newHost();
    const { tries, told } = await inWorld(
      {
        host,
        channels: ['phone', 'mail'],
        tell: () => {
          throw ApplicationFailure.nonRetryable('it answered 403.', 'NotTaken');
        },
      },
      async () => {
        await announce(event(host, 'one'));
        for (const channel of ['phone', 'mail']) {
          const news = await unreachable(host, channel);
          await until(news, async () => (await statusOf(news)) === 'COMPLETED');
          await until(channel, async () => (await statusOf(channelWorkflowId(host, channel))) === 'FAILED');
        }
      },
    );
    // Each the event, and that the other one cannot be reached.
    assert.ok(tries >= 2 && tries <= 4, `${tries}`);
    assert.equal(told.length, 0);
  });
});
