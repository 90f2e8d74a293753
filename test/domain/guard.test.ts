/** A guarded command: what is asked for, and what the facts say of it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { mostChanges } from '../../domain/changes.ts';
import type { GuardedCommand } from '../../domain/commands.ts';
import {
  guardRequest,
  plannedGuard,
  planGuard,
  snapshotQuestion,
  takesOnly,
  type GuardPlan,
  type GuardQuestion,
  type GuardRequest,
  type KnownData,
} from '../../domain/guard.ts';
import { parseStackName } from '../../domain/names.ts';
import type { SnapshotName } from '../../domain/snapshot.ts';
import type { ContainerFacts, PathFacts } from '../../domain/world.ts';

const facts = (more: Partial<PathFacts> = {}): PathFacts => ({
  type: 'directory',
  realPath: '/',
  filesystem: 'btrfs',
  driver: 'btrfs',
  reason: 'a btrfs subvolume',
  reflink: true,
  nested: [],
  noCow: false,
  sizeBytes: 7,
  sizeExceeded: false,
  freeBytes: 2 ** 40,
  ...more,
});

const command: GuardedCommand = {
  args: ['./migrate', '--all'],
  shell: false,
  directory: '/srv',
  variables: ['TOKEN'],
  timeoutMs: 90_000,
  outputLimitBytes: 1536,
};

const request = (data: string[], more: Partial<GuardRequest> = {}): GuardRequest => ({
  operation: '0123abcd' as GuardRequest['operation'],
  kind: 'guard',
  stack: 'photos' as GuardRequest['stack'],
  host: 'attic',
  title: 'reindex',
  data,
  command,
  checks: [{ type: 'json', file: '/srv/a.json' }],
  onFailure: 'hold',
  onCrash: 'fail',
  copyLimitBytes: 1024,
  ...more,
});

type Mount = ContainerFacts['mounts'][number];
const mount = (source: string, more: Partial<Mount> = {}): Mount => ({
  type: 'bind',
  source,
  target: '/data',
  readOnly: false,
  ...more,
});

const container = (
  name: string,
  stack: string | undefined,
  mounts: Mount[],
  more: Partial<ContainerFacts> = {},
): ContainerFacts => ({
  id: `id-${name}`,
  name,
  imageId: 'sha256:1',
  running: true,
  status: 'running',
  labels: stack === undefined ? {} : { 'dev.baton.stack': stack },
  ports: [],
  mounts,
  ...more,
});

const database: KnownData['databases'][string] = {
  path: '/srv/db',
  kind: 'postgres',
  service: 'db' as KnownData['databases'][string]['service'],
  container: { id: 'id-db', name: 'db' },
  clients: ['app' as KnownData['databases'][string]['service']],
  answers: true,
  sizeBytes: 1_000,
};

const problemsOf = (
  paths: Record<string, PathFacts>,
  data = Object.keys(paths),
  more: Partial<GuardRequest> = {},
): GuardPlan['problems'] => planGuard(request(data, more), 'podman', paths, []).problems;

describe('a guard of a database', () => {
  const writer = container('db', 'photos', [mount('/srv/db')]);
  const planned = (known: Partial<KnownData>, more: Partial<GuardRequest> = {}, containers = [writer]) =>
    planGuard(request(['/srv/db'], more), 'docker', { '/srv/db': facts() }, containers, {
      classes: { '/srv/db': 'dump' },
      databases: {},
      ...known,
    });
  const codes = (plan: GuardPlan): string[] => plan.problems.map(({ code }) => code);

  test('dumps it while it runs, and knows who must be away while it is restored', () => {
    const { data, problems } = planned({ databases: { '/srv/db': database } });
    assert.deepEqual(problems, []);
    const [{ users: _users, ...entry } = assert.fail()] = data;
    assert.deepEqual(entry, {
      path: '/srv/db',
      class: 'dump',
      driver: 'dump',
      existed: true,
      notes: [],
      sizeBytes: 1_000,
      dump: {
        kind: 'postgres',
        service: 'db',
        container: { id: 'id-db', name: 'db' },
        clients: ['app'],
      },
    });
  });

  test('snapshots its files where it does not run, and where a snapshot is brought back', () => {
    const still = { ...writer, running: false, status: 'exited' };
    const [cold] = planned({}, {}, [still]).data;
    assert.deepEqual([cold?.class, cold?.driver, cold?.cold], ['snapshot', 'btrfs', true]);
    const { command: _command, ...rest } = request([]);
    const restore = [{ path: '/srv/db', snapshot: 'x' as SnapshotName }];
    const plan = planGuard(
      { ...rest, data: ['/srv/db'], restore },
      'docker',
      { '/srv/db': facts() },
      [writer],
      { classes: { '/srv/db': 'dump' }, databases: { '/srv/db': database } },
    );
    assert.deepEqual([plan.data[0]?.driver, plan.data[0]?.cold, codes(plan)], ['btrfs', undefined, []]);
  });

  test('a dump is brought back into its database, and refused where there is none of its kind', () => {
    const { command: _command, ...rest } = request([]);
    const restore = [{ path: '/srv/db', snapshot: 'x' as SnapshotName }];
    const { kind, service, container: own, clients } = database;
    const taker = { kind, service, container: own, clients };
    const back = (dump: NonNullable<KnownData['dumps']>[string]): GuardPlan =>
      planGuard({ ...rest, data: ['/srv/db'], restore }, 'docker', { '/srv/db': facts() }, [writer], {
        classes: {},
        databases: {},
        dumps: { '/srv/db': dump },
      });
    const plan = back({ kind: 'postgres', database: taker });
    assert.deepEqual([plan.restore, codes(plan)], [[{ ...restore[0], dump: taker }], []]);
    assert.deepEqual(codes(back({ kind: 'postgres' })), ['no-database']);
    assert.deepEqual(codes(back({ kind: 'mariadb', database: taker })), ['no-database']);
  });

  test('of SQLite is dumped without its container, and its files are copied as they are before a snapshot is brought back', () => {
    const known = {
      classes: { '/srv/db': { dump: 'sqlite' as const } },
      sqlite: { '/srv/db': { databases: 2, sizeBytes: 7, links: [] } },
    } satisfies Partial<KnownData>;
    const { data, problems } = planned(known);
    const [{ class: kind, driver, sqlite, cold } = assert.fail()] = data;
    assert.deepEqual([kind, driver, sqlite, cold], ['dump', 'btrfs', { databases: 2 }, undefined]);
    assert.deepEqual(problems, []);
    assert.deepEqual(codes(planned({ ...known, sqlite: { '/srv/db': { why: 'closed' } } })), [
      'sqlite-unread',
    ]);
    const restore = [{ path: '/srv/db', snapshot: 'x' as SnapshotName }];
    const [resting] = planned(known, { restore }).data;
    assert.deepEqual([resting?.class, resting?.sqlite], ['snapshot', undefined]);
  });

  test('is refused where something runs on it that is no known database, where it is silent, and where room is short', () => {
    assert.deepEqual(codes(planned({})), ['unknown-database']);
    const silent = { ...database, answers: false as const, why: 'no password' };
    assert.deepEqual(codes(planned({ databases: { '/srv/db': silent } })), ['database-silent']);
    const large = { ...database, sizeBytes: 2 ** 40 };
    assert.deepEqual(codes(planned({ databases: { '/srv/db': large } })), ['no-space']);
  });

  test('is no part of the data of a stack where it may be lost, or is not ours', () => {
    const all = [container('db', 'photos', [mount('/srv/db'), mount('/srv/thumbs'), mount('/srv/theirs')])];
    const { stack, data: _data, ...rest } = request([]);
    assert.deepEqual(
      guardRequest({ ...rest, stack, data: [] }, all, { '/srv/thumbs': 'discard', '/srv/theirs': 'external' })
        .data,
      ['/srv/db'],
    );
    assert.deepEqual(
      guardRequest({ ...rest, stack, data: ['/srv/thumbs'] }, all, { '/srv/thumbs': 'discard' }).data,
      ['/srv/thumbs'],
    );
  });
});

describe('a guard’s plan', () => {
  test('holds what was asked for, and of each path what is known of it and who sees it', () => {
    const plan = planGuard(request(['/srv/photos', '/srv/new']), 'docker', { '/srv/photos': facts() }, [
      container('db', 'photos', [mount('/srv/photos/db')]),
      container('app', 'photos', [mount('/tmp'), mount('/srv')], { running: false }),
      container('cache', 'photos', [mount('/srv/photos', { type: 'tmpfs' })]),
      container('blog', 'blog', [mount('/srv/photos-of-others')]),
      container('reader', undefined, [mount('/srv/photos', { type: 'volume', readOnly: true })]),
    ]);
    assert.deepEqual(plan, {
      format: 1,
      kind: 'guard',
      stack: 'photos',
      host: 'attic',
      engine: 'docker',
      title: 'reindex',
      command,
      data: [
        {
          path: '/srv/photos',
          class: 'snapshot',
          existed: true,
          driver: 'btrfs',
          notes: ['a btrfs subvolume'],
          sizeBytes: 7,
          users: [
            { id: 'id-db', name: 'db', running: true },
            { id: 'id-app', name: 'app', running: false },
            { id: 'id-reader', name: 'reader', running: true },
          ],
        },
        {
          path: '/srv/new',
          class: 'snapshot',
          existed: false,
          notes: [],
          sizeBytes: 0,
          users: [{ id: 'id-app', name: 'app', running: false }],
        },
      ],
      checks: [{ type: 'json', file: '/srv/a.json' }],
      onFailure: 'hold',
      problems: [
        {
          severity: 'error',
          code: 'no-such-path',
          message: 'There is no /srv/new on this host. Nothing was changed.',
        },
      ],
    });
  });

  test('of a path without a driver has none', () => {
    const [path] = planGuard(request(['/a']), 'podman', { '/a': facts({ driver: undefined }) }, []).data;
    assert.ok(path && !('driver' in path));
    assert.equal(path.existed, true);
  });

  test('tells a path that is missing from one that was never looked at, and neither existed', () => {
    const missing = facts({ type: 'missing', driver: undefined, reason: 'does not exist yet', sizeBytes: 0 });
    const [known, unknown] = planGuard(request(['/a', '/b']), 'podman', { '/a': missing }, []).data;
    assert.deepEqual([known?.existed, known?.notes], [false, ['does not exist yet']]);
    assert.deepEqual([unknown?.existed, unknown?.notes], [false, []]);
  });
});

describe('an edit’s plan', () => {
  const file = '/srv/conf/page';
  const { command: _none, ...rest } = request([file]);
  const edits = [{ file, draft: '/state/draft', was: 'a', becomes: 'b' }];
  const restartsOf = (containers: ContainerFacts[], restart?: boolean): string[] | undefined =>
    planGuard(
      { ...rest, edits, ...(restart === undefined ? {} : { restart }) },
      'podman',
      { [file]: facts({ type: 'file' }) },
      containers,
    ).restarts?.map(({ name }) => name);
  const own = container('own', 'a', [mount('/srv/other'), mount(file)]);
  const whole = container('whole', 'a', [mount('/srv/conf')]);

  test('holds the edits, and no command', () => {
    const plan = planGuard({ ...rest, edits }, 'podman', { [file]: facts() }, []);
    assert.deepEqual([plan.edits, plan.restarts, plan.command, plan.problems], [edits, [], undefined, []]);
  });

  test('restarts what mounts the file by itself, for it would not see another one', () => {
    assert.deepEqual(restartsOf([own, whole]), ['own']);
    assert.deepEqual(restartsOf([own, whole], false), ['own']);
  });

  test('restarts all that use it where that is asked for', () => {
    const elsewhere = container('elsewhere', 'b', [mount('/srv/conf2'), mount('/srv/conf/page2')]);
    assert.deepEqual(restartsOf([own, whole, elsewhere], true), ['own', 'whole']);
  });

  test('restarts nothing that does not run, or only has a filesystem in memory there', () => {
    const stopped = container('stopped', 'a', [mount(file)], { running: false });
    assert.deepEqual(
      restartsOf([stopped, container('memory', 'a', [mount(file, { type: 'tmpfs' })])], true),
      [],
    );
  });

  test('of a command or a restore restarts nothing by itself', () => {
    const restore = [{ path: '/srv', snapshot: 'x' as never }];
    const plan = planGuard({ ...rest, restore }, 'podman', { [file]: facts() }, [own]);
    assert.deepEqual([plan.restore, plan.restarts, plan.edits], [restore, undefined, undefined]);
    assert.equal('restore' in planGuard(request([file]), 'podman', { [file]: facts() }, [own]), false);
  });
});

describe('a guard is refused', () => {
  const error = (code: string, message: string, next?: string): GuardPlan['problems'][number] => ({
    severity: 'error',
    code,
    message: `${message} Nothing was changed.`,
    ...(next === undefined ? {} : { next }),
  });
  const copy = (more: Partial<PathFacts> = {}): PathFacts =>
    facts({ driver: 'copy', reason: 'a plain directory', filesystem: 'ext4', reflink: false, ...more });

  test('for paths of the host itself, even where nothing is known of them', () => {
    for (const path of ['/', '/etc', '/proc/1', '/run/baton'])
      assert.deepEqual(
        problemsOf({}, [path]),
        [
          error(
            'host-path',
            `${path} belongs to the whole host and cannot be exchanged.`,
            'Name the directory, or the file, below it that the command changes.',
          ),
        ],
        path,
      );
    assert.deepEqual(problemsOf({ '/etc/app': facts() }), []);
  });

  test('for paths that hold one another, named in the order in which they were given', () => {
    const tables: [string[], string | undefined][] = [
      [['/a', '/a'], '/a and /a'],
      [['/a', '/a/b'], '/a/b and /a'],
      [['/a/b', '/a'], '/a and /a/b'],
      [['/c', '/a/b', '/a'], '/a and /a/b'],
      [['/a', '/ab'], undefined],
      [['/ab', '/a'], undefined],
      [['/a/b', '/a/c'], undefined],
    ];
    for (const [data, both] of tables)
      assert.deepEqual(
        problemsOf({ '/a': facts(), '/a/b': facts(), '/a/c': facts(), '/ab': facts(), '/c': facts() }, data),
        both === undefined
          ? []
          : [error('overlap', `${both} overlap: the snapshot of one would hold the other.`)],
        data.join(' '),
      );
  });

  test('for a path that is not there', () => {
    const problem = error('no-such-path', 'There is no /a on this host.');
    assert.deepEqual(problemsOf({}, ['/a']), [problem]);
    assert.deepEqual(problemsOf({ '/a': facts({ type: 'missing', driver: undefined }) }), [problem]);
    assert.deepEqual(problemsOf({ '/a': facts({ type: 'missing' }) }), [problem]);
  });

  test('for a path of which no snapshot can be taken', () => {
    assert.deepEqual(problemsOf({ '/a': facts({ driver: undefined, reason: 'it is a socket' }) }), [
      error('unprotected', 'No snapshot of /a can be taken: it is a socket.'),
    ]);
  });

  test('for a full copy above the limit, not for one of just its size', () => {
    const next = 'Put it on a btrfs subvolume, or raise the limit with --copy-limit.';
    const limit = { copyLimitBytes: 1024 };
    assert.deepEqual(problemsOf({ '/a': copy({ sizeBytes: 1024 }) }, ['/a'], limit), []);
    assert.deepEqual(problemsOf({ '/a': copy({ sizeBytes: 1025 }) }, ['/a'], { copyLimitBytes: 1024 }), [
      error(
        'copy-too-large',
        '/a is 1.0 KiB on ext4: protecting it takes a full copy, above the limit of 1.0 KiB.',
        next,
      ),
    ]);
    // It was not counted to its end.
    assert.deepEqual(problemsOf({ '/a': copy({ sizeBytes: 1024, sizeExceeded: true }) }, ['/a'], limit), [
      error(
        'copy-too-large',
        '/a is more than 1.0 KiB on ext4: protecting it takes a full copy, above the limit of 1.0 KiB.',
        next,
      ),
    ]);
  });

  test('for copies that do not fit twice, not for those that just do', () => {
    const limit = { copyLimitBytes: 2 ** 20 };
    const free = (freeBytes: number): Record<string, PathFacts> => ({
      '/a': copy({ sizeBytes: 1024, freeBytes }),
    });
    assert.deepEqual(problemsOf(free(2048), ['/a'], limit), []);
    assert.deepEqual(problemsOf(free(2047), ['/a'], limit), [
      error('no-space', 'Copies of /a need 2.0 KiB (now, and to put it back); 2.0 KiB are free.'),
    ]);
    assert.deepEqual(problemsOf(free(1), ['/a'], limit), [
      error('no-space', 'Copies of /a need 2.0 KiB (now, and to put it back); 1 B are free.'),
    ]);
  });

  test('for neither where the copy shares its blocks, or is a snapshot of the filesystem', () => {
    const large = { sizeBytes: 2 ** 40, freeBytes: 1 };
    for (const path of [copy({ reflink: true, ...large }), facts({ reflink: false, ...large })])
      assert.deepEqual(problemsOf({ '/a': path }), []);
  });

  test('for one thing a path, that which is wrong first', () => {
    const { code } = problemsOf({ '/etc': facts({ type: 'missing' }) }, ['/etc', '/etc'])[1] ?? {};
    assert.equal(code, 'host-path');
    const missing = facts({ type: 'missing', driver: undefined });
    assert.deepEqual(
      problemsOf({ '/a': missing, '/b': copy({ sizeBytes: 2 ** 20, freeBytes: 0, nested: ['/b/c'] }) }, [
        '/a',
        '/a',
        '/b',
      ]).map((problem) => problem.code),
      ['no-such-path', 'overlap', 'copy-too-large'],
    );
  });
});

describe('a guard is warned', () => {
  const warning = (path: string, message: string): GuardPlan['problems'][number] => ({
    severity: 'warning',
    code: 'nested',
    message: `${path} holds ${message}.`,
  });

  test('of what the snapshot does not include; three are named', () => {
    const tables: [string[], string][] = [
      [['/a/1'], '1 nested subvolumes or mounts that its snapshot does not include: /a/1'],
      [
        ['/a/1', '/a/2', '/a/3', '/a/4'],
        '4 nested subvolumes or mounts that its snapshot does not include: /a/1, /a/2, /a/3',
      ],
    ];
    for (const [nested, message] of tables)
      assert.deepEqual(problemsOf({ '/a': facts({ nested }) }), [warning('/a', message)]);
  });

  test('after all that forbids it, each in the order of the paths', () => {
    const nested = (name: string): PathFacts => facts({ nested: [name] });
    const told = problemsOf({ '/a': nested('/a/x'), '/c': nested('/c/x'), '/e': nested('/e/x') }, [
      '/a',
      '/b',
      '/c',
      '/d',
      '/e',
    ]);
    assert.deepEqual(
      told.map(({ severity, message }) => `${severity} ${/\/\w/.exec(message)?.[0] ?? ''}`),
      ['error /b', 'error /d', 'warning /a', 'warning /c', 'warning /e'],
    );
  });
});

describe('whose lock a guard takes', () => {
  const question = (data: string[], stack?: string): GuardQuestion => {
    const { stack: _none, ...rest } = request(data);
    return stack === undefined ? rest : { ...rest, stack: stack as GuardRequest['stack'] };
  };
  const locked = (data: string[], containers: ContainerFacts[], stack?: string): string =>
    guardRequest(question(data, stack), containers).stack;

  const photos = container('db', 'photos', [mount('/srv/photos')]);
  const blog = container('web', undefined, [mount('/srv/blog')], {
    labels: { 'com.docker.compose.project': 'blog' },
  });
  const alone = container('alone', undefined, [mount('/srv/photos'), mount('/srv/alone')]);

  test('is that of the stack that is named, whoever uses the data', () => {
    const asked = question(['/srv/blog'], 'photos');
    assert.deepEqual(guardRequest(asked, [photos, blog]), asked);
  });

  test('is that of the only stack that sees a path, by Baton’s label or Compose’s', () => {
    assert.deepEqual(guardRequest(question(['/srv/photos/db', '/srv/x']), [alone, photos, blog]), {
      ...question(['/srv/photos/db', '/srv/x']),
      stack: 'photos',
    });
    assert.equal(locked(['/srv/x', '/srv/blog'], [photos, blog]), 'blog');
    const app = container('app', 'photos', [mount('/tmp'), mount('/srv/photos/app')]);
    assert.equal(locked(['/srv/photos'], [photos, app]), 'photos');
  });

  test('is a name of its own where none sees it, or several do', () => {
    assert.equal(locked(['/srv/wiki'], [photos, blog]), 'wiki');
    assert.equal(locked(['/srv/alone'], [alone, blog]), 'alone');
    assert.equal(locked(['/srv'], [photos, blog]), 'srv');
    assert.equal(
      locked(['/srv/wiki'], [container('a', 'a', [mount('/srv/wiki', { type: 'tmpfs' })])]),
      'wiki',
    );
  });

  test('is named after the first path, as a stack may be called', () => {
    const long = 'a'.repeat(64);
    const tables: [string[], string][] = [
      [['/srv/b', '/srv/a'], 'b'],
      [['/srv/My Photos (2).db'], 'my-photos-2-db'],
      [['/srv/_-a_b-'], 'a_b-'],
      [['/srv/9'], '9'],
      [['/srv/.x'], 'x'],
      [['/srv/wiki/'], 'wiki'],
      [['/srv/日本'], 'guard'],
      [['/'], 'guard'],
      [[], 'guard'],
      [[`/srv/${long}`], 'a'.repeat(63)],
      [[`/srv/.${long}`], 'a'.repeat(63)],
    ];
    for (const [data, name] of tables) assert.equal(locked(data, []), name, data.join(' '));
  });

  test('always has a name that a stack may have', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (parts) => {
        const name = locked([`/${parts.join('/')}`], []);
        assert.equal(parseStackName(name), name);
      }),
    );
  });

  describe('and with it, the data of a stack that is named alone', () => {
    const dataOf = (...mounts: Mount[]): string[] =>
      guardRequest(question([], 'photos'), [
        container('a', 'photos', mounts),
        container('b', 'blog', [mount('/srv/blog')]),
        container('c', undefined, [mount('/srv/c')]),
      ]).data;

    test('is what its containers may write to, once each, in order', () => {
      const composed = container('x', undefined, [mount('/b'), mount('/c', { type: 'volume' })], {
        labels: { 'com.docker.compose.project': 'photos' },
        running: false,
      });
      const { data, stack } = guardRequest(question([], 'photos'), [
        container('a', 'photos', [mount('/b'), mount('/a')]),
        composed,
        blog,
      ]);
      assert.deepEqual([stack, data], ['photos', ['/a', '/b', '/c']]);
    });

    test('is neither memory, nor what it only reads, nor the host’s', () => {
      assert.deepEqual(
        dataOf(
          mount('/m', { type: 'tmpfs' }),
          mount('/r', { readOnly: true }),
          mount('/run/docker.sock'),
          mount('/a'),
        ),
        ['/a'],
      );
    });

    test('is the outermost path where one holds another', () => {
      assert.deepEqual(dataOf(mount('/a/b'), mount('/a'), mount('/a-b'), mount('/c/d'), mount('/a/b/c')), [
        '/a',
        '/a-b',
        '/c/d',
      ]);
    });

    test('is none where it has no containers; of a guard without a stack, what it names', () => {
      assert.deepEqual(guardRequest(question([], 'wiki'), [photos]).data, []);
      assert.deepEqual(guardRequest(question([]), [photos, alone]).data, []);
    });
  });
});

test('a report names fifty changed files', () => {
  assert.equal(mostChanges, 50);
});

describe('a guard without a command', () => {
  test('takes a snapshot only where it does nothing else either', () => {
    const edits = [] as unknown as GuardRequest['edits'];
    const restore = [] as unknown as GuardRequest['restore'];
    assert.equal(takesOnly({}), true);
    for (const other of [{ command }, { edits }, { restore }, { services: {} }, { maintenance: {} }])
      assert.equal(takesOnly(other as Parameters<typeof takesOnly>[0]), false);
  });

  test('is asked for as one that puts everything back where it fails', () => {
    assert.deepEqual(snapshotQuestion('nightly', ['/srv/a'], 7), {
      ...{ kind: 'guard', title: 'nightly', data: ['/srv/a'], checks: [] },
      ...{ onFailure: 'roll-back', onCrash: 'fail', copyLimitBytes: 7 },
    });
  });

  test('needs data, unless it is about services themselves', () => {
    const problems = (more: Partial<GuardRequest>) => planGuard(request([], more), 'podman', {}, []).problems;
    assert.deepEqual(problems({}), [
      {
        severity: 'error',
        code: 'no-data',
        message: problems({})[0]?.message,
        next: 'Name what the command changes: --data PATH',
      },
    ]);
    assert.match(
      problems({})[0]?.message ?? '',
      /^No container of a stack "photos" may write to data on this host, so there is nothing to protect\./,
    );
    for (const about of ['services', 'maintenance'] as const)
      assert.deepEqual(problems({ [about]: {} }), [], about);
  });

  test('is asked for again with a plan of it: for its lock, and its paths', () => {
    const { stack: _stack, data: _data, ...question } = request(['/srv/a']);
    const plan = { stack: 'other', data: [{ path: '/srv/b' }] } as unknown as GuardPlan;
    assert.deepEqual(plannedGuard(question as GuardQuestion, plan), {
      ...question,
      stack: 'other',
      data: ['/srv/b'],
    });
  });
});
