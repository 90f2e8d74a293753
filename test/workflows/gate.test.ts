/** Who and what an operation waits for, over hours and days, on a server whose time can be skipped. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Answer, Gate } from '../../domain/gate.ts';
import type { Progress, Report } from '../../domain/operation.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Opening } from '../../domain/window.ts';
import type { deployStack } from '../../workflows/deploy-stack.ts';
import { openTimeSkipping, plan, request, taskQueue, workerThatAnswers } from './time-skipping.ts';

const hours = 3_600_000;
const gate = (more: Partial<Gate> = {}): Gate => ({
  approvals: 1,
  expiresMs: 24 * hours,
  windows: [],
  tells: [],
  ...more,
});
const anna: Answer = { by: 'anna', channel: 'baton', plan: 'aaaaaaaaaaaa' };

describe('a gate', () => {
  let environment: TestWorkflowEnvironment;
  let count = 0;
  before(async () => {
    environment = await openTimeSkipping();
  });
  after(async () => {
    await environment.teardown();
  });

  type Scene = {
    handle: WorkflowHandle<typeof deployStack>;
    say: (answer: string, said: unknown) => Promise<string>;
    waiting: () => Promise<Progress['waiting']>;
    /** Hours since its begin, by the server's clock. */
    clock: () => Promise<number>;
  };
  type Host = {
    gate: Gate;
    /** Digests that planning gives, one after another; the last one stays. */
    digests?: string[];
    /** Of the window, for a time that is asked for (ms since the epoch). */
    opens?: (from: number) => number;
    /** What else is said of it. */
    opening?: Partial<Opening>;
    /** When any window but "never" opens next. */
    opensNext?: string;
    /** How long the last check, and the record, take. */
    validate?: Promise<void>;
    record?: Promise<void>;
    planned?: Plan;
    auditIsAway?: boolean;
  };

  /** Starts a deploy, lets a test talk to it, and waits for its end. */
  const run = async (
    {
      digests = ['aaaaaaaaaaaa'],
      opens = (from) => from,
      opening,
      opensNext,
      validate,
      record,
      auditIsAway = false,
      gate: wanted,
      planned: wantedPlan = plan,
    }: Host,
    talk: (scene: Scene) => Promise<void> = async () => {},
  ): Promise<{ report: Report; asked: string[]; works: unknown[] }> => {
    const asked: string[] = [];
    const works: unknown[] = [];
    let planned = 0;
    const worker = await workerThatAnswers(environment, (name, args) => {
      asked.push(name);
      switch (name) {
        case 'preparePlan': {
          const digest = digests[Math.min(planned, digests.length - 1)];
          planned += 1;
          return { plan: wantedPlan, digest, gate: wanted, problems: [] };
        }
        case 'findOpening': {
          const at = new Date(opens(Date.parse(String(args[1])))).toISOString();
          works.push(args[2]);
          return { opens: at, ...opening };
        }
        case 'findNextOpening':
          if (args[0] === 'never') throw ApplicationFailure.nonRetryable('There is no window "never".');
          return { opens: opensNext, closes: opensNext };
        case 'recordRelease':
          return record;
        case 'validateRelease':
          return validate;
        case 'recordDecisions':
          if (auditIsAway) throw new Error('the disk is full');
          return undefined;
        case 'takeSnapshots':
        case 'servicesThatRan':
        case 'putBackData':
        case 'verifyPutBack':
          return [];
        default:
          return undefined;
      }
    });
    count += 1;
    return await worker.runUntil(async () => {
      const handle = await environment.client.workflow.start<typeof deployStack>('deployStack', {
        workflowId: `stack/host/gate-${count}`,
        taskQueue,
        args: [request],
      });
      const began = await environment.currentTimeMs();
      const progress = async () => await handle.query<Progress>('progress');
      const hasStopped = async (): Promise<boolean> => {
        const { waiting, held } = await progress();
        return (waiting ?? held) !== undefined;
      };
      while (!(await hasStopped()) && (await handle.describe()).status.name === 'RUNNING');
      await talk({
        handle,
        say: async (answer, said) => await handle.executeUpdate<string, [unknown]>(answer, { args: [said] }),
        waiting: async () => (await progress()).waiting,
        clock: async () => ((await environment.currentTimeMs()) - began) / hours,
      });
      return { report: await handle.result(), asked, works };
    });
  };
  const refused = (expected: RegExp) => (error: unknown) =>
    error instanceof WorkflowUpdateFailedError && expected.test(error.cause?.message ?? '');
  const answersOf = ({ answers = [] }: Report): string[] =>
    answers.map(({ by, answer, refused: why }) => `${by} ${answer}${why === undefined ? '' : `: ${why}`}`);

  test('opens when somebody approves, and the plan is made again before anything is touched', async () => {
    const { report, asked } = await run({ gate: gate() }, async ({ say, waiting }) => {
      assert.deepEqual((await waiting())?.for, 'approval');
      assert.equal(await say('approve', anna), 'Approved.');
    });
    assert.equal(report.outcome, 'done');
    // Who wanted it is written down before anything else is done.
    assert.deepEqual(asked.slice(0, 3), ['preparePlan', 'recordDecisions', 'preparePlan']);
    assert.equal(asked.at(-1), 'recordDecisions');
    assert.equal(asked.filter((name) => name === 'preparePlan').length, 2);
    assert.deepEqual(answersOf(report), ['anna approve']);
  });

  test('that nobody opens is closed after its time, and nothing is done', async () => {
    const { report, asked } = await run({ gate: gate() });
    assert.equal(report.outcome, 'not-approved');
    assert.match(report.notes.join(), /^Nobody had approved it by .*Nothing was changed\.$/);
    assert.ok(report.durationMs >= 24 * hours && report.durationMs < 25 * hours, `${report.durationMs}`);
    assert.deepEqual(new Set(asked), new Set(['preparePlan', 'recordDecisions']));
  });

  test('is closed by a no', async () => {
    const { report, asked } = await run({ gate: gate() }, async ({ say }) => {
      await say('reject', { by: 'ben', text: 'not on a Friday' });
    });
    assert.equal(report.outcome, 'not-approved');
    assert.deepEqual(report.notes, ['Rejected by ben: not on a Friday.', 'Nothing was changed.']);
    assert.deepEqual(new Set(asked), new Set(['preparePlan', 'recordDecisions']));
  });

  test('asks again where the plan has changed by the time of the answer', async () => {
    const { report, asked } = await run(
      { gate: gate(), digests: ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'] },
      async ({ say, waiting }) => {
        await say('approve', anna);
        while ((await waiting())?.plan !== 'bbbbbbbbbbbb');
        await assert.rejects(say('approve', anna), refused(/^The plan is bbbbbbbbbbbb/));
        await say('approve', { ...anna, plan: 'bbbbbbbb' });
      },
    );
    assert.equal(report.outcome, 'done');
    assert.equal(asked.filter((name) => name === 'preparePlan').length, 3);
    assert.equal(answersOf(report).length, 3);
  });

  test('takes as many different people as it says', async () => {
    const { report } = await run({ gate: gate({ approvals: 2, who: ['anna', 'ben'] }) }, async ({ say }) => {
      assert.equal(await say('approve', anna), 'Approved; it takes 1 more.');
      await assert.rejects(say('approve', anna), refused(/anna has approved already/));
      await assert.rejects(say('approve', { ...anna, by: 'eve' }), refused(/eve is not among/));
      await say('approve', { ...anna, by: 'ben' });
    });
    assert.equal(report.outcome, 'done');
    assert.equal(answersOf(report).filter((line) => !line.includes(':')).length, 2);
  });

  test('is put off, and then waits as long as at first', async () => {
    const { report, asked } = await run(
      { gate: gate({ tells: ['phone'] }) },
      async ({ say, waiting, clock }) => {
        const until = new Date((await environment.currentTimeMs()) + 48 * hours).toISOString();
        await say('defer', { by: 'anna', until });
        await environment.sleep(60 * hours);
        assert.ok((await clock()) >= 60);
        assert.equal((await waiting())?.for, 'approval');
      },
    );
    assert.equal(report.outcome, 'not-approved');
    assert.equal(
      asked.filter((name) => name === 'askPeople').length,
      2,
      'asked again when the time had come',
    );
    assert.ok(report.durationMs >= 72 * hours && report.durationMs < 73 * hours, `${report.durationMs}`);
  });

  test('hears signals as it hears updates; what is no answer is kept, and changes nothing', async () => {
    const { report } = await run({ gate: gate() }, async ({ handle, waiting }) => {
      await handle.signal('requestApprove', 'yes');
      await handle.signal('requestApprove', { by: 'anna' });
      assert.equal((await waiting())?.for, 'approval');
      await handle.signal('requestApprove', { by: 'anna', plan: 'aaaaaaaaaaaa' });
    });
    assert.equal(report.outcome, 'done');
    assert.match(
      answersOf(report).join('\n'),
      /^unnamed approve: An answer is an object.*\nanna approve: The plan is .*\nanna approve$/,
    );
  });

  test('is left by a cancel', async () => {
    const { report } = await run({ gate: gate() }, async ({ handle }) => {
      await handle.executeUpdate('rollBack', { args: ['changed my mind'] });
    });
    assert.equal(report.outcome, 'cancelled');
    assert.deepEqual(report.notes, ['Nothing was changed.']);
  });

  test('does not open outside its window for an approval that comes later than its hour', async () => {
    const began = await environment.currentTimeMs();
    const notBefore = new Date(began + hours).toISOString();
    // Open from one hour on, for an hour, every day.
    const opens = (from: number): number => {
      const since = (from - began) / hours - 1;
      return since >= 0 && since % 24 < 1
        ? from
        : began + (1 + Math.max(0, Math.ceil(since / 24)) * 24) * hours;
    };
    const { report } = await run(
      { gate: gate({ windows: ['night'], notBefore, expiresMs: 48 * hours }), opens },
      async ({ say }) => {
        await environment.sleep(10 * hours);
        await say('approve', anna);
      },
    );
    assert.equal(report.outcome, 'done');
    assert.ok(
      report.durationMs > 24.9 * hours && report.durationMs < 25.5 * hours,
      `${report.durationMs / hours}`,
    );
    // What it writes is of then, not of when it was asked for.
    assert.ok(Date.parse(report.startedAt) > began + 24 * hours);
  });

  test('stays shut where who wanted it cannot be written down', async () => {
    const { report, asked } = await run({ gate: gate(), auditIsAway: true }, async ({ say }) => {
      await say('approve', anna);
    });
    assert.equal(report.outcome, 'refused');
    assert.match(report.failure?.message ?? '', /the disk is full/);
    assert.match(report.notes.join(), /Nothing was changed\..*The audit log could not be written/);
    assert.ok(!asked.includes('takeSnapshots'));
  });

  test('hears late answers, which change nothing', async () => {
    const validate = Promise.withResolvers<undefined>();
    const { report } = await run({ gate: gate(), validate: validate.promise }, async ({ say }) => {
      await say('approve', anna);
      await assert.rejects(say('reject', { by: 'ben' }), refused(/^Nothing waits for an answer/));
      assert.equal(await say('comment', { by: 'ben', text: 'too late, then' }), 'Kept with the operation.');
      validate.resolve(undefined);
    });
    assert.equal(report.outcome, 'done');
    assert.match(answersOf(report).join('\n'), /^anna approve\nben reject: Nothing waits.*\nben comment$/);
  });

  test('of an hour opens by itself when that comes, with whatever is planned by then', async () => {
    const at = (await environment.currentTimeMs()) + 5 * hours;
    const notBefore = new Date(at).toISOString();
    const { report } = await run(
      { gate: gate({ approvals: 0, notBefore }), digests: ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'] },
      async ({ say, waiting }) => {
        assert.deepEqual(await waiting(), {
          for: 'hour',
          plan: 'aaaaaaaaaaaa',
          startsAt: notBefore,
          windows: [],
        });
        const sooner = new Date(at - hours).toISOString();
        await assert.rejects(say('defer', { by: 'anna', until: sooner }), refused(/which is later/));
      },
    );
    assert.equal(report.outcome, 'done');
    assert.ok(report.durationMs > 4.9 * hours && report.durationMs < 5.1 * hours, `${report.durationMs}`);
  });

  test('of an hour opens at once where somebody says so', async () => {
    const { report, asked } = await run(
      { gate: gate({ windows: ['night'] }), opens: (from) => from + 10 * hours },
      async ({ say, waiting }) => {
        await say('approve', anna);
        while ((await waiting())?.for !== 'hour');
        await assert.rejects(say('approve', anna), refused(/approved already/));
        assert.equal(await say('start', { by: 'anna' }), 'It begins now.');
      },
    );
    assert.equal(report.outcome, 'done');
    assert.ok(report.durationMs < hours);
    assert.equal(asked.filter((name) => name === 'findOpening').length, 1);
  });

  test('of a window waits for the next one where it was put off beyond this', async () => {
    const began = await environment.currentTimeMs();
    // Open for an hour, ten hours from now and each day after that.
    const opens = (from: number): number => {
      const since = (from - began) / hours - 10;
      const day = Math.max(0, Math.ceil(since / 24));
      return since > 0 && since % 24 < 1 ? from : began + (10 + day * 24) * hours;
    };
    const { report } = await run(
      { gate: gate({ approvals: 0, windows: ['night'] }), opens },
      async ({ say, waiting }) => {
        assert.equal((await waiting())?.for, 'hour');
        await say('defer', { by: 'anna', until: new Date(began + 15 * hours).toISOString() });
      },
    );
    assert.equal(report.outcome, 'done');
    assert.ok(
      report.durationMs > 33 * hours && report.durationMs < 34.5 * hours,
      `${report.durationMs / hours}`,
    );
  });

  test('of a window says how long is needed, as it waits and once it has begun, and asks for as long', async () => {
    const closes = new Date((await environment.currentTimeMs()) + 30 * hours).toISOString();
    const need = { ms: 12 * 60_000, because: 'as the last deploy took' };
    const began = await environment.currentTimeMs();
    const opens = (from: number): number => Math.max(from, began + 10 * hours);
    const { report, works } = await run(
      { gate: gate({ approvals: 0, windows: ['night'] }), opens, opening: { closes, need } },
      async ({ waiting }) => {
        const now = await waiting();
        assert.deepEqual(now?.for === 'hour' && [now.closesAt, now.need], [closes, need]);
      },
    );
    assert.equal(report.outcome, 'done');
    assert.deepEqual(report.notes, [
      `It began in night, until ${closes}; 12m 0s needed, as the last deploy took.`,
    ]);
    const work = { kind: 'deploy', stack: 'web' };
    // As it opens it has to be found again; once the plan is settled it need only be open.
    assert.deepEqual(works, [work, work, undefined]);
  });

  test('of a window takes what somebody has said before what was measured, and tells where nothing is known', async () => {
    const closes = new Date((await environment.currentTimeMs()) + hours).toISOString();
    const { report, works } = await run({
      gate: gate({ approvals: 0, windows: ['night'], needsMs: 60_000 }),
      opening: { closes },
    });
    assert.deepEqual(works[0], { kind: 'deploy', stack: 'web', needsMs: 60_000 });
    assert.match(report.notes.join(), /how long it takes is not known: no deploy of web is on record/);
  });

  test('of a window that unwinds as it closes puts back what has failed and waits, and says why', async () => {
    const unwindsAt = new Date((await environment.currentTimeMs()) + hours).toISOString();
    const failing = Promise.reject(ApplicationFailure.nonRetryable('not healthy'));
    failing.catch(() => undefined);
    const { report } = await run({
      gate: gate({ approvals: 0, windows: ['night'] }),
      opening: { closes: unwindsAt, unwindsAt },
      // It waits for an answer where it has failed, until nobody may answer any more.
      validate: failing,
      planned: { ...plan, policy: { ...plan.policy, rollback: 'hold' } },
    });
    assert.equal(report.outcome, 'rolled-back');
    assert.ok(report.notes.includes(`The window was over at ${unwindsAt} (night).`), report.notes.join('\n'));
    assert.ok(report.durationMs > 0.9 * hours && report.durationMs < 1.1 * hours, `${report.durationMs}`);
  });

  test('of a window that unwinds as it closes lets a release be recorded that is being recorded by then', async () => {
    const end = (await environment.currentTimeMs()) + 2_000;
    const record = Promise.withResolvers<undefined>();
    const unwindsAt = new Date(end).toISOString();
    const { report, asked } = await run(
      {
        gate: gate({ windows: ['night'] }),
        opening: { closes: unwindsAt, unwindsAt },
        record: record.promise,
      },
      async ({ say }) => {
        await say('approve', anna);
        // While an activity is at work, no time is skipped.
        while ((await environment.currentTimeMs()) < end + 500) await delay(100);
        record.resolve(undefined);
      },
    );
    assert.equal(report.outcome, 'done');
    assert.ok(asked.includes('dropReplaced') && !asked.includes('forgetRelease'), asked.join());
  });

  test('is put off until a window opens, by update and by signal', async () => {
    const began = await environment.currentTimeMs();
    const night = new Date(began + 10 * hours).toISOString();
    const { report } = await run({ gate: gate(), opensNext: night }, async ({ handle, say, waiting }) => {
      await assert.rejects(
        say('defer', { by: 'anna', window: 'never' }),
        refused(/There is no window "never"/),
      );
      assert.equal(await say('defer', { by: 'anna', window: 'night' }), 'It is asked again then.');
      const deferred = async () => {
        const now = await waiting();
        return now?.for === 'approval' ? now.deferredUntil : undefined;
      };
      assert.equal(await deferred(), night);
      const later = new Date(began + 12 * hours).toISOString();
      await say('defer', { by: 'ben', until: later });
      assert.equal(await deferred(), later);
      await handle.signal('requestDefer', { by: 'carla', window: 'night' });
      while ((await deferred()) !== night);
      await say('approve', anna);
    });
    assert.equal(report.outcome, 'done');
    assert.deepEqual(
      report.answers?.map(({ by, window, until, refused: why }) => [by, window, until, why !== undefined]),
      [
        ['anna', 'never', undefined, true],
        ['anna', 'night', night, false],
        ['ben', undefined, new Date(began + 12 * hours).toISOString(), false],
        ['carla', 'night', night, false],
        ['anna', undefined, undefined, false],
      ],
    );
  });

  test('of an hour is put off until a window opens, and not sooner than it would begin', async () => {
    const began = await environment.currentTimeMs();
    const [at, night] = [5, 9].map((hour) => new Date(began + hour * hours).toISOString());
    const { report } = await run(
      { gate: gate({ approvals: 0, notBefore: String(at) }), opensNext: String(night) },
      async ({ say }) => {
        assert.equal(
          await say('defer', { by: 'anna', window: 'night' }),
          `It does not begin before ${night}.`,
        );
      },
    );
    assert.equal(report.outcome, 'done');
    assert.ok(report.durationMs > 8.9 * hours && report.durationMs < 9.1 * hours, `${report.durationMs}`);
  });
});
