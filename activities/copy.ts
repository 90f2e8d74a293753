/** Copies of snapshots elsewhere: what would be copied, copying one path, and removing copies that no rule keeps. */
import {
  copiesToRemove,
  planSet,
  targetText,
  type Copy,
  type CopyPlan,
  type CopyRef,
  type CopyRule,
  type PlannedSet,
  type Retired,
  type SetReport,
} from '../domain/copy.ts';
import { isPruneDue, type CopyNotes } from '../domain/copy-notes.ts';
import { placeText } from '../domain/data-set.ts';
import type { Problem } from '../domain/problem.ts';
import { newestGood, type SnapshotInfo, type SnapshotName } from '../domain/snapshot.ts';
import { beating, permanent } from './activity.ts';
import { realOr } from './data.ts';
import { placedSets } from './data-set.ts';
import { CopyError, type CopyErrorCode, type CopyJob } from './ports/copies.ts';
import type { Ports } from './ports/index.ts';
import { demandSettings } from './settings.ts';
import { oneAtATime, recordsOf, snapshotsOf } from './snapshot.ts';

export const copyActivities = (ports: Ports) => ({
  /** Looks only, here and there. */
  async planCopy(ref: CopyRef): Promise<CopyPlan> {
    return await beating(async (signal) => await plannedCopy(ports, ref, signal));
  },

  /** Of the newest good snapshot of the path. Asked again, it tells what an earlier try has made. */
  async copySet(ref: CopyRef, path: string): Promise<SetReport> {
    return await beating(async (signal, tell) => {
      const rule = await demandRule(ports, ref.name);
      return await copyOne(ports, { ...ref, rule, signal, tell }, path);
    });
  },

  /** Removes copies that no rule keeps, and now and then the data that nothing refers to any more. */
  async retireCopies(ref: CopyRef): Promise<Retired> {
    return await beating(async (signal) => {
      const rule = await demandRule(ports, ref.name);
      const job = { ...ref, rule, signal };
      const removed = copiesToRemove(rule.keep, await ports.copies.list(job));
      if (removed.length > 0) await ports.copies.remove(job, removed);
      return { removed, pruned: await pruneWhereDue(ports, job) };
    });
  },

  /** How a run ended, for whoever asks how old the copies are. */
  async noteCopyRun({ name }: CopyRef, run: CopyNotes['run']): Promise<void> {
    await beating(async () => {
      await ports.copies.note(name, run ? { run } : {});
    });
  },
});

/** @throws a permanent failure where `baton.yml` lays none of that name down. */
export const demandRule = async (ports: Ports, name: string): Promise<CopyRule> => {
  const { copies, file } = await demandSettings(ports);
  const rule = copies.find((one) => one.name === name);
  if (rule) return rule;
  const message = `There is no "${name}" below "copies" in ${file}; there is ${namesOf(copies)}.`;
  throw permanent('NoCopy', message);
};

/** The paths that it copies, with every link followed. @throws a permanent failure where a data set has none now. */
export const pathsOf = async (ports: Ports, { data }: Pick<CopyRule, 'data'>): Promise<string[]> =>
  await Promise.all(data.map(async (one) => await pathOf(ports, one)));

/** @param one a path, or the name of a data set. */
export const pathOf = async (ports: Ports, one: string): Promise<string> => {
  if (one.startsWith('/')) return await realOr(one);
  const set = (await placedSets(ports)).find(({ name }) => name === one);
  if (set?.path !== undefined) return set.path;
  throw permanent(
    'NoDataSet',
    set ? `Data set "${one}" lies nowhere: ${placeText(set)}.` : `There is no data set "${one}".`,
  );
};

const namesOf = (copies: readonly CopyRule[]): string => copies.map(({ name }) => name).join(', ') || 'none';

/** What no other try would mend by itself. */
const lasting: readonly CopyErrorCode[] = [
  'no-target',
  'wrong-password',
  'permission',
  'unsupported',
  'not-found',
];

