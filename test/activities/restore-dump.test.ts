/**
 * Dumps that come back, where something is in the way: a tool that fails, a container that ends. That the tools themselves are
 * right is for the tests on real databases; here one stands in that does what it is told.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { clientsAmong, nameOf } from '../../activities/data.ts';
import { databaseTools } from '../../activities/databases/index.ts';
import { EngineError, type ContainerState } from '../../activities/ports/engine.ts';
import { SnapshotError, type Snapshot } from '../../activities/ports/snapshots.ts';
import { takeInDump, takeInExchanged } from '../../activities/restore-dump.ts';
import type { DataPlan, DumpPlan } from '../../domain/data.ts';
import { manifestName, type DumpManifest } from '../../domain/dump.ts';
import type { SnapshotName, SnapshotPurpose } from '../../domain/snapshot.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Subject } from '../../domain/subject.ts';
import { House, image } from './house.ts';

let house: House;
let subject: Subject;
let plan: Plan;
let container: ContainerState;
let dump: DumpPlan;
const { signal } = new AbortController();
const client = 'app' as DumpPlan['clients'][number];

const stack = (): string => `services:
  db: {image: ${image}, volumes: ["${house.data}:/data"], tmpfs: [/tmp]}
  app: {image: ${image}, depends_on: [db]}
`;

beforeEach(async () => {
  house = await House.build();
  const rolledOut = await house.rollOut(stack());
  ({ plan } = rolledOut);
  // An operation after that one, which has taken nothing yet.
  subject = { ...rolledOut.subject, operation: '1f0c9a2e' as Subject['operation'] };
  container = await house.container('db');
  dump = {
    ...{ kind: 'redis', service: 'db' as DumpPlan['service'], clients: [client] },
    container: { id: container.id, name: container.name },
  };
  mock.method(databaseTools.redis, 'isReady', () => Promise.resolve(true));
  mock.method(databaseTools.redis, 'restore', () => Promise.resolve());
  mock.method(databaseTools.redis, 'differences', () => Promise.resolve([]));
});
afterEach(async () => {
  mock.restoreAll();
  await house.remove();
});

const restores = (): number => mock.method(databaseTools.redis, 'restore').mock.callCount();
const named = (purpose: SnapshotPurpose): SnapshotName => nameOf(subject, purpose);

const writeDump = async (name: SnapshotName, text = 'rows'): Promise<Snapshot> =>
  await house.ports.snapshots.write(house.data, name, async (directory) => {
    const sha256 = createHash('sha256').update('rows').digest('hex');
    const manifest: DumpManifest = {
      ...{ format: 1, kind: 'redis', server: '7', contents: '' },
      parts: [{ file: 'dump', of: 'dump', sizeBytes: 4, sha256 }],
    };
    await writeFile(join(directory, 'dump'), text);
    await writeFile(join(directory, manifestName), JSON.stringify(manifest));
  });

/** As after a change that failed: the dump of before, and beside it what the change left. */
const emptied = async (): Promise<{ taken: Snapshot; kept: Snapshot }> => {
  const taken = await writeDump(named('before'));
  return { taken, kept: await house.ports.snapshots.clear(house.data, named('failed')) };
};

const restore = async (): Promise<void> => {
  await house.run('restoreDump', subject, house.data, dump);
};

