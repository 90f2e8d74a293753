/** Copies by a real restic, and by btrfs send to a second btrfs, here and through a real sshd; and what comes between. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { userInfo, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openCopies } from '../../activities/copies/index.ts';
import type { Copies, CopyErrorCode, CopyJob, Made } from '../../activities/ports/copies.ts';
import type { Snapshot } from '../../activities/ports/snapshots.ts';
import { endProcesses } from '../../activities/processes.ts';
import { openSnapshots } from '../../activities/snapshots/index.ts';
import type { CopyTarget } from '../../domain/copy.ts';
import { parseOperationId } from '../../domain/names.ts';
import { parseSnapshotName } from '../../domain/snapshot.ts';
import { freePort } from '../../setup/local.ts';
import { fingerprint, until } from '../e2e/site.ts';
import { needed } from '../host/environment.ts';
import { SmallDisk } from '../host/small-disk.ts';

const snapshots = openSnapshots();
const megabyte = 2 ** 20;

/** Data with its snapshots, and a host that copies them. */
class House {
  readonly directory: string;
  readonly data: string;
  readonly copies: Copies;
  #day = 10;

  private constructor(directory: string, data: string, stallMs?: number) {
    this.directory = directory;
    this.data = data;
    this.copies = openCopies(join(directory, 'state'), {
      name: 'host',
      environment: { ...process.env, CANARY: 'a canary' },
      ...(stallMs === undefined ? {} : { stallMs }),
    });
  }

  /** @param disk a btrfs. */
  static async open(disk = needed('BATON_TEST_BTRFS'), stallMs?: number): Promise<House> {
    const directory = await mkdtemp(join(tmpdir(), 'baton-copies-'));
    const data = join(disk, `copies-${randomBytes(3).toString('hex')}`, 'photos, and 100%');
    await mkdir(join(data, '..'));
    await execa('btrfs', ['subvolume', 'create', data]);
    await mkdir(join(data, 'private'), { mode: 0o700 });
    await writeFile(join(data, 'private', 'key'), 'x', { mode: 0o600 });
    await writeFile(join(directory, 'password'), 'correct horse\n');
    return new House(directory, data, stallMs);
  }

  get repository(): string {
    return join(this.directory, 'repository');
  }

  get restic(): CopyTarget {
    const password = { file: join(this.directory, 'password') };
    return { by: 'restic', repository: { at: this.repository }, password, variables: [] };
  }

  job(target: CopyTarget, more: Partial<CopyJob> = {}): CopyJob {
    const operation = parseOperationId(randomBytes(4).toString('hex'));
    assert.ok(operation);
    const rule = { name: 'offsite', data: [this.data], target, freshMs: 0, copyLimitBytes: 2 ** 30 };
    return { operation, rule, ...more };
  }

  /** @param bytes of a new file that cannot be packed. */
  async take(bytes = 10_000): Promise<Snapshot> {
    this.#day += 1;
    await writeFile(join(this.data, `file-${this.#day}`), randomBytes(bytes));
    const name = parseSnapshotName(`photos.taken.202611${this.#day}T000000Z.000000${this.#day}`)?.name;
    assert.ok(name);
    return await snapshots.take(this.data, name, 'btrfs');
  }

  async make(target: CopyTarget, snapshot: Snapshot, more: Partial<CopyJob> = {}): Promise<Made> {
    return await this.copies.make(this.job(target, more), snapshot, await snapshots.list(this.data));
  }

  /** Of each copy its snapshot, and whether it is whole. */
  async there(target: CopyTarget): Promise<[string, boolean][]> {
    const all = await this.copies.list(this.job(target));
    return all.map(({ snapshot, complete }) => [snapshot, complete]);
  }

  /** Others have their data on the same disk. */
  async close(): Promise<void> {
    for (const snapshot of await snapshots.list(this.data)) await snapshots.remove(snapshot);
    await execa('btrfs', ['subvolume', 'delete', '--', this.data]);
    await rm(join(this.data, '..'), { recursive: true });
    await rm(this.directory, { recursive: true });
  }
}