const plannedCopy = async (ports: Ports, ref: CopyRef, signal: AbortSignal): Promise<CopyPlan> => {
  const rule = await demandRule(ports, ref.name);
  const { name, keep, target, copyLimitBytes } = rule;
  const plan = { name, target: targetText(target), copyLimitBytes, ...(keep ? { keep } : {}) };
  const problems = missingVariables(ports, rule);
  let there: Copy[] = [];
  try {
    there = await ports.copies.list({ ...ref, rule, signal });
  } catch (error) {
    if (!(error instanceof CopyError) || !lasting.includes(error.code)) throw error;
    const next = error.code === 'no-target' ? { next: `baton copies init ${name}` } : {};
    problems.push({
      severity: 'error',
      code: error.code,
      message: `${error.message} Nothing was changed.`,
      ...next,
    });
  }
  const { last: measured } = await ports.copies.notes(name);
  const paths = await pathsOf(ports, rule);
  const sets = await Promise.all(
    paths.map(async (path): Promise<PlannedSet> => {
      const known = measured[path];
      const set = planSet(
        path,
        rule,
        await infosOf(ports, path),
        there.filter((one) => one.path === path && one.complete),
        Date.now(),
      );
      return known ? { ...set, lastMeasured: known } : set;
    }),
  );
  return { ...plan, sets, remove: copiesToRemove(keep, there), problems };
};

const missingVariables = ({ environment }: Ports, { target, name }: CopyRule): Problem[] =>
  (target.by === 'restic' ? target.variables : [])
    .filter((variable) => environment[variable] === undefined)
    .map((variable) => ({
      severity: 'error',
      code: 'variable-unset',
      message: `Copy "${name}" needs ${variable}, which is not set in the worker's environment. Nothing was changed.`,
      next: 'Set it where the worker is started, then: baton down && baton up',
    }));

const infosOf = async (ports: Ports, path: string): Promise<SnapshotInfo[]> =>
  await snapshotsOf(ports, path, await recordsOf(ports));

const copyOne = async (
  ports: Ports,
  job: Omit<CopyJob, 'rule'> & { rule: CopyRule },
  path: string,
): Promise<SetReport> => {
  const good = newestGood(await infosOf(ports, path));
  if (!good) return { path, did: 'failed', why: `There is no good snapshot of ${path}.`, notes: [] };
  const { name } = job.rule;
  const isNew = await holdFor(ports, good, name);
  const snapshot = await ports.snapshots.find(path, good.name);
  if (!snapshot) throw permanent('SnapshotMissing', `Snapshot ${good.name} of ${path} is gone.`);
  const { copy, already, ...measured } = await ports.copies
    .make(job, snapshot, await ports.snapshots.list(path))
    .catch(async (error: unknown) => {
      // Where it fails each night, not one of each night stays.
      if (isNew) await letGo(ports, path, name, (one) => one !== good.name);
      throw error;
    });
  // The next one goes on from it; nothing needs those before.
  const goesOn = job.rule.target.by === 'btrfs';
  if (copy.complete) await letGo(ports, path, name, (one) => goesOn && one === good.name);
  const did = already ? 'there' : copy.complete ? 'copied' : 'incomplete';
  return { path, did, snapshot: good.name, ...measured, notes: [] };
};

/** Nobody removes it while it is copied. @returns whether it was not held before. */
const holdFor = async (
  ports: Ports,
  { location, path, name }: SnapshotInfo,
  copy: string,
): Promise<boolean> =>
  await oneAtATime(location, async () => {
    const snapshot = await ports.snapshots.find(path, name);
    if (!snapshot) throw permanent('SnapshotMissing', `Snapshot ${name} of ${path} is gone.`);
    const { copies = [] } = await ports.snapshots.marks(snapshot);
    if (copies.includes(copy)) return false;
    await ports.snapshots.mark(snapshot, { copies: [...copies, copy] });
    return true;
  });

/** @param isNeeded whether a snapshot stays held. */
const letGo = async (
  ports: Ports,
  path: string,
  copy: string,
  isNeeded: (name: SnapshotName) => boolean,
): Promise<void> => {
  for (const snapshot of await ports.snapshots.list(path))
    await oneAtATime(snapshot.location, async () => {
      const { copies = [] } = await ports.snapshots.marks(snapshot);
      if (!isNeeded(snapshot.name) && copies.includes(copy))
        await ports.snapshots.mark(snapshot, { copies: copies.filter((one) => one !== copy) });
    });
};

/** It reads and writes much of a repository, and nobody may copy to that meanwhile: so it is done seldom. */
const pruneWhereDue = async (ports: Ports, job: CopyJob): Promise<boolean> => {
  const { target, name } = job.rule;
  if (target.by !== 'restic' || target.pruneEveryMs === undefined || !job.rule.keep) return false;
  const { prunedAt } = await ports.copies.notes(name);
  if (prunedAt === undefined) {
    // Counted from the first copy: what is new has nothing to remove.
    await ports.copies.note(name, { prunedAt: new Date().toISOString() });
    return false;
  }
  if (!isPruneDue(prunedAt, target.pruneEveryMs, Date.now())) return false;
  const pruned = await ports.copies.prune(job);
  await ports.copies.note(name, { prunedAt: new Date().toISOString() });
  return pruned;
};