describe('a dump is restored', () => {
  test('once: what is noted as restored has been written to since', async () => {
    const { kept } = await emptied();
    const restored = mock.method(databaseTools.redis, 'restore', () => Promise.resolve());
    await restore();
    assert.equal(restored.mock.callCount(), 1);
    assert.ok((await house.ports.snapshots.marks(kept)).restoredAt);
    await restore();
    assert.equal(restored.mock.callCount(), 1);
  });

  test('not where there is none any more, nor where it is not what was written', async () => {
    await house.ports.snapshots.clear(house.data, named('failed'));
    await assert.rejects(restore(), { type: 'SnapshotMissing', message: /^The dump \(.* is gone\. The / });
    await writeDump(named('before'), 'rot');
    await assert.rejects(restore(), { type: 'DumpDamaged', nonRetryable: true });
    assert.equal(restores(), 0);
    assert.equal((await house.container('db')).status, 'running', 'nothing was touched');
  });

  test('at the second try, where the first failed in the database', async () => {
    await emptied();
    const fail = mock.method(databaseTools.redis, 'restore', () => {
      if (fail.mock.callCount() === 0) throw new SnapshotError('database', 'it was busy');
      return Promise.resolve();
    });
    await restore();
    assert.equal(fail.mock.callCount(), 2);
    assert.equal((await house.container('db')).status, 'running');
  });

  test('or nothing writes to what is left of it', async () => {
    const { taken } = await emptied();
    mock.method(databaseTools.redis, 'differences', () => Promise.resolve(['2 rows are missing']));
    await assert.rejects(restore(), {
      type: 'RestoreFailed',
      nonRetryable: true,
      message: `What was restored into container "web-db-1" is not what was dumped: 2 rows are missing. The dump is kept (${taken.location}); container "web-db-1" is stopped, its database not restored.`,
    });
    assert.equal((await house.container('db')).status, 'exited');
  });

  test('later, where not the database failed but what it stands on', async () => {
    await emptied();
    for (const error of [new Error('i/o error'), new SnapshotError('internal', 'no such file')]) {
      mock.method(databaseTools.redis, 'restore', () => Promise.reject(error));
      await assert.rejects(restore(), { message: error.message });
    }
  });

  test('by a person as by a change: once, with what it held kept beside it', async () => {
    const taken = await writeDump(named('before'));
    const database = { path: house.data, ...dump };
    const restored = mock.method(databaseTools.redis, 'restore', () => Promise.resolve());
    for (let time = 0; time < 2; time += 1)
      await takeInDump(house.ports, database, taken, named('undone'), signal);
    assert.equal(restored.mock.callCount(), 1);
    assert.ok(await house.ports.snapshots.find(house.data, named('undone')));
  });

  test('into a new container only where it is one that is exchanged', async () => {
    const files = { path: house.data, snapshot: named('before') };
    await takeInExchanged(house.ports, subject, files, dump.container, signal);
    await takeInExchanged(house.ports, subject, { path: house.data, dump }, dump.container, signal);
    assert.equal(await house.ports.snapshots.find(house.data, named('undone')), undefined);
  });
});

describe('a database that makes itself anew', () => {
  /** What the engine says of its container while it is waited for. */
  const seen = (...states: (Partial<ContainerState> | undefined)[]): void => {
    const inspect = house.engine.inspectContainer.bind(house.engine);
    const stop = house.engine.stopContainer.bind(house.engine);
    let asked = false;
    house.engine.stopContainer = async (id) => {
      await stop(id);
      asked = true;
    };
    house.engine.inspectContainer = async (id) => {
      const state = await inspect(id);
      if (!asked || state?.status !== 'running') return state;
      const next = states.length > 1 ? states.shift() : states[0];
      return next && { ...state, ...next };
    };
  };
  const fails = async (message: RegExp): Promise<void> => {
    await emptied();
    await assert.rejects(restore(), { type: 'RestoreFailed', message });
  };

  test('is not waited for where it is gone', async () => {
    seen(undefined);
    await fails(/^Container "web-db-1" is gone: something outside removed it\./);
  });

  test('is not waited for where it ended and nobody starts it again', async () => {
    seen({ status: 'exited', restartPolicy: 'no', exitCode: 1 });
    await fails(/does not come up on empty files: it ended with exit code 1\./);
  });

  test('is not waited for where it is started again and again', async () => {
    seen({ restartPolicy: 'always', restartCount: 2 }, { restartPolicy: 'always', restartCount: 3 });
    mock.method(databaseTools.redis, 'isReady', () => Promise.resolve(false));
    await fails(/does not come up on empty files: it ended with exit code \?\./);
  });

  test('is asked again where it has just ended, and not where the engine fails', async () => {
    await emptied();
    const refuse = (times: number): void => {
      const asked = mock.method(databaseTools.redis, 'isReady', () => {
        if (asked.mock.callCount() < times) throw new EngineError('internal', 'it is not running');
        return Promise.resolve(true);
      });
    };
    refuse(2);
    // Each question looks at it twice: before it is asked, and after the engine refused.
    seen({ restartPolicy: 'always', status: 'exited' });
    await restore();
    assert.ok((await house.ports.snapshots.marks((await kept()) ?? assert.fail())).restoredAt);
  });

  test('fails with what the engine says while it runs, and with what its own tool says', async () => {
    await emptied();
    for (const error of [new EngineError('internal', 'no exec'), new Error('no such tool')]) {
      mock.method(databaseTools.redis, 'isReady', () => Promise.reject(error));
      await assert.rejects(restore(), { message: error.message });
    }
  });

  const kept = async (): Promise<Snapshot | undefined> =>
    await house.ports.snapshots.find(house.data, named('failed'));
});

describe('data that is dumped', () => {
  const asPlanned = (more: Partial<DataPlan>): Plan => ({
    ...plan,
    data: plan.data.map((entry) => ({ ...entry, existed: true, driver: 'dump', ...more })),
  });
  const putBack = async (): Promise<string[]> =>
    (await house.run('putBackData', subject, asPlanned({ dump }), [client, dump.service], 'then')).map(
      ({ did }) => did,
    );

  test('is emptied once, and its clients do not find it so', async () => {
    await writeDump(named('before'));
    assert.deepEqual(await putBack(), ['emptied']);
    assert.equal((await house.container('app')).status, 'exited');
    await writeFile(join(house.data, 'made-anew'), '');
    assert.deepEqual(await putBack(), ['emptied']);
    const kept = (await house.ports.snapshots.find(house.data, named('failed'))) ?? assert.fail();
    await house.ports.snapshots.mark(kept, { restoredAt: 'now' });
    assert.deepEqual(await putBack(), ['restored']);
  });

  test('has no clients where its container is gone', async () => {
    const all = await house.engine.listContainers();
    const names = (among: ContainerState[]): string[] => clientsAmong(among, dump).map(({ name }) => name);
    assert.deepEqual(names(all), ['web-app-1']);
    assert.deepEqual(names(all.filter(({ id }) => id !== container.id)), []);
  });

  test('is not emptied where its dump is gone', async () => {
    await assert.rejects(putBack(), {
      type: 'SnapshotMissing',
      message: `The dump ${named('before')} of ${house.data} is gone. It could not be restored.`,
    });
    assert.equal((await house.container('db')).status, 'running');
  });

  test('is not dumped by a plan that does not say how', async () => {
    await assert.rejects(house.run('takeSnapshots', subject, asPlanned({})), {
      type: 'BadPlan',
      message: `The plan does not say through what ${house.data} is dumped.`,
    });
  });

  test('is not snapshotted as files once its database has started, unless it has been', async () => {
    const cold = asPlanned({ driver: 'copy', cold: true });
    await assert.rejects(house.run('takeSnapshots', subject, cold), {
      type: 'DatabaseStarted',
      message: /^Container "web-db-1" has started since the plan was made.* Plan again\.$/,
    });
    await house.engine.stopContainer(container.id);
    const [taken] = await house.run('takeSnapshots', subject, cold);
    await house.engine.startContainer(container.id);
    assert.deepEqual(await house.run('takeSnapshots', subject, cold), [taken]);
  });
});