const fails = async (work: Promise<unknown>, code: CopyErrorCode, words = /./): Promise<void> => {
  await assert.rejects(work, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  });
};

/** What any target does. @param cuts whether what comes between is tried too. */
const contract = (
  name: string,
  cuts: boolean,
  open: () => Promise<{ house: House; target: CopyTarget; close: () => Promise<void> }>,
): void => {
  describe(`copies by ${name}`, () => {
    let house: House;
    let target: CopyTarget;
    let close: () => Promise<void>;
    before(async () => {
      ({ house, target, close } = await open());
    });
    after(async () => {
      await house.close();
      await close();
    });

    test('a target that was never made ready holds nothing, and is made ready only when asked', async () => {
      const snapshot = await house.take();
      await fails(house.copies.list(house.job(target)), 'no-target', /baton copies init/);
      await fails(house.make(target, snapshot), 'no-target');
      await house.copies.init(house.job(target));
      await house.copies.init(house.job(target));
      assert.deepEqual(await house.there(target), []);
    });

    test('a copy is made once, and the next one goes on from it', async () => {
      const [first] = await snapshots.list(house.data);
      assert.ok(first);
      const job = house.job(target);
      const made = await house.copies.make(job, first, [first]);
      assert.equal(made.already, false);
      assert.ok(made.addedBytes >= 10_000, `${made.addedBytes}`);
      // Of the same operation: nobody has heard of it.
      assert.deepEqual(await house.copies.make(job, first, [first]), made);
      assert.equal((await house.make(target, first)).already, true);
      const second = await house.take(20_000);
      const next = await house.make(target, second);
      assert.equal(next.from, first.name);
      assert.ok(next.addedBytes >= 20_000 && next.addedBytes < 30_000, `${next.addedBytes}`);
      assert.deepEqual(await house.there(target), [
        [first.name, true],
        [second.name, true],
      ]);
      assert.equal((await house.copies.notes('offsite')).last[house.data]?.snapshot, second.name);
      assert.deepEqual(await house.copies.check(house.job(target), 100), []);
    });

    test('it comes back as it was, into a directory that was not there', async () => {
      const [, second] = await house.copies.list(house.job(target));
      const back = join(house.directory, 'back');
      assert.ok(second);
      await house.copies.restore(house.job(target), second, back);
      assert.deepEqual(await fingerprint(back), await fingerprint(house.data));
      await fails(house.copies.restore(house.job(target), second, back), 'unsupported', /is there already/);
      await fails(
        house.copies.restore(house.job(target), second, join(house.directory, 'no', 'where')),
        'not-found',
      );
      assert.deepEqual(
        (await readdir(house.directory)).filter((entry) => entry.includes('draft')),
        [],
      );
    });

    test('what is removed is gone, also where it was gone before', async () => {
      const all = await house.copies.list(house.job(target));
      const [first, ...rest] = all;
      assert.ok(first);
      await house.copies.remove(house.job(target), [first]);
      await house.copies.remove(house.job(target), [first]);
      assert.equal((await house.there(target)).length, rest.length);
    });

    if (cuts) whatComesBetween(() => ({ house, target }));
  });
};

