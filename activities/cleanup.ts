/** Cleanup: what would go, from the least costly on, and removing one thing of it, if it is still to go. */
import {
  cleanupParts,
  type CleanupItem,
  type CleanupPart,
  type CleanupPlan,
  type CleanupRemoval,
  type CleanupWish,
  type ExplainedCleanup,
} from '../domain/cleanup.ts';
import { withNewest, type DiskUsage } from '../domain/cleanup-target.ts';
import { beating } from './activity.ts';
import { buildCachePart } from './cleanup/build-cache.ts';
import { imagesPart } from './cleanup/images.ts';
import { journalPart } from './cleanup/journal.ts';
import { logsPart } from './cleanup/logs.ts';
import type { Part, PartPlan } from './cleanup/part.ts';
import { snapshotsPart } from './cleanup/snapshots.ts';
import { tempPart } from './cleanup/temp.ts';
import { volumesPart } from './cleanup/volumes.ts';
import { contentHash } from './hash.ts';
import type { EngineUsage } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { demandSettings } from './settings.ts';

const parts: Record<CleanupPart, Part> = {
  temp: tempPart,
  'build-cache': buildCachePart,
  images: imagesPart,
  logs: logsPart,
  journal: journalPart,
  snapshots: snapshotsPart,
  volumes: volumesPart,
};

export const cleanupActivities = (ports: Ports) => ({
  /** With every decision, for whoever wants to see why. */
  async explainCleanup(wish: CleanupWish): Promise<ExplainedCleanup> {
    return await beating(async () => await plannedCleanup(ports, wish));
  },

  /** What is to be removed, and nothing else: what is kept may be long. */
  async planCleanup(wish: CleanupWish): Promise<CleanupPlan> {
    return await beating(async () => {
      const { parts: _explained, ...plan } = await plannedCleanup(ports, wish);
      return plan;
    });
  },

  /** @param measure whether how full its filesystem is afterwards is asked for. */
  async removeForSpace(item: CleanupItem, wish: CleanupWish, measure: boolean): Promise<CleanupRemoval> {
    return await beating(async (signal) => {
      const settings = await demandSettings(ports);
      const removal = await parts[item.part].remove(ports, item, { settings, wish, signal });
      // What it lay in may be gone with it.
      const usage = measure ? await ports.disk.usage(item.filesystem ?? item.place, true) : undefined;
      return usage ? { ...removal, usage } : removal;
    });
  },

  /** @param settle whether to wait a while for what is being freed. */
  async readUsage(filesystems: string[], settle: boolean): Promise<DiskUsage[]> {
    return await beating(async () => {
      const found: DiskUsage[] = [];
      for (const filesystem of filesystems) {
        const usage = await ports.disk.usage(filesystem, settle);
        if (usage) found.push(usage);
      }
      return found;
    });
  },
});

/** What would go, and why the rest stays. */
export const plannedCleanup = async (ports: Ports, wish: CleanupWish): Promise<ExplainedCleanup> => {
  const read = await ports.settings();
  if (!read.ok) return { remove: [], usage: [], digest: contentHash([]), problems: read.problems, parts: [] };
  const until = wish.until ?? read.settings.cleanup.until;
  const asked = cleanupParts.filter((part) => wish.only?.includes(part) ?? true);
  const plans: (PartPlan & { part: CleanupPart })[] = [];
  let asking: Promise<EngineUsage> | undefined;
  const engineUsage = async (): Promise<EngineUsage> => await (asking ??= ports.engine.readUsage());
  for (const part of asked)
    plans.push({ part, ...(await parts[part].plan(ports, read.settings, wish, engineUsage)) });
  const items = plans.flatMap(({ part, remove }) => remove.map((item) => ({ part, ...item })));
  const places = await placesOf(ports, [
    ...items.map(({ place }) => place),
    ...asked.flatMap((part) => homeOf(ports, part) ?? []),
  ]);
  const isMeant = ({ filesystem }: { filesystem?: string }): boolean =>
    wish.filesystem === undefined || filesystem === wish.filesystem;
  const remove = items.map((item) => withFilesystem(item, places)).filter(isMeant);
  return {
    remove,
    usage: distinct([...places.values()]).filter(isMeant),
    ...(until === undefined ? {} : { until }),
    // Sizes move all the time; they don't make another plan.
    digest: contentHash([
      until ?? null,
      ...remove.map(({ part, id, place, rule }) => [part, id, place, rule]),
    ]),
    problems: plans.flatMap(({ problems = [] }) => problems),
    parts: plans.map(({ part, kept, notes }) => ({ part, kept, notes })),
  };
};

const withFilesystem = (item: CleanupItem, places: ReadonlyMap<string, DiskUsage>): CleanupItem => {
  const filesystem = places.get(item.place)?.filesystem;
  return filesystem === undefined ? item : { ...item, filesystem };
};

/** Where a part lies as a whole: how full that is counts for a target also where nothing of it can go. */
const homeOf = ({ engineInfo }: Ports, part: CleanupPart): string | undefined => {
  switch (part) {
    case 'build-cache':
    case 'images':
    case 'volumes':
      return engineInfo.rootDirectory;
    case 'temp':
    case 'logs':
    case 'journal':
    case 'snapshots':
      return undefined;
  }
};

const placesOf = async (ports: Ports, wanted: readonly string[]): Promise<Map<string, DiskUsage>> => {
  const found = new Map<string, DiskUsage>();
  for (const place of new Set(wanted)) {
    const usage = await ports.disk.usage(place, false);
    if (usage) found.set(place, usage);
  }
  return found;
};

const distinct = (all: readonly DiskUsage[]): DiskUsage[] =>
  all.reduce<DiskUsage[]>((some, one) => withNewest(some, one), []);
