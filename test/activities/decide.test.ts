/** Decisions on real records: kept before anything begins, made once, and never beyond the budget. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import fc from 'fast-check';
import { actionActivities } from '../../activities/action.ts';
import { autonomyActivities } from '../../activities/autonomy.ts';
import { decideActivities } from '../../activities/decide.ts';
import { budgetOf } from '../../activities/facts.ts';
import { openRecords } from '../../activities/records/index.ts';
import type { Ports } from '../../activities/ports/index.ts';
import type { Records } from '../../activities/ports/records.ts';
import type { UnderWay } from '../../activities/ports/standing.ts';
import { readPreferencesFile } from '../../compose/preferences.ts';
import type { Decided, Deliberation } from '../../domain/decided.ts';
import type { Look } from '../../domain/look.ts';
import type { Mandate } from '../../domain/mandate.ts';
import type { OperationId } from '../../domain/names.ts';
import type { ActionOutcome } from '../../domain/outcome.ts';
import { madePlaybook } from '../domain/made-playbook.ts';

const restart = madePlaybook({
  name: 'service-restart',
  target: 'service',
  when: [{ see: 'incident', what: 'service-down', severity: 'critical' }],
  steps: [{ do: 'restart', dependents: false }],
  undo: { possible: true, how: 'It is left as it was.' },
  cooldownMs: 60_000,
});
const moderate: Mandate = {
  level: 'moderate',
  by: 'anna',
  since: '2026-11-01T00:00:00.000Z',
  session: 'aaaaaaaa',
};

const inActivity = async <T>(work: () => Promise<T>): Promise<T> =>
  await new MockActivityEnvironment().run<[], T, () => Promise<T>>(work);

describe('a cycle that decides', () => {
  let directory: string;
  let records: Records;
  let mandate: Mandate | undefined;
  let underWay: UnderWay[];
  let files = 0;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-decide-'));
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });
  beforeEach(async () => {
    mandate = moderate;
    underWay = [];
    await open();
  });
  const open = async (): Promise<void> => {
    files += 1;
    records = await openRecords(join(directory, `${files}.db`));
  };

  const ports = (over: Partial<Records> = {}): Ports =>
    ({
      host: 'nas',
      engine: { listContainers: () => Promise.resolve([]) },
      records: () => Promise.resolve({ ...records, ...over }),
      playbooks: () => Promise.resolve({ playbooks: [restart], problems: [] }),
      settings: () => Promise.resolve({ ok: false, problems: [] }),
      preferences: async (names: readonly string[]) =>
        await readPreferencesFile(join(directory, 'preferences.yml'), names),
      standing: {
        ownPorts: [],
        mandate: () => Promise.resolve(mandate),
        heldBy: () => Promise.resolve([]),
        underWay: () => Promise.resolve(underWay),
        isRunning: () => Promise.resolve(false),
      },
    }) as unknown as Ports;

  /** Services that are down. */
  const look = (...services: string[]): Look => ({
    host: 'nas',
    at: Date.now(),
    asked: [],
    health: { score: 75, losses: [] },
    causes: services.map((where) => ({
      incident: {
        what: 'service-down',
        where,
        evidence: 'exited (137)',
        severity: 'critical',
        openedAt: Date.parse('2026-11-26T01:00:00Z'),
        lastSeenAt: Date.now(),
        returns: 0,
      },
      effects: [],
    })),
    // A service that needs nothing is named by its stack alone.
    needs: { shop: services },
  });
  const decide = async (cycle: string, seen: Look, over: Partial<Records> = {}): Promise<Deliberation> => {
    const activities = decideActivities(ports(over));
    return await inActivity(async () => await activities.decide(cycle, seen));
  };
  const kept = async (): Promise<Decided[]> =>
    (await records.entries({ kind: 'decision' })).map(({ body }) => body as Decided);
  /** Runs that really were, as they are kept. */
  const ran = async (target: string, ...helped: boolean[]): Promise<void> => {
    const outcomes = helped.map((held, n): ActionOutcome => {
      const operation = `0000${String(n).padStart(4, '0')}` as OperationId;
      const endedAt = Date.now() - (helped.length - n) * 3_600_000;
      const measurements = [{ afterMs: 0, at: endedAt, held }];
      const what = { playbook: 'service-restart', target, cause: 'service-down' };
      return { operation, ...what, endedAt, failed: false, measurements };
    });
    await records.write({
      entries: outcomes.map((body) => ({
        kind: 'outcome',
        id: body.operation,
        at: body.endedAt,
        about: `service-restart ${target}`,
        body,
      })),
    });
  };
  const well = (count: number): boolean[] => Array.from({ length: count }, () => true);
  const answersOf = ({ decided }: Deliberation): string[] => decided.map(({ decision }) => decision.answer);

  test('asks where it was never done before', async () => {
    const deliberation = await decide('one', look('shop/db'));
    assert.deepEqual(answersOf(deliberation), ['ask']);
    assert.deepEqual(
      deliberation.begin.map(({ gate }) => gate?.approvals),
      [1],
    );
    assert.equal(await records.reserved(budgetOf(Date.now())), 0);
  });

  test('acts where its record is good enough, and takes a place of the budget', async () => {
    await ran('shop/db', ...well(12));
    const { begin, decided } = await decide('one', look('shop/db'));
    assert.deepEqual(
      begin.map(({ answer, gate, operation }) => ({ answer, gate, operation })),
      [{ answer: 'act', gate: undefined, operation: decided[0]?.action?.operation }],
    );
    assert.deepEqual(await kept(), decided);
    assert.equal(await records.reserved(budgetOf(Date.now())), 1);
  });

  const isStopped = ({ decided: [first] }: Deliberation): boolean =>
    first?.decision.limits.some(({ rule }) => rule === 'stopped') ?? false;

  test('asks after two failures in a row', async () => {
    await ran('shop/db', ...well(40), false, false);
    const deliberation = await decide('one', look('shop/db'));
    assert.deepEqual(answersOf(deliberation), ['ask']);
    assert.ok(isStopped(deliberation));
  });

  test('counts such failures no more once a person has looked', async () => {
    await ran('shop/db', ...well(40), false, false);
    const about = 'service-restart shop/db';
    await records.write({ entries: [{ kind: 'looked-at', id: about, at: Date.now(), about, body: {} }] });
    const deliberation = await decide('one', look('shop/db'));
    assert.deepEqual(answersOf(deliberation), ['act']);
  });

  test('waits for the next look where an operation ended after this one', async () => {
    await ran('shop/db', ...well(12));
    const seen = look('shop/db');
    underWay = [{ what: 'undo of shop', on: 'shop', changes: true, endedAt: seen.at + 1 }];
    const [first] = (await decide('one', seen)).decided;
    assert.equal(first?.decision.answer, 'watch');
    assert.deepEqual(
      first.decision.limits.map(({ why }) => why),
      ['service-down@shop/db was seen before undo of shop had ended'],
    );
    underWay = [{ what: 'undo of shop', on: 'shop', changes: true, endedAt: seen.at - 1 }];
    assert.deepEqual(answersOf(await decide('two', seen)), ['act']);
  });

  test('waits for an operation that is under way, of its own stack alone', async () => {
    await ran('shop/db', ...well(12));
    underWay = [{ what: 'deploy of blog', on: 'blog', changes: true }];
    assert.deepEqual(answersOf(await decide('one', look('shop/db'))), ['act']);
    await open();
    await ran('shop/db', ...well(12));
    underWay = [{ what: 'deploy of shop', on: 'shop', changes: true }];
    assert.deepEqual(answersOf(await decide('two', look('shop/db'))), ['watch']);
  });

  test('decides once on what is seen twice', async () => {
    await ran('shop/db', ...well(12));
    await decide('one', look('shop/db'));
    const second = await decide('two', look('shop/db'));
    assert.deepEqual([second.decided, second.begin], [[], []]);
    assert.equal((await kept()).length, 1);
  });

  test('tells the same again to a cycle that asks again', async () => {
    await ran('shop/db', ...well(12));
    const first = await decide('one', look('shop/db'));
    assert.deepEqual((await decide('one', look('shop/db'))).begin, first.begin);
  });

  test('begins nothing where the decision cannot be written down', async () => {
    await ran('shop/db', ...well(12));
    const write = () => Promise.reject(new Error('no space left on device'));
    await assert.rejects(decide('one', look('shop/db'), { write }), /no space left/);
    assert.deepEqual(await kept(), []);
  });

  test('may be tried again once its action has ended and cooled down', async () => {
    await ran('shop/db', ...well(40));
    const [first] = (await decide('one', look('shop/db'))).begin;
    assert.ok(first);
    const activities = actionActivities(ports());
    const end = async (at: number): Promise<void> => {
      const ended = { operation: first.operation, at, outcome: 'done' as const };
      await inActivity(async () => await activities.keepEnd(first.decision, ended));
    };
    await end(Date.now());
    assert.deepEqual(answersOf(await decide('two', look('shop/db'))), ['watch']);
    await end(Date.now() - 120_000);
    const third = await decide('three', look('shop/db'));
    assert.deepEqual(answersOf(third), ['act']);
    assert.notEqual(third.begin[0]?.operation, first.operation);
  });

  test('does not ask again what was answered with no, until a person has looked', async () => {
    const [asked] = (await decide('one', look('shop/db'))).begin;
    assert.ok(asked);
    const ended = {
      operation: asked.operation,
      at: Date.now(),
      outcome: 'not-approved' as const,
      why: 'Rejected.',
    };
    await inActivity(async () => await actionActivities(ports()).keepEnd(asked.decision, ended));
    assert.deepEqual((await decide('two', look('shop/db'))).decided, []);
    const about = 'service-restart shop/db';
    const lookedAt = { kind: 'looked-at' as const, id: about, at: ended.at + 1_000, about, body: {} };
    await records.write({ entries: [lookedAt] });
    assert.deepEqual(answersOf(await decide('three', look('shop/db'))), ['ask']);
  });

  test('does not ask for what cannot help, by its own figures', async () => {
    const shrink = madePlaybook({
      when: [{ see: 'incident', what: 'disk-full', severity: 'warning' }],
      success: {
        criteria: [{ measure: 'used-percent', fallsBy: { by: 1, relative: false } }],
        againAfterMs: [],
      },
    });
    const seen = look('/srv');
    for (const { incident } of seen.causes) incident.what = 'disk-full';
    const decideAt = async (usedBytes: number): Promise<string[]> => {
      const usage = { filesystem: '/srv', usedBytes, freeBytes: 1_000 - usedBytes, totalBytes: 1_000 };
      const activities = decideActivities({
        ...ports(),
        disk: { usage: () => Promise.resolve(usage) },
        playbooks: () => Promise.resolve({ playbooks: [shrink], problems: [] }),
      } as unknown as Ports);
      return answersOf(await inActivity(async () => await activities.decide(`at ${usedBytes}`, seen)));
    };
    assert.deepEqual(await decideAt(0), ['nothing']);
    assert.deepEqual(await decideAt(900), ['ask']);
  });

  test('in a dry run does nothing, and says what it would have done', async () => {
    mandate = { ...moderate, level: 'dry-run' };
    await ran('shop/db', ...well(40));
    const { decided, begin } = await decide('one', look('shop/db'));
    assert.deepEqual(
      decided.map(({ decision, wouldHave }) => [decision.answer, wouldHave]),
      [['watch', 'act']],
    );
    assert.deepEqual(begin, []);
    assert.deepEqual((await decide('two', look('shop/db'))).decided, []);
  });

  test('does nothing where preferences.yml has a mistake', async () => {
    await ran('shop/db', ...well(40));
    const file = join(directory, 'preferences.yml');
    await writeFile(file, 'autonomy: {protectd: [shop]}\n');
    const { begin, level, problems } = await decide('one', look('shop/db'));
    await rm(file);
    assert.deepEqual(begin, []);
    assert.equal(level.level, 'dry-run');
    assert.equal(problems.length, 1);
  });

  test('lowers its level by itself where promises were not kept, and tells it once', async () => {
    await ran('shop/db', ...well(12));
    const [act] = (await decide('one', look('shop/db'))).begin;
    assert.ok(act);
    const [decided] = await kept();
    assert.ok(decided);
    // Ten such promises, of which none was kept.
    for (let n = 0; n < 10; n += 1) {
      const operation = `1111000${n}` as OperationId;
      const endedAt = Date.now() - n * 1_000;
      const body: ActionOutcome = {
        operation,
        playbook: 'service-restart',
        target: `web/${n}`,
        cause: 'service-down',
        endedAt,
        failed: true,
        measurements: [],
      };
      await records.write({
        entries: [
          { kind: 'outcome', id: operation, at: endedAt, about: `service-restart web/${n}`, body },
          {
            kind: 'decision',
            id: operation,
            at: endedAt,
            about: `service-restart web/${n}`,
            body: {
              ...decided,
              id: operation,
              cycle: 'earlier',
              proposal: { ...decided.proposal, target: `web/${n}` },
              action: { operation, workflowId: '' },
              ended: { at: endedAt, outcome: 'rolled-back' },
            } satisfies Decided,
          },
        ],
      });
    }
    const lowered = await decide('two', look('shop/api'));
    assert.equal(lowered.level.level, 'dry-run');
    assert.equal(lowered.lowered?.cap.level, 'dry-run');
    assert.equal((await decide('three', look('shop/api'))).lowered, undefined);
    // Whoever sets the level anew has seen it.
    mandate = { ...moderate, since: new Date(Date.now() + 1_000).toISOString() };
    assert.equal((await decide('four', look('shop/api'))).level.level, 'moderate');
    const activities = autonomyActivities(ports());
    const { level } = await inActivity(async () => await activities.readAutonomy());
    assert.equal(level.level, 'moderate');
  });

  test('however many decide at once, no action is begun twice and none is too many', async () => {
    const places = 5;
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `shop/${name}`);
    const cycles = fc.array(fc.subarray(names, { minLength: 1 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(cycles, async (each) => {
        await open();
        for (const [n, name] of names.entries()) await ran(name, ...well(n === 0 ? 30 : 0));
        mandate = { ...moderate, level: 'aggressive' };
        const all = await Promise.all(
          each.map(async (services, n) => await decide(`cycle ${n}`, look(...services))),
        );
        const acted = all
          .flatMap(({ begin }) => begin)
          .filter(({ answer }) => answer === 'act')
          .map(({ operation, target }) => `${operation} ${target}`);
        const different = new Set(acted);
        assert.ok(different.size <= places, [...different].join());
        assert.equal(new Set([...different].map((one) => one.split(' ')[1])).size, different.size);
        assert.ok((await records.reserved(budgetOf(Date.now()))) <= places);
      }),
      { numRuns: 20 },
    );
  });
});
