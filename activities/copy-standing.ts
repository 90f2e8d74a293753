/** How copies stand: what is there, whether it is in good order, and bringing one back into a directory of its own. */
import { targetText, type CopiesStanding, type Copy, type CopyRef, type CopyRule } from '../domain/copy.ts';
import type { LastCheck } from '../domain/copy-notes.ts';
import type { FilesystemHealth } from '../domain/filesystem-health.ts';
import type { SnapshotName } from '../domain/snapshot.ts';
import { beating, permanent } from './activity.ts';
import { demandRule, pathOf, pathsOf } from './copy.ts';
import { CopyError } from './ports/copies.ts';
import type { Ports } from './ports/index.ts';
import { demandSettings } from './settings.ts';
import { allSnapshots } from './snapshot.ts';

export const copyStandingActivities = (ports: Ports) => ({
  async initCopies(ref: CopyRef): Promise<void> {
    await beating(async (signal) => {
      await ports.copies.init({ ...ref, rule: await demandRule(ports, ref.name), signal });
    });
  },

  /** @param readPercent how much of the data is read, too. What was found is noted. */
  async checkCopies(ref: CopyRef, readPercent?: number): Promise<LastCheck> {
    return await beating(async (signal, tell) => {
      const rule = await demandRule(ports, ref.name);
      const job = { ...ref, rule, signal, tell };
      const there = await ports.copies.list(job);
      const problems = [
        ...(await missing(ports, rule, there)),
        ...(await ports.copies.check(job, readPercent)),
      ];
      const check = { at: new Date().toISOString(), problems };
      await ports.copies.note(ref.name, { check });
      return check;
    });
  },

  /** @param directory absolute, not there yet. @param snapshot absent: the newest whole copy. @returns what was brought back. */
  async restoreCopy(ref: CopyRef, path: string, directory: string, snapshot?: SnapshotName): Promise<Copy> {
    return await beating(async (signal, tell) => {
      const rule = await demandRule(ports, ref.name);
      const job = { ...ref, rule, signal, tell };
      const data = await pathsOf(ports, rule);
      const live = data.find((one) => directory === one || directory.startsWith(`${one}/`));
      if (live !== undefined)
        throw permanent('LiveData', `${directory} is in ${live}, which is live data. Nothing was changed.`);
      const copy = chosen(ref.name, await ports.copies.list(job), await pathOf(ports, path), snapshot);
      await ports.copies.restore(job, copy, directory);
      return copy;
    });
  },

  /** Of each that `baton.yml` lays down. @param ask whether the targets are asked too; else what is known here is told. */
  async readCopies({ operation }: Pick<CopyRef, 'operation'>, ask: boolean): Promise<CopiesStanding[]> {
    return await beating(async (signal) => {
      const { copies } = await demandSettings(ports);
      const standing: CopiesStanding[] = [];
      for (const rule of copies) standing.push(await standingOf(ports, { operation, rule, signal }, ask));
      return standing;
    });
  },

  /** Of filesystems that hold data, snapshots or copies. */
  async readHealth(): Promise<FilesystemHealth[]> {
    return await beating(async () => await filesystemsOf(ports));
  },
});

export const filesystemsOf = async (ports: Ports): Promise<FilesystemHealth[]> => {
  const { copies } = await demandSettings(ports);
  const targets = copies.flatMap(({ target }) =>
    target.by === 'btrfs' && target.remote === undefined ? [target.directory] : [],
  );
  const paths = (await allSnapshots(ports)).map(({ path }) => path);
  return await ports.snapshots.health([
    ...paths,
    ...(await Promise.all(copies.map(async (rule) => await pathsOf(ports, rule)))).flat(),
    ...targets,
  ]);
};

const missing = async (ports: Ports, rule: CopyRule, there: readonly Copy[]): Promise<string[]> => {
  const paths = await pathsOf(ports, rule);
  return paths
    .filter((path) => !there.some((copy) => copy.path === path && copy.complete))
    .map((path) => `there is no whole copy of ${path} in ${targetText(rule.target)}`);
};

const chosen = (
  name: string,
  there: readonly Copy[],
  path: string,
  snapshot: SnapshotName | undefined,
): Copy => {
  const whole = there.filter((copy) => copy.path === path && copy.complete);
  const copy = snapshot === undefined ? whole.at(-1) : whole.find((one) => one.snapshot === snapshot);
  if (copy) return copy;
  const paths = [...new Set(there.map((one) => one.path))].join(', ') || 'none';
  throw permanent(
    'NoSuchCopy',
    whole.length === 0
      ? `"${name}" has no whole copy of ${path}; there are copies of ${paths}.`
      : `"${name}" has no copy of ${path} that is of ${snapshot ?? ''}; the newest is of ${whole.at(-1)?.snapshot ?? ''}.`,
  );
};

const standingOf = async (
  ports: Ports,
  job: { operation: CopyRef['operation']; rule: CopyRule; signal: AbortSignal },
  ask: boolean,
): Promise<CopiesStanding> => {
  const { name, target } = job.rule;
  const { last, run, check } = await ports.copies.notes(name);
  const known = {
    name,
    target: targetText(target),
    paths: await pathsOf(ports, job.rule),
    last,
    ...(run ? { run } : {}),
    ...(check ? { check } : {}),
  };
  if (!ask) return known;
  try {
    return { ...known, there: await ports.copies.list(job) };
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    return { ...known, unreachable: error.message };
  }
};
