/** Copies in a restic repository: encrypted, deduplicated, on whatever restic reaches. */
import { chmod, chown, lstat, mkdir, rename, rm, stat } from 'node:fs/promises';
import { newestCopy, targetText, type Copy, type CopyTarget } from '../../domain/copy.ts';
import { passedOn } from '../../domain/commands.ts';
import {
  incompleteTag,
  lockHolder,
  parseTags,
  resticFault,
  resticWords,
  statusOf,
  summaryOf,
  tagsOf,
  unreadItems,
  type ResticFault,
} from '../../domain/restic.ts';
import { parseSnapshotName } from '../../domain/snapshot.ts';
import { formatBytes } from '../../domain/size.ts';
import { CopyError, type CopyJob } from '../ports/copies.ts';
import type { Snapshot } from '../ports/snapshots.ts';
import { redact } from '../redact.ts';
import type { CopyDriver, DriverMade, Host } from './driver.ts';
import { draftOf, demandNothingThere } from './draft.ts';
import { runMarked, type Ended } from './process.ts';

type Restic = CopyTarget & { by: 'restic' };

/** How often it says how far it is: more would be heard by nobody. */
const statusPerSecond = '0.5';

export const resticDriver = (host: Host): CopyDriver<Restic> => {
  /** Everything but data goes by its environment: a command line can be read by every user. */
  const environmentOf = ({ repository, password, variables }: Restic): Record<string, string> => ({
    ...passedOn(host.environment, variables),
    ...('at' in repository
      ? { RESTIC_REPOSITORY: repository.at }
      : { RESTIC_REPOSITORY_FILE: repository.file }),
    ...('file' in password
      ? { RESTIC_PASSWORD_FILE: password.file }
      : { RESTIC_PASSWORD_COMMAND: password.command }),
    RESTIC_PROGRESS_FPS: statusPerSecond,
    // Times of snapshots are UTC.
    TZ: 'UTC',
    LC_ALL: 'C',
  });

  const once = async (
    job: CopyJob,
    target: Restic,
    args: readonly string[],
    more: { directory?: string; onLine?: (line: string) => void } = {},
  ): Promise<Ended> => {
    const { directory, onLine } = more;
    const ended = await runMarked(
      ['restic', ...args],
      {
        operation: job.operation,
        environment: environmentOf(target),
        signal: job.signal,
        stallMs: host.stallMs,
        ...(directory === undefined ? {} : { directory }),
      },
      onLine,
    );
    const secrets = target.variables.flatMap((name) => host.environment[name] ?? []);
    return { ...ended, stderr: redact(ended.stderr, secrets) };
  };

  /** A lock that a dead process of this host left, or nobody has touched for half an hour, is removed by restic itself; one that lives is not. */
  const ended = async (...[job, target, args, more]: Parameters<typeof once>): Promise<Ended> => {
    const first = await once(job, target, args, more);
    if (resticFault(first) !== 'locked') return first;
    await once(job, target, ['unlock']);
    return await once(job, target, args, more);
  };

  /** @returns also where some files could not be read. */
  const restic = async (...[job, target, args, more]: Parameters<typeof once>): Promise<Ended> => {
    const end = await ended(job, target, args, more);
    const fault = resticFault(end);
    if (fault !== undefined && fault !== 'unread') throw failure(fault, target, end);
    return end;
  };

  const listed = async (job: CopyJob, target: Restic): Promise<{ copy: Copy; root: string }[]> => {
    const tags = `baton,copy=${job.rule.name}`;
    const args = ['snapshots', '--json', '--no-lock', '--host', host.name, '--tag', tags];
    const { stdout } = await restic(job, target, args);
    const all = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as { id: string; tags?: string[] }[] | null;
    return (all ?? []).flatMap(({ id, tags: own }) => {
      const told = parseTags(own ?? []);
      const named = parseSnapshotName(told?.snapshot ?? '');
      if (!told || !named) return [];
      const { takenAt, purpose, name: snapshot } = named;
      const copy = { path: told.path, snapshot, takenAt, purpose, id, complete: !told.incomplete };
      return [{ copy, root: told.root }];
    });
  };
  const list = async (job: CopyJob, target: Restic): Promise<Copy[]> =>
    (await listed(job, target)).map(({ copy }) => copy);

  const forget = async (job: CopyJob, target: Restic, ids: readonly string[]): Promise<void> => {
    if (ids.length > 0) await restic(job, target, ['forget', ...ids]);
  };

  return {
    async init(job, target) {
      const end = await once(job, target, ['cat', 'config', '--no-lock']);
      const fault = resticFault(end);
      if (fault === undefined) return;
      // All else would be asked in vain.
      if (fault !== 'no-target') throw failure(fault, target, end);
      await restic(job, target, ['init']);
    },

    list,

    async make(job, target, snapshot, _local, there): Promise<DriverMade> {
      const parent = newestCopy(there) ?? there.at(-1);
      const { directory, root } = await contentOf(snapshot);
      const { path, name } = { path: snapshot.source, name: snapshot.name };
      const { takenAt } = parseSnapshotName(name) ?? { takenAt: '' };
      const tags = tagsOf({ copy: job.rule.name, path, snapshot: name, root });
      const end = await restic(
        job,
        target,
        [
          ...['backup', '--json', '--host', host.name],
          ...['--time', takenAt.replace('T', ' ').replace('Z', '')],
          ...tags.flatMap((tag) => ['--tag', tag]),
          // Each snapshot lies elsewhere, so restic would not find the one before by itself, and read all anew.
          ...(parent ? ['--parent', parent.id] : []),
          '.',
        ],
        {
          directory,
          onLine: (line) => {
            const status = statusOf(line);
            if (status) job.tell?.(`${status.percent} %, ${formatBytes(status.bytesDone)} read`);
          },
        },
      );
      const summary = summaryOf(end.stdout);
      if (!summary)
        throw new CopyError(
          'internal',
          `restic ended well, but named no snapshot of it: ${resticWords(end.stderr)}`,
        );
      const complete = resticFault(end) === undefined;
      if (!complete) await restic(job, target, ['tag', '--add', incompleteTag, summary.id]);
      // A tag makes another id of it.
      const made = (await list(job, target)).findLast((one) =>
        complete
          ? one.id.startsWith(summary.id)
          : one.snapshot === name && one.path === path && !one.complete,
      );
      if (!made)
        throw new CopyError(
          'internal',
          `The copy ${summary.id} was made, but cannot be seen in ${targetText(target)}.`,
        );
      const items = unreadItems(end.stderr);
      const { files, sizeBytes, addedBytes } = summary;
      return {
        copy: made,
        files,
        sizeBytes,
        addedBytes,
        ...(parent ? { from: parent.snapshot } : {}),
        ...(complete ? {} : { unread: { items: items.slice(0, mostItems), count: items.length } }),
      };
    },

    async remove(job, target, copies) {
      const there = new Set((await list(job, target)).map(({ id }) => id));
      await forget(
        job,
        target,
        copies.map(({ id }) => id).filter((id) => there.has(id)),
      );
    },

    async prune(job, target) {
      await restic(job, target, ['prune']);
      return true;
    },

    async check(job, target, read) {
      const subset = read === undefined ? [] : [`--read-data-subset=${read}%`];
      const end = await ended(job, target, ['check', ...subset]);
      const fault = resticFault(end);
      if (fault === undefined) return [];
      // That something cannot be reached says nothing of its content.
      if (fault !== 'internal') throw failure(fault, target, end);
      return problemsIn(end);
    },

    async restore(job, target, copy, directory) {
      await demandNothingThere(directory);
      const draft = draftOf(directory);
      await rm(draft, { recursive: true, force: true });
      await mkdir(draft, { mode: 0o700 });
      const end = await restic(job, target, ['restore', '--json', '--no-lock', copy.id, '--target', draft], {
        onLine: (line) => {
          const status = statusOf(line);
          if (status) job.tell?.(`${status.percent} %`);
        },
      });
      if (resticFault(end) === 'unread')
        throw new CopyError('damaged', `Not all of it could be restored: ${resticWords(end.stderr)}`);
      const known = (await listed(job, target)).find(({ copy: { id } }) => id === copy.id);
      await likeItWas(draft, known?.root ?? '');
      await rename(draft, directory);
    },
  };
};

