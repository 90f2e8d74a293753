/** Rotation: what retention decides on the snapshots of this host, and removing one, if it is still to go. */
import { decide, holdsOn, ruleFor, type Decision, type RetentionRule } from '../domain/retention.ts';
import type { StackName } from '../domain/names.ts';
import type { PathRotation, Removal, RotationPlan, SnapshotRef } from '../domain/rotation.ts';
import type { Settings } from '../domain/settings.ts';
import type { SnapshotInfo } from '../domain/snapshot.ts';
import { beating } from './activity.ts';
import { retentionRules } from './data-set.ts';
import { contentHash } from './hash.ts';
import type { Ports } from './ports/index.ts';
import { demandSettings } from './settings.ts';
import type { Space } from './ports/snapshots.ts';
import { allSnapshots, oneAtATime, recordsOf, snapshotsOf } from './snapshot.ts';

export const rotationActivities = (ports: Ports) => ({
  /** With every decision, for whoever wants to see why. @param stack only those that its operations took. */
  async explainRotation(stack?: StackName): Promise<RotationPlan & { paths: PathRotation[] }> {
    return await beating(async () => await plannedRotation(ports, stack));
  },

  /** What is to be removed, and nothing else: what is kept may be long. */
  async planRotation(stack?: StackName): Promise<RotationPlan> {
    return await beating(async () => {
      const { remove, digest, problems } = await plannedRotation(ports, stack);
      return { remove, digest, problems };
    });
  },

  async removeSnapshot(snapshot: SnapshotRef): Promise<Removal> {
    return await beating(async () => await removeUnlessHeld(ports, snapshot));
  },

  /** Of the filesystems of these paths, each once. @param settle whether to wait a while for what is being freed. */
  async readSpace(paths: string[], settle: boolean): Promise<Space[]> {
    return await beating(async () => {
      const spaces = new Map<string, Space>();
      for (const path of paths) {
        const space = await ports.snapshots.space(path, settle);
        spaces.set(space.filesystem, space);
      }
      return [...spaces.values()];
    });
  },
});

/**
 * Decides once more, by what stands on the disk at this moment: it may have been pinned, a release may need it, and the rule may
 * be another. What is gone is tidied up after.
 */
export const removeUnlessHeld = async (
  ports: Ports,
  { path, name, driver }: SnapshotRef,
): Promise<Removal> => {
  const known = await ports.snapshots.find(path, name);
  return await oneAtATime(known?.location ?? name, async () => {
    const now = await snapshotsOf(ports, path, await recordsOf(ports));
    const snapshot = now.find((one) => one.name === name);
    const rules = await rulesNow(ports, await demandSettings(ports));
    const reasons = snapshot ? reasonsNow(rules, path, now, snapshot) : [];
    if (reasons.length > 0) return { did: 'kept', reasons };
    await ports.snapshots.remove({ source: path, name, driver: snapshot?.driver ?? driver });
    return { did: snapshot ? 'removed' : 'gone' };
  });
};

export const plannedRotation = async (
  ports: Ports,
  stack: StackName | undefined,
): Promise<RotationPlan & { paths: PathRotation[] }> => {
  const read = await ports.settings();
  if (!read.ok) return { remove: [], digest: contentHash([]), problems: read.problems, paths: [] };
  const rules = await rulesNow(ports, read.settings);
  const all = await allSnapshots(ports);
  const paths = [...new Set(all.map(({ path }) => path))].map((path) =>
    rotationOf(
      path,
      all.filter((one) => one.path === path),
      rules,
      stack,
    ),
  );
  const going = new Set(
    paths.flatMap(({ path, decisions }) =>
      decisions.flatMap(({ name, reasons }) => (reasons.length === 0 ? [`${path} ${name}`] : [])),
    ),
  );
  const remove = all
    .filter(({ path, name }) => going.has(`${path} ${name}`))
    .map(({ path, name, driver }) => ({ path, name, driver }));
  return { remove, digest: contentHash(remove), problems: [], paths };
};

/** All snapshots of a path count, whosever they are; those of other stacks are not told of. */
const rotationOf = (
  path: string,
  all: readonly SnapshotInfo[],
  rules: Rules,
  stack: StackName | undefined,
): PathRotation => {
  const rule = ruleFor(path, rules.retention);
  const asked = new Set(
    all.filter((one) => stack === undefined || one.stack === stack).map(({ name }) => name),
  );
  return {
    path,
    ...(rule ? { keep: rule.keep } : {}),
    decisions: decisions(all, rule, rules).filter(({ name }) => asked.has(name)),
  };
};

/** What of the settings decides: the rules, and the copies that may need a snapshot. */
type Rules = { retention: RetentionRule[]; copies: string[] };

const rulesNow = async (ports: Ports, settings: Settings): Promise<Rules> => ({
  retention: await retentionRules(ports, settings),
  copies: settings.copies.map(({ name }) => name),
});

const decisions = (
  all: readonly SnapshotInfo[],
  rule: RetentionRule | undefined,
  { copies }: Rules,
): Decision[] =>
  rule
    ? decide(
        all.map((one) => ({ ...one, holds: holdsOn(one, copies) })),
        rule,
      )
    : all.map(({ name, takenAt }) => ({ name, takenAt, reasons: ['no rule is for its path'] }));

const reasonsNow = (
  rules: Rules,
  path: string,
  now: readonly SnapshotInfo[],
  { name }: SnapshotInfo,
): string[] =>
  decisions(now, ruleFor(path, rules.retention), rules).find((one) => one.name === name)?.reasons ?? [];
