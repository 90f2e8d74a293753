/** What rollback, commit and planning meet seldom: tried twice, or with something gone that they count on. */
import assert from 'node:assert/strict';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { differencesFromBefore } from '../../activities/before.ts';
import type { Prepared } from '../../activities/plan.ts';
import { EngineError, type ContainerState } from '../../activities/ports/engine.ts';
import type { OperationRequest, ReleaseSource } from '../../domain/operation.ts';
import { subjectOf, type Subject } from '../../domain/subject.ts';
import { House, image } from './house.ts';

let house: House;
beforeEach(async () => {
  house = await House.build();
});
afterEach(async () => {
  await house.remove();
});

const rows = async (directory: string): Promise<string> => await readFile(join(directory, 'rows'), 'utf8');

/** A service that writes its version into its data. */
const app = (version: string, more = ''): string =>
  `services:\n  app: {image: ${image}, command: [serve, "${version}"], volumes: ["${house.data}:/data"]}\n${more}`;

describe('what a failed deploy started', () => {
  const three = `services:
  db: {image: ${image}}
  cache: {image: ${image}}
  web: {image: ${image}, depends_on: [db, cache]}
`;
  /** What the engine is asked to stop begins and ends here, a while later. */
  const watchStops = (fails?: string): string[] => {
    const seen: string[] = [];
    const stop = house.engine.stopContainer.bind(house.engine);
    house.engine.stopContainer = async (id) => {
      const name = (await house.engine.inspectContainer(id))?.name.split('-')[1] ?? '';
      seen.push(`${name}…`);
      await delay(name === 'db' ? 20 : 60);
      seen.push(name);
      if (name === fails) throw new EngineError('internal', `${name} does not stop`);
      await stop(id);
    };
    return seen;
  };

  test('stops side by side, dependents first', async () => {
    const { subject, plan } = await house.rollOut(three);
    const seen = watchStops();
    await house.run('stopNew', subject, plan);
    assert.deepEqual(seen.slice(0, 2), ['web…', 'web']);
    assert.deepEqual(seen.slice(2, 4).sort(), ['cache…', 'db…']);
    assert.deepEqual(seen.slice(4), ['db', 'cache']);
  });

  test('is stopped as far as it can be before one that does not stop fails it', async () => {
    const { subject, plan } = await house.rollOut(three);
    const seen = watchStops('db');
    await assert.rejects(house.run('stopNew', subject, plan), { message: 'db does not stop' });
    assert.equal(seen.at(-1), 'cache');
    assert.equal((await house.container('cache')).status, 'exited');
  });
});

describe('data that is put back', () => {
  test('is put back once, however often it is asked for', async () => {
    await house.deploy(app('one'));
    const before = await rows(house.data);
    const { subject, plan } = await house.rollOut(app('two'));
    assert.notEqual(await rows(house.data), before);
    const first = await house.run('putBackData', subject, plan, ['app' as never], 'then');
    assert.equal(await rows(house.data), before);
    const second = await house.run('putBackData', subject, plan, ['app' as never], 'then');
    assert.equal(await rows(house.data), before);
    assert.equal(first[0]?.failedState?.snapshot, second[0]?.failedState?.snapshot);
    assert.equal((await house.ports.snapshots.list(house.data)).length, 2);
  });

  test('stops the readers of its stack too: they would go on seeing what was exchanged away', async () => {
    const reader = (version: string): string =>
      app(version, `  reader: {image: ${image}, command: [serve, x], volumes: ["${house.data}:/data:ro"]}\n`);
    await house.deploy(reader('one'));
    const { subject, plan } = await house.rollOut(reader('two'));
    await house.run('putBackData', subject, plan, ['app' as never], 'then');
    assert.equal((await house.container('reader')).status, 'exited');
  });

  test('is for a person where its snapshot is gone', async () => {
    await house.deploy(app('one'));
    const { subject, plan, snapshots } = await house.rollOut(app('two'));
    await rm(snapshots[0]?.location ?? '', { recursive: true });
    await assert.rejects(house.run('putBackData', subject, plan, ['app' as never], 'then'), {
      type: 'SnapshotMissing',
      nonRetryable: true,
      message: /is gone .* The data could not be put back\.$/,
    });
    const restore = [{ path: house.data, snapshot: snapshots[0]?.name as never }];
    await assert.rejects(house.run('restoreWanted', subject, restore), {
      type: 'SnapshotMissing',
      message: `Snapshot ${snapshots[0]?.name} of ${house.data} is gone.`,
    });
  });

  test('an error of the disk is another matter, and tried again', async () => {
    await house.deploy(app('one'));
    const { subject, plan } = await house.rollOut(app('two'));
    house.ports.snapshots.swapIn = () => Promise.reject(new Error('i/o error'));
    await assert.rejects(house.run('putBackData', subject, plan, ['app' as never], 'then'), {
      message: 'i/o error',
    });
  });

  test('which a container made is moved away, and kept', async () => {
    await rm(house.data, { recursive: true });
    const { subject, plan } = await house.rollOut(app('one'));
    for (let time = 0; time < 2; time += 1) {
      const [outcome] = await house.run('putBackData', subject, plan, ['app' as never], 'then');
      assert.equal(outcome?.did, 'restored');
      const [kept] = await house.ports.snapshots.list(house.data);
      assert.equal(outcome.failedState?.snapshot, kept?.name);
      assert.notEqual(await rows(kept?.location ?? ''), '');
    }
    await assert.rejects(stat(house.data), { code: 'ENOENT' });
  });

  test('which is empty and was not there before leaves nothing', async () => {
    await rm(house.data, { recursive: true });
    const { subject, plan } = await house.rollOut(app('one'));
    await rm(join(house.data, 'rows'));
    const [outcome] = await house.run('putBackData', subject, plan, ['app' as never], 'then');
    assert.deepEqual(outcome, { path: house.data, did: 'restored' });
  });
});