const mostItems = 20;

/** Its content is copied as `.`, which looks the same wherever the snapshot lies; what the directory itself was like is a tag. */
const contentOf = async ({
  location,
  source,
  name,
}: Snapshot): Promise<{ directory: string; root: string }> => {
  const { mode, uid, gid } = await lstat(location);
  if (!(await stat(location)).isDirectory())
    throw new CopyError('unsupported', `${source} is a file (snapshot ${name}): copies are of directories.`);
  return { directory: location, root: `${(mode & 0o7777).toString(8)}:${uid}:${gid}` };
};

const likeItWas = async (directory: string, root: string): Promise<void> => {
  const [, mode, uid, gid] = /^([0-7]{1,4}):(\d+):(\d+)$/.exec(root) ?? [];
  if (mode === undefined) return;
  if (process.getuid?.() === 0) await chown(directory, Number(uid), Number(gid));
  await chmod(directory, Number.parseInt(mode, 8));
};

const problemsIn = ({ stdout, stderr }: Ended): string[] => {
  const lines = `${stderr}\n${stdout}`
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) => /error|damaged|missing|not found|mismatch|fatal/i.test(line) && !/no errors/i.test(line),
    );
  return lines.length > 0 ? [...new Set(lines)].slice(0, mostItems) : [resticWords(stderr)];
};

/** @param fault of a backup alone it is `unread`, which is none. */
const failure = (fault: ResticFault | 'unread', target: Restic, ended: Ended): CopyError => {
  if (fault === 'unread') return failure('internal', target, ended);
  const { exitCode, stderr } = ended;
  const where = targetText(target);
  const words = resticWords(stderr);
  return new CopyError(
    fault,
    faultText(fault, where, lockHolder(stderr), `restic ended with ${exitCode ?? 'a signal'}: ${words}`),
  );
};

/** What it is, and what can be done. */
const faultText = (fault: ResticFault, where: string, holder: string | undefined, said: string): string => {
  switch (fault) {
    case 'no-target':
      return `There is no restic repository at ${where}. Make one with \`baton copies init\`, or look at the address.`;
    case 'locked':
      return `${where} is locked by ${holder ?? 'another process'}. A lock that lives is left alone; only stale ones were removed.`;
    case 'wrong-password':
      return `${where} does not open: the password is wrong, or could not be read. ${said}`;
    case 'interrupted':
      return `restic was interrupted at ${where}; what it had sent is used by the next try.`;
    case 'no-space':
      return `${where} has no space left. ${said}`;
    case 'unreachable':
      return `${where} cannot be reached. ${said}`;
    case 'permission':
      return `Something at ${where} may not be read or written. ${said}`;
    case 'damaged':
      return `${where} is damaged. ${said}`;
    case 'internal':
      return `${where}: ${said}`;
  }
};
