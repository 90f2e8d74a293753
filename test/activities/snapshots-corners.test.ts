/** What happens to snapshots seldom: odd files, closed directories, data that keeps changing, commands that fail or lie. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  mkdtempDisposable,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { SnapshotError } from '../../activities/ports/snapshots.ts';
import { unlessVanished } from '../../activities/snapshots/copy.ts';
import { filesystemOf } from '../../activities/snapshots/filesystem.ts';
import { openSnapshots } from '../../activities/snapshots/index.ts';
import { run, type Run } from '../../activities/snapshots/run.ts';
import { walk } from '../../activities/snapshots/walk.ts';
import { manifestName } from '../../domain/dump.ts';
import { parseOperationId, parseStackName } from '../../domain/names.ts';
import { snapshotName, type SnapshotName, type SnapshotPurpose } from '../../domain/snapshot.ts';
import { needed } from '../host/environment.ts';

const nameOf = (purpose: SnapshotPurpose = 'before', id = '0123abcd'): SnapshotName => {
  const [stack, operation] = [parseStackName('photos'), parseOperationId(id)];
  assert.ok(stack && operation);
  return snapshotName({ stack, operation, purpose, takenAt: '2026-01-01T00:00:00Z' });
};

/** Runs commands as they are, except for what `instead` does about one of them first; a text is what that one prints. */
const except = (command: string, instead: (args: readonly string[]) => unknown): Run => {
  return async (name, args, signal) => {
    const said = name === command ? instead(args) : undefined;
    return typeof said === 'string' ? said : await run(name, args, signal);
  };
};

/** A btrfs of its own, which any user may enter. */
let place: string;
before(async () => {
  place = await mkdtemp(join(tmpdir(), 'baton-corners-'));
  await execa('truncate', ['-s', '256M', `${place}.img`]);
  await execa('mkfs.btrfs', ['-q', `${place}.img`]);
  await execa('mount', ['-o', 'loop', `${place}.img`, place]);
});
after(async () => {
  await execa('umount', [place]);
  await rm(place, { recursive: true });
  await rm(`${place}.img`);
});