/** The engine tells something else of its containers. */
const told = (other: (container: ContainerState) => Partial<ContainerState>): void => {
  const list = house.engine.listContainers.bind(house.engine);
  house.engine.listContainers = async (filter) =>
    (await list(filter)).map((container) => ({ ...container, ...other(container) }));
};

describe('what was before', () => {
  const reading = `services:\n  app: {image: ${image}, command: [serve, "1"], volumes: ["/etc/hosts:/hosts:ro"]}\n`;

  test('is written down with its mounts and its health, by the container’s name where no label names a service', async () => {
    await house.deploy(reading);
    told(() => ({
      labels: { 'dev.baton.stack': 'web' },
      healthcheck: { test: ['CMD', 'true'], timeoutMs: 1, intervalMs: 1, startPeriodMs: 1, retries: 1 },
    }));
    const { plan } = await house.plan(await house.file(reading));
    assert.ok(plan);
    const subject = subjectOf(house.request({ from: 'nothing', withData: false }), plan, new Date());
    await house.run('takeSnapshots', subject, plan);
    const [before] = (await house.ports.memory.getBefore(subject.operation)) ?? [];
    assert.equal(before?.service, 'web-app-1');
    assert.notEqual(before.startedAt, undefined);
    assert.deepEqual(before.mounts, ['/etc/hosts:/hosts:ro']);
  });

  test('is written down without a start where it never had one', async () => {
    await house.deploy(reading);
    const list = house.engine.listContainers.bind(house.engine);
    house.engine.listContainers = async (filter) =>
      (await list(filter)).map(({ startedAt: _never, ...container }) => container);
    const { plan } = await house.plan(await house.file(reading));
    assert.ok(plan);
    const subject = subjectOf(house.request({ from: 'nothing', withData: false }), plan, new Date());
    await house.run('takeSnapshots', subject, plan);
    const [before] = (await house.ports.memory.getBefore(subject.operation)) ?? [];
    assert.equal(before && 'startedAt' in before, false);
  });

  test('is missed where it is gone, and where it is otherwise', async () => {
    await house.deploy(`${app('one')}  other: {image: ${image}, command: [serve, x]}\n`);
    const { plan } = await house.plan(await house.file(app('two')));
    assert.ok(plan);
    const subject = subjectOf(house.request({ from: 'nothing', withData: false }), plan, new Date());
    await house.run('takeSnapshots', subject, plan);
    assert.deepEqual(await differencesFromBefore(house.ports, subject), []);
    await house.engine.removeContainer((await house.container('app')).id);
    await house.engine.stopContainer((await house.container('other')).id);
    assert.deepEqual((await differencesFromBefore(house.ports, subject)).sort(), [
      'Container "web-app-1" of "app" is gone.',
      'Container "web-other-1": running was true, is false.',
    ]);
    const nobody = { ...subject, operation: '00000000' as Subject['operation'] };
    assert.deepEqual(await differencesFromBefore(house.ports, nobody), []);
  });
});