const whatComesBetween = (of: () => { house: House; target: CopyTarget }): void => {
  test('one that is cut off counts for nothing, leaves no process, and the next try goes through', async () => {
    const { house, target } = of();
    const big = await house.take(64 * megabyte);
    const job = house.job(target);
    let told = 0;
    job.tell = () => {
      told += 1;
      if (told === 1) void endProcesses(job.operation);
    };
    await assert.rejects(house.copies.make(job, big, await snapshots.list(house.data)));
    assert.ok(!(await house.there(target)).some(([snapshot, whole]) => snapshot === big.name && whole));
    const made = await house.copies.make(
      { ...job, tell: () => undefined },
      big,
      await snapshots.list(house.data),
    );
    assert.ok(made.copy.complete);
    assert.equal((await house.there(target)).filter(([snapshot]) => snapshot === big.name).length, 1);
    assert.deepEqual(await house.copies.check(house.job(target)), []);
  });

  test('a try ends what an earlier one of its operation left running', async () => {
    const { house, target } = of();
    const big = await house.take(64 * megabyte);
    const begun = Promise.withResolvers<undefined>();
    const job = house.job(target, {
      tell: () => {
        begun.resolve(undefined);
      },
    });
    const local = await snapshots.list(house.data);
    const first = house.copies.make(job, big, local).then(
      () => 'done',
      () => 'ended',
    );
    await begun.promise;
    const made = await house.copies.make({ ...job, tell: () => undefined }, big, local);
    assert.ok(made.copy.complete);
    assert.equal(await first, 'ended');
  });

  test('a cancel ends it', async () => {
    const { house, target } = of();
    const big = await house.take(64 * megabyte);
    const cancel = new AbortController();
    const tell = (): void => {
      cancel.abort();
    };
    await assert.rejects(house.make(target, big, { signal: cancel.signal, tell }), { name: 'AbortError' });
    assert.ok(!(await house.there(target)).some(([snapshot, whole]) => snapshot === big.name && whole));
  });
};

contract('restic', true, async () => {
  const house = await House.open();
  return { house, target: house.restic, close: () => Promise.resolve() };
});

contract('btrfs', true, async () => {
  const disk = await SmallDisk.mount(['mkfs.btrfs', '-q'], '600M');
  const close = async (): Promise<void> => {
    await disk.unmount();
  };
  return { house: await House.open(), target: { by: 'btrfs', directory: disk.path }, close };
});

contract('btrfs through ssh', false, async () => {
  const [disk, house, sshd] = [
    await SmallDisk.mount(['mkfs.btrfs', '-q'], '600M'),
    await House.open(),
    await OwnSshd.start(),
  ];
  const target = { by: 'btrfs' as const, directory: disk.path, remote: 'nas', sshConfig: sshd.config };
  return {
    house,
    target,
    close: async () => {
      await sshd.stop();
      await disk.unmount();
    },
  };
});

/** An sshd of the test's own, on loopback, that lets in one key of its own. */
class OwnSshd {
  readonly config: string;
  readonly #process: ChildProcess;
  readonly #directory: string;

  private constructor(directory: string, process: ChildProcess) {
    this.#directory = directory;
    this.#process = process;
    this.config = join(directory, 'ssh_config');
  }

  static async start(): Promise<OwnSshd> {
    const directory = await mkdtemp(join(tmpdir(), 'baton-sshd-'));
    const port = await freePort();
    const file = (name: string): string => join(directory, name);
    for (const key of ['host', 'user'])
      await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(key)]);
    await writeFile(file('authorized'), await readFile(file('user.pub')), { mode: 0o600 });
    const [kind = '', hostKey = ''] = (await readFile(file('host.pub'), 'utf8')).split(' ');
    await writeFile(file('known'), `[127.0.0.1]:${port} ${kind} ${hostKey}\n`);
    await writeFile(
      file('ssh_config'),
      `Host nas\n  HostName 127.0.0.1\n  Port ${port}\n  User ${userInfo().username}\n  IdentityFile ${file('user')}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${file('known')}\n`,
    );
    await writeFile(
      file('sshd_config'),
      `ListenAddress 127.0.0.1:${port}\nHostKey ${file('host')}\nAuthorizedKeysFile ${file('authorized')}\nPidFile none\nPermitRootLogin yes\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n`,
    );
    // Where its unprivileged part goes.
    await mkdir('/run/sshd', { recursive: true });
    const daemon = spawn('/usr/sbin/sshd', ['-D', '-f', file('sshd_config')], { stdio: 'ignore' });
    daemons.add(daemon);
    const sshd = new OwnSshd(directory, daemon);
    const probe = ['-F', sshd.config, '-o', 'BatchMode=yes', 'nas', 'true'];
    await until('sshd', async () => (await execa('ssh', probe, { reject: false })).exitCode === 0);
    return sshd;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
    await rm(this.#directory, { recursive: true });
  }
}

/** A test that failed half-way leaves none of them behind. */
const daemons = new Set<ChildProcess>();
process.once('exit', () => {
  for (const daemon of daemons) daemon.kill('SIGTERM');
});