let directory: string;
let data: string;
beforeEach(async () => {
  directory = await mkdtemp(join(needed('BATON_TEST_EXT4'), 'corners-'));
  data = join(directory, 'data');
  await mkdir(data);
  await writeFile(join(data, 'rows'), 'opening');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('a path', () => {
  const inspect = async (path: string, sizeLimitBytes = 2 ** 20) =>
    await openSnapshots().inspect(path, { sizeLimitBytes });

  test('that is a file, a socket, a device or a pipe is told as such', async () => {
    const socket = createServer().listen(join(directory, 'socket'));
    await execa('mknod', [join(directory, 'char'), 'c', '1', '3']);
    await execa('mknod', [join(directory, 'block'), 'b', '7', '200']);
    await execa('mkfifo', [join(directory, 'pipe')]);
    const told: Record<string, string> = {};
    for (const name of ['data/rows', 'socket', 'char', 'block', 'pipe']) {
      const { type, driver, reason } = await inspect(join(directory, name));
      told[name] = `${type}, ${driver ?? 'none'}: ${reason}`;
    }
    socket.close();
    assert.deepEqual(told, {
      'data/rows': 'file, copy: on ext4, copied in full',
      socket: 'socket, none: it is a socket',
      char: 'device, none: it is a device',
      block: 'device, none: it is a device',
      pipe: 'other, none: it is a pipe',
    });
  });

  test('below a file is missing, and a link that leads round in a circle is an error', async () => {
    assert.equal((await inspect(join(data, 'rows', 'below'))).exists, false);
    await symlink('loop', join(directory, 'loop'));
    await assert.rejects(inspect(join(directory, 'loop')), { code: 'ELOOP' });
  });

  test('is counted no further than it matters', async () => {
    for (const name of ['a', 'b', 'c']) await writeFile(join(data, name), Buffer.alloc(64 * 1024, 'x'));
    const { sizeExceeded, sizeBytes } = await inspect(data, 32 * 1024);
    assert.equal(sizeExceeded, true);
    assert.ok(sizeBytes < 192 * 1024, `${sizeBytes}`);
  });

  test('counts a file with several names once', async () => {
    await writeFile(join(data, 'large'), Buffer.alloc(64 * 1024, 'x'));
    await execa('ln', [join(data, 'large'), join(data, 'again')]);
    assert.ok((await inspect(data)).sizeBytes < 100 * 1024);
  });

  test('of a filesystem without a known name goes by its number', async () => {
    assert.equal(await filesystemOf('/proc'), '0x9fa0');
  });

  test('is NOCOW only where the filesystem says so', async () => {
    const silent = openSnapshots({
      run: except('lsattr', () => {
        throw new SnapshotError('internal', 'no lsattr');
      }),
    });
    const subvolume = join(needed('BATON_TEST_BTRFS'), `corners-${process.pid}`);
    await mkdir(subvolume, { recursive: true });
    assert.equal((await silent.inspect(subvolume, { sizeLimitBytes: 1 })).noCow, false);
    await rm(subvolume, { recursive: true });
  });

  test('on xfs can share blocks only where the filesystem says so', async () => {
    const silent = openSnapshots({
      run: except('xfs_info', () => {
        throw new SnapshotError('internal', 'no xfs_info');
      }),
    });
    assert.equal((await silent.inspect(needed('BATON_TEST_XFS'), { sizeLimitBytes: 1 })).reflink, false);
  });
});

describe('as another user', () => {
  /** As `nobody`, of whose containers some files belong to others. */
  const asNobody = async <T>(work: () => Promise<T>): Promise<T> => {
    process.seteuid?.(65534);
    try {
      return await work();
    } finally {
      process.seteuid?.(0);
    }
  };
  let closed: string;
  before(() => {
    assert.equal(process.geteuid?.(), 0, 'This test needs root.');
  });
  const close = async (base: string): Promise<void> => {
    closed = join(base, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o700);
    await chmod(base, 0o755);
  };

  test('a directory that is closed is counted by commands that may go in', async () => {
    const open = join(place, 'open');
    await mkdir(open);
    await close(open);
    const asked: string[] = [];
    const prefixed: Run = async (command, args) => {
      asked.push([command, args[0]].join(' '));
      return await Promise.resolve('4096\t/data');
    };
    const { sizeBytes, sizeExceeded } = await asNobody(() =>
      openSnapshots({ run: prefixed }).inspect(open, { sizeLimitBytes: 4095 }),
    );
    assert.deepEqual([sizeBytes, sizeExceeded], [4096, false]);
    assert.ok(asked.includes('du -s'), asked.join());
  });

  test('subvolumes in a closed directory are found by commands that may go in', async () => {
    const outer = join(place, 'outer');
    await execa('btrfs', ['subvolume', 'create', outer]);
    await close(outer);
    const prefixed: Run = (command) => Promise.resolve(command === 'find' ? `${outer}/closed/inner\n` : '');
    const { nested } = await asNobody(() =>
      openSnapshots({ run: prefixed }).inspect(outer, { sizeLimitBytes: 1 }),
    );
    assert.deepEqual(nested, [`${outer}/closed/inner`]);
  });

  test('a walk tells what is closed, and a path of which nothing can be known is an error', async () => {
    await close(data);
    await chmod(directory, 0o755);
    await assert.rejects(
      asNobody(() => walk(data, () => Promise.resolve(true))),
      { code: 'EACCES' },
    );
    await chmod(directory, 0o700);
    await assert.rejects(
      asNobody(() => openSnapshots().find(data, nameOf())),
      { code: 'EACCES' },
    );
  });
});

test('what vanishes during a walk, or becomes a file, is passed over', async () => {
  for (const name of ['gone', 'file', 'stays']) await mkdir(join(data, name));
  await writeFile(join(data, 'stays', 'inner'), '');
  const seen: string[] = [];
  await walk(data, (path, isDirectory) => {
    seen.push(path.slice(data.length + 1));
    if (!path.endsWith('stays')) rmSync(path, { recursive: true });
    if (path.endsWith('/file')) writeFileSync(path, '');
    return Promise.resolve(isDirectory);
  });
  assert.deepEqual(seen.sort(), ['file', 'gone', 'rows', 'stays', 'stays/inner']);
});

describe('a copy', () => {
  test('of data that changes once is made again, and holds what is there at its end', async () => {
    let changes = 0;
    const snapshots = openSnapshots({
      run: except('cp', () => {
        if (changes++ === 0) appendFileSync(join(data, 'rows'), ', changed');
      }),
    });
    const { location } = await snapshots.take(data, nameOf(), 'copy');
    assert.equal(changes, 2);
    assert.equal(await readFile(join(location, 'rows'), 'utf8'), 'opening, changed');
  });

  test('during which a file vanishes is made again', async () => {
    await writeFile(join(data, 'passing'), 'for now');
    let copies = 0;
    const snapshots = openSnapshots({
      run: async (command, args, signal) => {
        if (command === 'cp' && copies++ === 0) {
          rmSync(join(data, 'passing'));
          return await run('cp', ['-a', '--', join(data, 'passing'), directory]);
        }
        return await run(command, args, signal);
      },
    });
    const { location } = await snapshots.take(data, nameOf(), 'copy');
    assert.equal(copies, 2);
    assert.deepEqual(await readdir(location), ['rows']);
  });

  test('of SQLite does not miss a journal that vanishes meanwhile', async () => {
    const database = new DatabaseSync(join(data, 'rows.db'));
    database.exec('CREATE TABLE notes (text TEXT)');
    database.close();
    let passes = 0;
    const snapshots = openSnapshots({
      run: async (command, args, signal) => {
        const said = await run(command, args, signal);
        if (!args.includes('--attributes-only')) return said;
        passes += 1;
        return await run('cp', ['-a', '--', join(data, 'rows.db-journal'), directory]);
      },
    });
    const quietly = async (work: () => Promise<void>): Promise<void> => {
      await work();
    };
    const { location } = await snapshots.takeSqlite(data, nameOf(), 'copy', { quietly });
    assert.equal(passes, 1);
    assert.deepEqual((await readdir(location)).sort(), ['rows', 'rows.db']);
    assert.equal(await readFile(join(location, 'rows'), 'utf8'), 'opening');
  });

  test('of data that keeps changing is refused, and not taken for one', async () => {
    const snapshots = openSnapshots({
      run: except('cp', () => {
        appendFileSync(join(data, 'rows'), '.');
      }),
    });
    await assert.rejects(snapshots.take(data, nameOf(), 'copy'), {
      code: 'busy',
      message: `${data} keeps changing while it is copied: something writes to it. Stop that, or put the data on a btrfs subvolume.`,
    });
    assert.deepEqual(await snapshots.list(data), []);
  });
});

describe('snapshots', () => {
  const snapshots = openSnapshots();

  test('of a path that has none are none', async () => {
    assert.deepEqual(await snapshots.list(data), []);
    assert.deepEqual(await snapshots.list(join(directory, 'missing')), []);
    assert.equal(await snapshots.find(join(directory, 'missing'), nameOf()), undefined);
  });

  test('that are not there cannot be put back', async () => {
    for (const path of [data, join(directory, 'missing')])
      await assert.rejects(snapshots.swapIn(path, nameOf(), 'copy', nameOf('failed')), { code: 'not-found' });
  });

  test('of one second are listed by name', async () => {
    const names = [nameOf('failed'), nameOf('before', '1123abcd'), nameOf('before'), nameOf('undone')];
    for (const name of names) await snapshots.take(data, name, 'copy');
    assert.deepEqual(
      (await snapshots.list(data)).map(({ name }) => name),
      [nameOf('before'), nameOf('before', '1123abcd'), nameOf('failed'), nameOf('undone')],
    );
  });

  test('a single file is cleared to an empty one', async () => {
    const file = join(data, 'rows');
    await chmod(file, 0o640);
    const { location } = await snapshots.clear(file, nameOf('undone'));
    assert.equal(await readFile(location, 'utf8'), 'opening');
    assert.equal(await readFile(file, 'utf8'), '');
    assert.equal((await stat(file)).mode & 0o777, 0o640);
  });

  test('what was not there before is moved away, once, and a file too', async () => {
    const kept = await snapshots.moveAway(data, nameOf('failed'));
    assert.deepEqual(await readdir(kept?.location ?? ''), ['rows']);
    assert.deepEqual(await snapshots.moveAway(data, nameOf('failed')), kept);
    await writeFile(data, 'a file now');
    const file = await snapshots.moveAway(data, nameOf('undone'));
    assert.equal(await readFile(file?.location ?? '', 'utf8'), 'a file now');
  });

  test('an empty directory that was not there before leaves nothing', async () => {
    await rm(join(data, 'rows'));
    assert.equal(await snapshots.moveAway(data, nameOf('failed')), undefined);
    await assert.rejects(stat(data), { code: 'ENOENT' });
  });

  test('the root of a mount cannot be moved away, and says so', async () => {
    const mount = join(directory, 'mount');
    await mkdir(mount);
    await execa('mount', ['-t', 'tmpfs', 'tmpfs', mount]);
    try {
      await assert.rejects(snapshots.moveAway(mount, nameOf('failed')), { code: 'EBUSY' });
    } finally {
      await execa('umount', [mount]);
    }
  });

  test('commands go through the prefix where there is one', async () => {
    const prefixed = openSnapshots({ prefix: ['env', 'PREFIXED=1'] });
    assert.equal((await prefixed.take(data, nameOf(), 'copy')).driver, 'copy');
  });
});

describe('a command', () => {
  const failing = async (script: string): Promise<SnapshotError> =>
    await run('sh', ['-c', script]).then(
      () => assert.fail('it did not fail'),
      (error: unknown) => error as SnapshotError,
    );

  test('that fails says why in its last line', async () => {
    for (const [script, code, message] of [
      [
        'echo first >&2; echo "x: No space left on device" >&2; exit 1',
        'no-space',
        'sh ended with 1: x: No space left on device',
      ],
      ['echo "x: Disk quota exceeded" >&2; exit 1', 'no-space', 'sh ended with 1: x: Disk quota exceeded'],
      ['echo "x: Permission denied" >&2; exit 1', 'permission', 'sh ended with 1: x: Permission denied'],
      [
        'echo "x: Operation not permitted" >&2; exit 1',
        'permission',
        'sh ended with 1: x: Operation not permitted',
      ],
      [
        'echo "x: No such file or directory" >&2; exit 1',
        'vanished',
        'sh ended with 1: x: No such file or directory',
      ],
      [
        'echo "odd" >&2; echo "x: No such file or directory" >&2; exit 1',
        'internal',
        'sh ended with 1: x: No such file or directory',
      ],
      ['echo "x: odd" >&2; exit 7', 'internal', 'sh ended with 7: x: odd'],
    ] as const) {
      const error = await failing(script);
      assert.deepEqual([error.code, error.message], [code, message]);
    }
  });

  test('that says nothing, is killed or does not exist is told all the same', async () => {
    assert.match((await failing('exit 3')).message, /^sh ended with 3: Command failed with exit code 3/);
    assert.match(
      (await failing('kill -9 $$')).message,
      /^sh ended with SIGKILL: Command was killed with SIGKILL/,
    );
    await assert.rejects(run('baton-no-such-command', []), {
      message: /^baton-no-such-command ended with an error: Command failed with ENOENT/,
    });
  });

  test('that takes too long may be stopped', async () => {
    await assert.rejects(run('sleep', ['60'], AbortSignal.timeout(20)), {
      message: /^sleep ended with SIGTERM/,
    });
  });

  test('that lies is not believed: what was made must be seen', async () => {
    const base = await mkdtemp(join(needed('BATON_TEST_BTRFS'), 'corners-'));
    const subvolume = join(base, 'data');
    await execa('btrfs', ['subvolume', 'create', subvolume]);
    const lying = openSnapshots({ run: () => Promise.resolve('') });
    await openSnapshots().take(subvolume, nameOf(), 'btrfs');
    await assert.rejects(lying.take(subvolume, nameOf('failed'), 'btrfs'), {
      message: `The snapshot ${nameOf('failed')} of ${subvolume} was made but cannot be seen.`,
    });
    await execa('btrfs', ['subvolume', 'delete', subvolume]);
    await rm(base, { recursive: true });
    assert.equal(await lying.moveAway(data, nameOf('failed')), undefined);
    const quiet = openSnapshots({
      run: except('sync', (args) => {
        if (!args[1]?.includes('undone')) return undefined;
        rmSync(args[1], { recursive: true });
        return '';
      }),
    });
    await assert.rejects(quiet.clear(data, nameOf('undone')), {
      message: /^What .* held was kept, but cannot be seen at /,
    });
  });
});

describe('space that is set aside', () => {
  test('may be made by several operations at once', async () => {
    const paths = ['a', 'b', 'c', 'd'].map((name) => join(place, name));
    for (const path of paths) await execa('btrfs', ['subvolume', 'create', path]);
    await Promise.all(paths.map((path) => openSnapshots().take(path, nameOf(), 'btrfs')));
    const reserve = join(place, '.baton-snapshots', '.reserve', 'space');
    assert.equal((await stat(reserve)).size, 64 * 1024);
    await rm(reserve);
    await execa('btrfs', ['subvolume', 'delete', join(place, '.baton-snapshots', '.reserve')]);
  });

  test('may be made by another operation at the very moment', async () => {
    const path = join(place, 'e');
    await execa('btrfs', ['subvolume', 'create', path]);
    const late = openSnapshots({
      run: except('btrfs', (args) => {
        if (args.includes('create')) execFileSync('btrfs', [...args]);
      }),
    });
    assert.equal((await late.take(path, nameOf(), 'btrfs')).driver, 'btrfs');
    await rm(join(place, '.baton-snapshots', '.reserve', 'space'));
    await execa('btrfs', ['subvolume', 'delete', join(place, '.baton-snapshots', '.reserve')]);
  });

  test('cannot be where no subvolume can be made', async () => {
    const failing = openSnapshots({
      run: except('btrfs', (args) => {
        if (args.includes('create')) throw new SnapshotError('permission', 'not permitted');
      }),
    });
    await assert.rejects(failing.take(join(place, 'a'), nameOf('failed'), 'btrfs'), { code: 'permission' });
  });
});

describe('a survey of snapshots', () => {
  const problems = async (how?: Run): Promise<string[]> =>
    (await openSnapshots(how ? { run: how } : {}).survey([data])).flatMap((found) => found.problems);
  test('tells of a time that is none', async () => {
    const { location } = await openSnapshots().take(data, nameOf(), 'copy');
    assert.deepEqual(await problems(), []);
    await rename(location, location.replace('20260101T', '20260231T'));
    assert.deepEqual(await problems(), ['the time in its name is none: 2026-02-31T00:00:00Z']);
  });

  test('tells what cannot be read, the first of it, or that nobody could look', async () => {
    await openSnapshots().take(data, nameOf(), 'copy');
    assert.deepEqual(await problems(except('find', () => '/a\n/b\n')), ['cannot be read: /a']);
    const refusing = except('find', () => {
      throw new Error('find ended with 1');
    });
    assert.deepEqual(await problems(refusing), ['cannot be read: find ended with 1']);
  });

  test('tells whether a subvolume could have been written to', async () => {
    const subvolume = join(place, 'surveyed', 'data');
    await mkdir(join(place, 'surveyed'));
    await execa('btrfs', ['subvolume', 'create', subvolume]);
    const { location } = await openSnapshots().take(subvolume, nameOf(), 'btrfs');
    const told = async (how?: Run): Promise<string[]> =>
      (await openSnapshots(how ? { run: how } : {}).survey([subvolume])).flatMap((found) => found.problems);
    assert.deepEqual(await told(), []);
    const refusing = except('btrfs', () => {
      throw new Error('btrfs ended with 1');
    });
    assert.deepEqual(await told(refusing), ['whether it is read-only is not known: btrfs ended with 1']);
    await execa('btrfs', ['property', 'set', '-ts', location, 'ro', 'false']);
    assert.deepEqual(await told(), ['is not read-only: something may have written to it']);
    await openSnapshots().remove({ source: subvolume, name: nameOf(), driver: 'btrfs' });
    await execa('btrfs', ['subvolume', 'delete', subvolume]);
  });

  test('tells of what else lies there, and of parts of a dump that are gone or cut off', async () => {
    const { location } = await openSnapshots().write(data, nameOf(), async (draft) => {
      const parts = ['a', 'b'].map((file) => ({ file, of: file, sizeBytes: 2, sha256: '' }));
      await writeFile(join(draft, manifestName), JSON.stringify({ parts }));
      await writeFile(join(draft, 'a'), 'x');
    });
    await writeFile(join(location, '..', 'notes.txt'), '');
    await writeFile(join(location, '..', `${nameOf('failed')}.json`), '');
    assert.deepEqual((await problems()).sort(), [
      'is not Baton’s',
      'is noted of a snapshot that is not there',
      'its part a has another size than it was written with',
      'its part b is gone',
    ]);
    const dump = (await openSnapshots().find(data, nameOf())) ?? assert.fail();
    await assert.rejects(openSnapshots().lend(data, dump), {
      code: 'unsupported',
      message: `${location} is a dump: a copy of it is no data.`,
    });
  });
});

describe('the health of a filesystem', () => {
  test('is asked of the directory of what is gone, and of nothing where that is gone too', async () => {
    const gone = join(place, 'gone');
    const [found] = await openSnapshots().health([gone, join(gone, 'further')]);
    assert.equal(found?.filesystem, place);
    assert.deepEqual(await openSnapshots().health([join(gone, 'further')]), []);
  });

  test('leaves out an allocation that it cannot read, and tells why it knows nothing', async () => {
    const deaf = openSnapshots({ run: except('btrfs', (args) => (args.includes('usage') ? '' : undefined)) });
    const [found] = await deaf.health([place]);
    assert.deepEqual([found?.scrub.state, found?.allocation], ['never', undefined]);
    const refused = openSnapshots({ run: () => Promise.reject(new Error('only root may')) });
    assert.deepEqual(await refused.health([place]), [
      { filesystem: place, scrub: { state: 'never' }, devices: [], unknown: 'only root may' },
    ]);
  });
});

describe('a path that is looked at', () => {
  test('may have no snapshots beside it', async () => {
    await using other = await mkdtempDisposable(join(tmpdir(), 'baton-bare-'));
    assert.deepEqual(await openSnapshots().survey([join(other.path, 'data')]), []);
  });

  test('is asked about its health on btrfs alone', async () => {
    const memory = '/dev/shm';
    assert.notEqual(await filesystemOf(memory), 'btrfs');
    assert.deepEqual(await openSnapshots().health([memory]), []);
  });

  test('may vanish; anything else is an error', async () => {
    const gone = Promise.reject(new SnapshotError('vanished', 'gone'));
    assert.equal(await unlessVanished(gone), undefined);
    await assert.rejects(unlessVanished(Promise.reject(new Error('torn'))), /torn/);
    await assert.rejects(
      unlessVanished(Promise.reject(new SnapshotError('busy', 'written to'))),
      /written to/,
    );
  });
});

describe('SQLite databases', () => {
  const inMemory = async (size: string, work: (place: string) => Promise<void>): Promise<void> => {
    const mount = await mkdtemp(join(tmpdir(), 'baton-memory-'));
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', mount]);
    try {
      await work(mount);
    } finally {
      await execa('umount', [mount]);
      await rm(mount, { recursive: true });
    }
  };
  const taking = { quietly: async (work: () => Promise<void>) => await work() };
  const program = join(import.meta.dirname, '..', '..', 'activities', 'snapshots', 'sqlite-program.ts');
  const asked = async (...args: string[]): Promise<unknown> => {
    const said = await execa(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args]);
    return JSON.parse(said.stdout);
  };

  test('are dumped once under one name', async () => {
    const first = await openSnapshots().takeSqlite(data, nameOf(), 'copy', taking);
    await writeFile(join(data, 'later'), '');
    assert.deepEqual(await openSnapshots().takeSqlite(data, nameOf(), 'copy', taking), first);
    assert.deepEqual(await readdir(first.location), ['rows']);
  });

  test('that could not be looked for are told so, and what is no answer is an error', async () => {
    const saying = (said: string) => openSnapshots({ run: () => Promise.resolve(said) });
    const refusal = JSON.stringify({ code: 'too-large', message: 'too many files' });
    assert.deepEqual(await saying(refusal).sqliteIn(data), { why: 'too many files' });
    await assert.rejects(saying('?').sqliteIn(data), SyntaxError);
  });

  test('are none where there is no directory, and what is no directory is an error', async () => {
    assert.deepEqual(await asked('find', join(data, 'gone')), { databases: [], links: [] });
    await writeFile(join(data, 'page'), '');
    await assert.rejects(asked('find', join(data, 'page')), /ENOTDIR/);
  });

  test('behind a link are not opened', async () => {
    const database = new DatabaseSync(join(data, 'own.db'));
    database.exec('CREATE TABLE t (x)');
    database.close();
    const link = join(place, 'link');
    await symlink(data, link);
    const said = await asked('settle', link);
    await rm(link);
    assert.deepEqual(said, {
      code: 'database',
      message: `${join(link, 'own.db')} has become a link.`,
    });
  });

  test('are not looked for without end', async () => {
    await inMemory('64M', async (many) => {
      await writeFile(join(many, 'one'), '');
      const links = 'import os, sys\nfor n in range(200000): os.link("one", str(n))';
      await execa('python3', ['-c', links], { cwd: many });
      assert.deepEqual(await openSnapshots().sqliteIn(many), {
        why: `${many} holds more than 200000 files to look for databases in.`,
      });
    });
  });

  test('need room for their copies', async () => {
    await inMemory('1M', async (small) => {
      const database = new DatabaseSync(join(data, 'big.db'));
      database.exec('CREATE TABLE t (x); INSERT INTO t VALUES (randomblob(3000000))');
      database.close();
      assert.deepEqual(await asked('copy', data, small), {
        code: 'no-space',
        message: `There is no room for a copy of the SQLite database ${join(data, 'big.db')}.`,
      });
    });
  });

  test('of which a row breaks a rule are damaged, and it is told which', async () => {
    const file = join(data, 'broken.db');
    const database = new DatabaseSync(file);
    database.exec(
      'CREATE TABLE t (x CHECK (x > 0)); PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (-1)',
    );
    database.close();
    await assert.rejects(openSnapshots().takeSqlite(data, nameOf(), 'copy', taking), {
      code: 'database',
      message: /^The SQLite database .*broken\.db is damaged: CHECK constraint failed in t\.$/,
    });
  });
});
