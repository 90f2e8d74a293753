/**
 * Copies on another btrfs, by `btrfs send`. One lies in a directory of its own, with its snapshot's name: the subvolume in it is
 * called `data`, because one that is read-only cannot be moved between directories (its ".." would change). It is received in a
 * directory of another name, which is renamed once the kernel has noted what was received.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { targetText, type Copy } from '../../domain/copy.ts';
import { formatBytes } from '../../domain/size.ts';
import { parseSnapshotName } from '../../domain/snapshot.ts';
import { CopyError, type CopyJob } from '../ports/copies.ts';
import type { Snapshot } from '../ports/snapshots.ts';
import { demandNothingThere, draftOf } from './draft.ts';
import type { CopyDriver, DriverMade, Host } from './driver.ts';
import { runPiped } from './process.ts';
import { failureOf, reach, runThere, settingOf, type Btrfs } from './there.ts';

/** Received, and not known to be whole. */
const incoming = '.incoming';
/** About to be removed. */
const outgoing = '.outgoing';
const content = 'data';

export const btrfsCopyDriver = (host: Host): CopyDriver<Btrfs> => {
  const there = async (job: CopyJob, target: Btrfs, ...command: string[]): Promise<string> =>
    await runThere(host, job, target, command);
  const here = async (job: CopyJob, ...command: string[]): Promise<string> =>
    await runThere(host, job, { by: 'btrfs', directory: '/' }, command);

  const base = ({ directory }: Btrfs): string => join(directory, 'baton-copies', host.name);

  /** An empty directory where a disk should be mounted has none of it. */
  const demandTarget = async (job: CopyJob, target: Btrfs): Promise<void> => {
    const found = await there(job, target, 'find', base(target), '-maxdepth', '0').catch((error: unknown) => {
      if (error instanceof CopyError && error.code === 'internal') return '';
      throw error;
    });
    if (found.trim() === '')
      throw new CopyError(
        'no-target',
        `${targetText(target)} holds no copies of this host. Mount it, or make it ready with \`baton copies init ${job.rule.name}\`.`,
      );
    await demandBtrfs(job, target, base(target));
  };

  const demandBtrfs = async (job: CopyJob, target: Btrfs, place: string): Promise<void> => {
    const kind = (await there(job, target, 'stat', '-f', '-c', '%T', '--', place)).trim();
    if (kind !== 'btrfs')
      throw new CopyError(
        'unsupported',
        `${targetText(target)} is on ${kind}: btrfs send needs a btrfs there. Use restic.`,
      );
  };

  /** What an earlier try left of one that came, or went. */
  const sweep = async (job: CopyJob, target: Btrfs, place: string): Promise<void> => {
    const found = await there(job, target, 'find', place, '-mindepth', '1', '-maxdepth', '1', '-name', '.*');
    for (const directory of linesOf(found).filter((one) => [incoming, outgoing].includes(basename(one))))
      await removeWhole(job, target, directory);
  };

  const removeWhole = async (job: CopyJob, target: Btrfs, directory: string): Promise<void> => {
    const inside = await there(
      job,
      target,
      'find',
      directory,
      '-mindepth',
      '1',
      '-maxdepth',
      '1',
      '-inum',
      '256',
    );
    for (const subvolume of linesOf(inside))
      await there(job, target, 'btrfs', 'subvolume', 'delete', '--', subvolume);
    await there(job, target, 'rm', '-rf', '--', directory);
  };

  const list = async (job: CopyJob, target: Btrfs): Promise<Copy[]> => {
    await demandTarget(job, target);
    const named = `.*/[a-z0-9_-]+\\.[a-z]+\\.[0-9TZ]+\\.[0-9a-f]+`;
    const found = await there(
      ...[job, target, 'find', base(target)],
      ...['-regextype', 'posix-extended', '-mindepth', '2', '-type', 'd'],
      // Nothing is looked for in what is copied.
      ...['(', '-regex', named, '-prune', '-print', '-o', '-name', incoming, '-prune'],
      ...['-o', '-name', outgoing, '-prune', ')'],
    );
    const copies = linesOf(found).flatMap((id): Copy[] => {
      const label = parseSnapshotName(basename(id));
      if (!label) return [];
      const { name: snapshot, takenAt, purpose } = label;
      return [
        { path: dirname(id).slice(base(target).length), snapshot, takenAt, purpose, id, complete: true },
      ];
    });
    return copies.sort((a, b) => (`${a.takenAt} ${a.snapshot}` < `${b.takenAt} ${b.snapshot}` ? -1 : 1));
  };

  /** What btrfs says of a subvolume. @param target where it lies; absent: here. */
  const identity = async (job: CopyJob, location: string, target?: Btrfs): Promise<Identity> => {
    const command = ['btrfs', 'subvolume', 'show', '--', location];
    return identityIn(target ? await there(job, target, ...command) : await here(job, ...command));
  };

  /** The newest that is here as well as there: the same in content, by the number that btrfs gave it. */
  const common = async (
    job: CopyJob,
    target: Btrfs,
    local: readonly Snapshot[],
    copies: readonly Copy[],
  ): Promise<{ snapshot: Snapshot } | undefined> => {
    for (const copy of [...copies].reverse()) {
      const snapshot = local.find(({ name, driver }) => name === copy.snapshot && driver === 'btrfs');
      if (!snapshot) continue;
      const [one, other] = [
        await identity(job, snapshot.location),
        await identity(job, join(copy.id, content), target),
      ];
      if (one.sentAs === other.received) return { snapshot };
    }
    return undefined;
  };

  /** A disk that is not mounted is a directory of the one that holds the data. */
  const demandElsewhere = async (job: CopyJob, target: Btrfs, source: string): Promise<void> => {
    if (target.remote !== undefined) return;
    const [one, other] = [
      await here(job, 'findmnt', '-n', '-o', 'UUID', '--target', source),
      await here(job, 'findmnt', '-n', '-o', 'UUID', '--target', base(target)),
    ];
    if (one.trim() === other.trim())
      throw new CopyError(
        'unsupported',
        `${targetText(target)} is on the filesystem of ${source} itself: a copy there is lost with it. Is its disk mounted?`,
      );
  };

  return {
    async init(job, target) {
      const place = await there(job, target, 'find', target.directory, '-maxdepth', '0').catch(() => '');
      if (place.trim() === '')
        throw new CopyError('no-target', `${targetText(target)} does not exist, or cannot be read.`);
      await demandBtrfs(job, target, target.directory);
      await there(job, target, 'mkdir', '-p', '-m', '0700', '--', base(target));
    },

    list,

    async make(job, target, snapshot, local, copies): Promise<DriverMade> {
      const { name, location, source, driver } = snapshot;
      if (driver !== 'btrfs')
        throw new CopyError(
          'unsupported',
          `${name} of ${source} is a ${driver === 'dump' ? 'dump' : 'plain copy'}: btrfs send takes subvolumes only. Use restic for it.`,
        );
      await demandTarget(job, target);
      await demandElsewhere(job, target, location);
      const place = join(base(target), source);
      await there(job, target, 'mkdir', '-p', '-m', '0700', '--', place);
      await sweep(job, target, place);
      const parent = await common(job, target, local, copies);
      const into = join(place, incoming);
      await there(job, target, 'mkdir', '-m', '0700', '--', into);
      try {
        const bytes = await sendInto(
          job,
          target,
          parent ? ['-p', parent.snapshot.location] : [],
          location,
          into,
        );
        await seal(job, target, location, into, join(place, name));
        const { takenAt = '', purpose = 'taken' } = parseSnapshotName(name) ?? {};
        return {
          copy: { path: source, snapshot: name, takenAt, purpose, id: join(place, name), complete: true },
          addedBytes: bytes,
          ...(parent ? { from: parent.snapshot.name } : {}),
        };
      } catch (error) {
        // Why there is no copy is the news; what stays of it is swept by the next try, which may be at work already where this one was ended.
        const wasEnded =
          job.signal?.aborted === true || (error instanceof CopyError && error.code === 'interrupted');
        if (!wasEnded) await sweep(job, target, place).catch(() => undefined);
        throw error;
      }
    },

    async remove(job, target, copies) {
      for (const { id } of copies) {
        const place = dirname(id);
        await sweep(job, target, place);
        const found = await there(job, target, 'find', place, '-maxdepth', '1', '-name', basename(id));
        if (found.trim() === '') continue;
        await there(job, target, 'mv', '-T', '--', id, join(place, outgoing));
        await removeWhole(job, target, join(place, outgoing));
      }
    },

    prune: () => Promise.resolve(false),

    async check(job, target) {
      const problems: string[] = [];
      for (const { id, path, snapshot } of await list(job, target)) {
        const found = await identity(job, join(id, content), target).catch((error: unknown) => {
          if (error instanceof CopyError && error.code === 'internal') return undefined;
          throw error;
        });
        const told = `${snapshot} of ${path}`;
        if (!found) problems.push(`${told} has no subvolume in it`);
        else if (!found.readOnly) problems.push(`${told} is not read-only: something may have written to it`);
        else if (found.received === undefined) problems.push(`${told} was not received whole`);
      }
      return problems;
    },

    async restore(job, target, copy, directory) {
      await demandNothingThere(directory);
      const draft = draftOf(directory);
      await rm(draft, { recursive: true, force: true });
      await mkdir(draft, { mode: 0o700 });
      const keeping = ['--numeric-owner', '--acls', '--xattrs', '--xattrs-include=*'];
      const { from, to } = await runPiped(
        reach(target, ['tar', ...keeping, '--sparse', '-C', join(copy.id, content), '-cf', '-', '.']),
        ['tar', ...keeping, '--same-owner', '-p', '-C', draft, '-xf', '-'],
        settingOf(host, job),
        (bytes) => job.tell?.(formatBytes(bytes)),
      );
      if (from.exitCode !== 0) throw failureOf(target, 'tar', from);
      if (to.exitCode !== 0) throw failureOf({ ...target, by: 'btrfs' }, 'tar', to);
      await rename(draft, directory);
    },
  };

  async function sendInto(
    job: CopyJob,
    target: Btrfs,
    parent: string[],
    location: string,
    into: string,
  ): Promise<number> {
    const { from, to, bytes } = await runPiped(
      ['btrfs', 'send', '-q', ...parent, '--', location],
      reach(target, ['btrfs', 'receive', '-q', '--', into]),
      settingOf(host, job),
      (sent) => job.tell?.(`${formatBytes(sent)} sent`),
    );
    // A target that fails takes nothing any more, which ends the sender too: the target tells why.
    const wasEnded = from.signal !== null && from.signal !== 'SIGPIPE';
    if (wasEnded || to.signal !== null)
      throw new CopyError('interrupted', `btrfs send to ${targetText(target)} was interrupted.`);
    if (to.exitCode !== 0) throw failureOf(target, 'btrfs receive', to);
    if (from.exitCode !== 0) throw failureOf({ by: 'btrfs', directory: '/' }, 'btrfs send', from);
    return bytes;
  }

  /** Seen with the kernel's own eyes, then given its name. */
  async function seal(
    job: CopyJob,
    target: Btrfs,
    location: string,
    into: string,
    final: string,
  ): Promise<void> {
    const received = join(into, basename(location));
    const [sent, seen] = [await identity(job, location), await identity(job, received, target)];
    if (seen.received !== sent.sentAs || !seen.readOnly)
      throw new CopyError('internal', `${received} was received, but is not what was sent.`);
    await there(job, target, 'mv', '-T', '--', received, join(into, content));
    await there(job, target, 'sync', '-f', into);
    await there(job, target, 'mv', '-T', '--', into, final);
    await there(job, target, 'sync', '-f', final);
  }
};

type Identity = {
  /** As its content is known elsewhere: one that was received itself is sent under its first number. */
  sentAs: string;
  received: string | undefined;
  readOnly: boolean;
};

const identityIn = (shown: string): Identity => {
  const field = (name: string): string | undefined => {
    const value = new RegExp(`^\\s*${name}:\\s+(\\S.*)$`, 'm').exec(shown)?.[1]?.trim();
    return value === undefined || value === '-' ? undefined : value;
  };
  const received = field('Received UUID');
  return {
    sentAs: received ?? field('UUID') ?? '',
    received,
    readOnly: field('Flags')?.includes('readonly') ?? false,
  };
};

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