describe('restic', () => {
  let house: House;
  before(async () => {
    house = await House.open();
    await house.copies.init(house.job(house.restic));
  });
  after(async () => {
    await house.close();
  });

  test('a wrong password is told as one, and neither it nor a secret variable is in any word', async () => {
    const file = join(house.directory, 'wrong');
    await writeFile(file, 'hunter2\n');
    const target = { ...house.restic, password: { file }, variables: ['CANARY'] } as CopyTarget;
    await fails(house.copies.list(house.job(target)), 'wrong-password', /^(?!.*hunter2)/);
    const none = {
      ...house.restic,
      password: { command: 'sh -c "echo a canary >&2; exit 1"' },
      variables: ['CANARY'],
    } as CopyTarget;
    await fails(house.copies.list(house.job(none)), 'wrong-password', /^(?!.*a canary)/);
  });

  test('a lock that lives is told, with who holds it, and left alone; a stale one is removed', async () => {
    const snapshot = await house.take();
    const locks = join(house.repository, 'locks');
    const environment = {
      RESTIC_REPOSITORY: house.repository,
      RESTIC_PASSWORD_FILE: join(house.directory, 'password'),
    };
    const holder = spawn('restic', ['check', '--read-data'], {
      env: { ...process.env, ...environment },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => holder.once('exit', resolve));
    // Until it is whole, it has another name.
    await until('a lock', async () => (await readdir(locks)).some((name) => /^[0-9a-f]{64}$/.test(name)));
    holder.kill('SIGSTOP');
    await fails(
      house.make(house.restic, snapshot),
      'locked',
      new RegExp(`locked by PID ${holder.pid ?? 0} on `),
    );
    assert.equal((await readdir(locks)).length, 1);
    holder.kill('SIGKILL');
    await ended;
    assert.equal((await house.make(house.restic, snapshot)).copy.complete, true);
    assert.deepEqual(await readdir(locks), []);
  });

  test('one that stands still is ended, and told', async () => {
    const slow = await House.open(undefined, 1_000);
    const target = { ...slow.restic, password: { command: 'sleep 1000' } } as CopyTarget;
    const job = slow.job(target);
    await fails(slow.copies.list(job), 'stalled', /Nothing moved for 1s/);
    await slow.close();
  });

  test('a program that is not there is told', async () => {
    const elsewhere = openCopies(join(house.directory, 'other'), {
      name: 'host',
      environment: { PATH: '/nowhere' },
      stallMs: 60_000,
    });
    await fails(elsewhere.list(house.job(house.restic)), 'unsupported', /"restic" is not installed/);
  });

  test('what nothing refers to is removed when asked', async () => {
    assert.equal(await house.copies.prune(house.job(house.restic)), true);
  });

  test('a repository that has rotted is found out', async () => {
    const [first = ''] = (await readdir(join(house.repository, 'data'), { recursive: true })).filter(
      (name) => name.length > 60,
    );
    const pack = join(house.repository, 'data', first);
    const content = await readFile(pack);
    content[10] = (content[10] ?? 0) ^ 0xff;
    await execa('chmod', ['u+w', pack]);
    await writeFile(pack, content);
    const problems = await house.copies.check(house.job(house.restic), 100);
    assert.ok(problems.length > 0);
  });
});

describe('a file that cannot be read', () => {
  let disk: SmallDisk;
  let house: House;
  before(async () => {
    disk = await SmallDisk.mount(['mkfs.btrfs', '-q', '-m', 'single', '-d', 'single'], '300M');
    house = await House.open(disk.path);
    await house.copies.init(house.job(house.restic));
  });
  after(async () => {
    await house.close();
    await disk.unmount();
  });

  /** Flips a byte of the data on the device, so that its checksum is wrong. */
  const rot = async (marker: string): Promise<void> => {
    const image = `${disk.path}.img`;
    await execa('umount', [disk.path]);
    const content = await readFile(image);
    const at = content.indexOf(marker);
    assert.ok(at > 0);
    content[at] = (content[at] ?? 0) ^ 0xff;
    await writeFile(image, content);
    await execa('mount', ['-o', 'loop', image, disk.path]);
  };

  test('makes the copy incomplete: it counts for nothing, and goes once a whole one is there', async () => {
    const marker = `rotten ${randomBytes(8).toString('hex')}`;
    await writeFile(join(house.data, 'rotten'), marker.padEnd(megabyte, 'x'));
    const bad = await house.take();
    await execa('sync', ['-f', disk.path]);
    await rot(marker);
    const made = await house.make(house.restic, bad);
    assert.equal(made.copy.complete, false);
    assert.equal(made.unread?.count, 1);
    assert.match(made.unread.items[0] ?? '', /rotten$/);
    assert.deepEqual(await house.there(house.restic), [[bad.name, false]]);
    assert.equal((await house.copies.notes('offsite')).last[house.data], undefined);
    await rm(join(house.data, 'rotten'));
    const good = await house.take();
    assert.equal((await house.make(house.restic, good)).copy.complete, true);
    assert.deepEqual(await house.there(house.restic), [
      [bad.name, false],
      [good.name, true],
    ]);
  });

  test('is counted by its device, and a scrub that never was is told', async () => {
    const [health] = await snapshots.health([house.data]);
    assert.equal(health?.filesystem, disk.path);
    assert.equal(health.scrub.state, 'never');
    assert.match(health.devices.join(), /corruption_errs \d/);
    await execa('btrfs', ['scrub', 'start', '-B', disk.path], { reject: false });
    const [after] = await snapshots.health([house.data]);
    assert.ok(after?.scrub.state === 'finished');
    assert.match(after.scrub.errors ?? '', /csum=/);
  });
});

describe('btrfs send', () => {
  let house: House;
  before(async () => {
    house = await House.open();
  });
  after(async () => {
    await house.close();
  });

  test('a target that is full is told, and left without half of one', async () => {
    const disk = await SmallDisk.mount(['mkfs.btrfs', '-q', '-M'], '120M');
    const target = { by: 'btrfs' as const, directory: disk.path };
    await house.copies.init(house.job(target));
    const small = await house.take();
    await house.make(target, small);
    const big = await house.take(200 * megabyte);
    await fails(house.make(target, big), 'no-space');
    assert.deepEqual(await house.there(target), [[small.name, true]]);
    const found = await execa('find', [disk.path, '-name', '.incoming*']);
    assert.equal(found.stdout, '');
    await disk.unmount();
  });

  test('what is no btrfs, is the same btrfs, or is no subvolume is refused in words', async () => {
    const snapshot = await house.take();
    const ext4 = { by: 'btrfs' as const, directory: needed('BATON_TEST_EXT4') };
    await fails(house.copies.init(house.job(ext4)), 'unsupported', /is on ext2\/ext3: .*Use restic/);
    const same = { by: 'btrfs' as const, directory: join(house.data, '..') };
    await house.copies.init(house.job(same));
    await fails(house.make(same, snapshot), 'unsupported', /filesystem of .* itself/);
    await fails(house.make(same, { ...snapshot, driver: 'copy' }), 'unsupported', /plain copy.*Use restic/);
  });

  test('a host that does not answer is told as that', async () => {
    const away = { by: 'btrfs' as const, directory: '/srv', remote: 'nobody@127.0.0.1' };
    await fails(house.copies.list(house.job(away)), 'unreachable', /nobody@127\.0\.0\.1 cannot be reached/);
  });

  test('a disk that is gone is told, and its empty directory is not written to', async () => {
    const disk = await SmallDisk.mount(['mkfs.btrfs', '-q'], '300M');
    const target = { by: 'btrfs' as const, directory: disk.path };
    await house.copies.init(house.job(target));
    await execa('umount', [disk.path]);
    const snapshot = await house.take();
    await fails(house.make(target, snapshot), 'no-target', /Mount it/);
    assert.deepEqual(await readdir(disk.path), []);
    assert.ok(await stat(disk.path));
    await execa('mount', ['-o', 'loop', `${disk.path}.img`, disk.path]);
    await disk.unmount();
  });
});