describe('a commit', () => {
  test('tells what could not be removed, by name', async () => {
    await house.deploy(app('one'));
    const { subject, plan, snapshots } = await house.rollOut(app('two'));
    await house.run('recordRelease', subject, plan, snapshots);
    house.engine.removeContainer = () => Promise.reject(new Error('it resists'));
    await assert.rejects(house.run('dropReplaced', subject, plan), {
      type: 'internal',
      message: /^"web-app-1\.baton-[0-9a-f]{8}" could not be removed: it resists$/,
    });
  });

  test('tries each of what is to be dropped, and tells all that resists', async () => {
    await house.deploy(app('one'));
    const { subject, plan, snapshots } = await house.rollOut(app('two'));
    await house.run('recordRelease', subject, plan, snapshots);
    const updated = plan.services.map((service) => ({
      ...service,
      image: { ...service.image, exactly: image },
    }));
    const drop = async (): Promise<void> => {
      await house.run('dropReplaced', subject, { ...plan, services: updated });
    };
    const removeContainer = house.engine.removeContainer.bind(house.engine);
    house.engine.tagImage = () => Promise.reject(new EngineError('unreachable', 'no answer'));
    house.engine.removeContainer = () => Promise.reject(new Error('it resists'));
    await assert.rejects(drop(), {
      type: 'unreachable',
      message: new RegExp(
        `^${image} still names .*: no answer; "web-app-1\\.baton-\\S+" could not be removed: it resists$`,
      ),
    });
    house.engine.removeContainer = removeContainer;
    await assert.rejects(drop(), { type: 'unreachable', message: /: no answer$/ });
    assert.equal((await house.engine.listContainers()).length, 1);
  });

  test('passes over a release of long ago that is lost', async () => {
    for (const version of ['1', '2', '3', '4', '5', '6']) await house.deploy(app(version));
    const [first] = await house.ports.memory.history('web' as Subject['stack']);
    const getRelease = house.ports.memory.getRelease.bind(house.ports.memory);
    house.ports.memory.getRelease = async (stack, id) =>
      id === first?.release ? undefined : await getRelease(stack, id);
    await house.deploy(app('7'));
  });
});

describe('a plan', () => {
  const codesOf = ({ problems }: Pick<Prepared, 'problems'>): string[] =>
    problems.filter(({ severity }) => severity === 'error').map(({ code, message }) => `${code}: ${message}`);

  test('cannot be made of a file that is wrong', async () => {
    assert.match(codesOf(await house.plan(await house.file('services: 7\n'))).join(), /^type: /);
  });

  test('cannot be made where a variable that it needs has no value', async () => {
    const made = await house.plan(
      await house.file(`services:\n  app: {image: ${image}, environment: {P: "\${NOPE:?set it}"}}\n`),
    );
    assert.match(codesOf(made).join(), /NOPE/);
    assert.equal(made.plan, undefined);
  });

  test('tells how each image that is not here would come, or that it will not', async () => {
    const fetched = async (service: string): Promise<unknown> => {
      const { plan, problems } = await house.plan(await house.file(`services:\n  app: {${service}}\n`));
      return plan?.services[0]?.image.fetch ?? codesOf({ problems }).join();
    };
    const remotely = (answer: (reference: string) => Promise<boolean>): void => {
      (house.ports.engine as { imageExistsRemotely: typeof answer }).imageExistsRemotely = answer;
    };
    remotely((reference) => Promise.resolve(reference.startsWith('there')));
    await writeFile(join(house.directory, 'Dockerfile'), `FROM ${image}\n`);
    assert.equal(await fetched('image: "there:1"'), 'pull');
    assert.equal(await fetched('build: .'), 'build');
    assert.equal(await fetched(`image: ${image}, build: ., pull_policy: build`), 'build');
    assert.match(String(await fetched('image: "there:1", pull_policy: never')), /pull_policy is "never"/);
    assert.match(String(await fetched('image: "nowhere:1"')), /its registry has none of that name/);
    remotely(() => Promise.reject(new EngineError('unreachable', 'no network')));
    assert.match(String(await fetched('image: "there:1"')), /it is not on this host, and no network/);
    remotely(() => Promise.reject(new Error('a mistake')));
    await assert.rejects(fetched('image: "there:1"'), { message: 'a mistake' });
  });

  test('of going back to a release whose image is gone is refused', async () => {
    await house.deploy(app('one'));
    await house.deploy(app('two'));
    house.engine.inspectImage = () => Promise.resolve(undefined);
    const undone = await house.plan({ from: 'release', withData: false }, 'undo');
    assert.match(codesOf(undone).join(), /the image of release [0-9a-f]{12} is not on this host any more/);
  });

  test('of a removal with its data says what becomes empty', async () => {
    await house.deploy(app('one'));
    const { plan } = await house.plan({ from: 'nothing', withData: true }, 'remove');
    assert.deepEqual(plan?.restore, [{ path: house.data }]);
  });

  test('says which ends people want to hear of', async () => {
    await writeFile(
      join(house.directory, 'baton.yml'),
      `notify: [{name: phone, person: anna, events: [done], webhook: {url: 'http://127.0.0.1:9/'}}]\n`,
    );
    assert.deepEqual((await house.plan(await house.file(app('one')))).hears, ['done']);
  });

  test('of a stack that is not there cannot remove or undo it', async () => {
    assert.deepEqual(codesOf(await house.plan({ from: 'nothing', withData: false }, 'remove')), [
      'no-such-stack: No release of a stack "web" is recorded on this host. Nothing was changed.',
    ]);
    assert.deepEqual(codesOf(await house.plan({ from: 'release', withData: false }, 'undo')), [
      'no-such-release: Stack "web" has no earlier release to go back to. Nothing was changed.',
    ]);
    const release = '0123456789ab' as NonNullable<Subject['previousRelease']>;
    assert.deepEqual(codesOf(await house.plan({ from: 'release', release, withData: false }, 'undo')), [
      'no-such-release: Stack "web" has no release 0123456789ab. Nothing was changed.',
    ]);
  });

  test('goes back to the release before, with the data that it left', async () => {
    await house.deploy(app('one'));
    await house.deploy(app('two'));
    const [first, second] = await house.ports.memory.history('web' as Subject['stack']);
    const { plan } = await house.plan({ from: 'release', withData: true }, 'undo');
    assert.equal(plan?.release, first?.release);
    assert.deepEqual(plan?.restore, [{ path: house.data, snapshot: second?.snapshots[0]?.name }]);
    assert.deepEqual((await house.plan({ from: 'release', withData: false }, 'undo')).plan?.restore, []);
  });

  test('of going back is the same when it is made again, with its data', async () => {
    await house.deploy(app('one'));
    await house.deploy(app('two'));
    const request = house.request({ from: 'release', withData: true }, 'undo');
    const first = await house.run('preparePlan', request);
    assert.ok(first.plan);
    const again = await house.run('preparePlan', request, first.plan.release);
    assert.ok(again.plan);
    assert.equal(again.digest, first.digest);
    assert.deepEqual(again.plan.restore, first.plan.restore);
    assert.equal(again.plan.restore.length, 1);
  });

  test('of going back to what runs has no data to put back', async () => {
    await house.deploy(app('one'));
    const [first] = await house.ports.memory.history('web' as Subject['stack']);
    assert.ok(first);
    const { plan } = await house.plan({ from: 'release', release: first.release, withData: true }, 'undo');
    assert.deepEqual(plan?.restore, []);
  });

  test('is settled with the release that was prepared, not with a file edited since', async () => {
    const source = await house.file(app('one'));
    const { plan } = await house.run('preparePlan', house.request(source));
    assert.ok(plan);
    await house.file(app('edited'));
    const settled = await house.run('preparePlan', house.request(source), plan.release);
    assert.equal(settled.plan?.release, plan.release);
  });

  test('that was saved is applied only while it is the same', async () => {
    const source = await house.file(app('one'));
    const saved = await house.plan(source);
    assert.ok(saved.plan);
    const { digest } = saved;
    const request = house.request(source);
    const again = (expectedPlan: string): OperationRequest => ({
      ...request,
      options: { ...request.options, expectedPlan },
    });
    assert.ok((await house.run('preparePlan', again(digest))).plan);
    assert.deepEqual(codesOf(await house.run('preparePlan', again('0'))), [
      `plan-outdated: The saved plan (0) is out of date: by now the plan would be another one (${digest}). Nothing was changed.`,
    ]);
  });

  test('takes away the files that the stack no longer has', async () => {
    const file = (name: string): string =>
      `${app('one')}x-baton: {min_healthy_time: 0s, files: [{path: ${house.directory}/${name}, content: x}]}\n`;
    const write = async (name: string): Promise<ReleaseSource> => {
      const source = await house.file('');
      assert.equal(source.from, 'file');
      await writeFile(source.file, `name: web\n${file(name)}`);
      return source;
    };
    const request = house.request(await write('a'));
    const { plan } = await house.run('preparePlan', request);
    assert.ok(plan);
    const subject = subjectOf(request, plan, new Date());
    await house.run('recordRelease', subject, plan, []);
    const next = await house.plan(await write('b'));
    assert.deepEqual(next.plan?.files, [
      { path: join(house.directory, 'b'), action: 'write' },
      { path: join(house.directory, 'a'), action: 'remove' },
    ]);
  });
});
