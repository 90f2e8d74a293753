/** `data:` of `baton.yml`: the data sets of a host. */
import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { dumpKinds } from '../domain/database.ts';
import { placeText, volumeText, writtenPath, type DataSet, type SetPlace } from '../domain/data-set.ts';
import { snapshotQuestion } from '../domain/guard.ts';
import { defaultCopyLimitBytes } from '../domain/operation.ts';
import type { RestoreWish } from '../domain/restore-test.ts';
import { defaultCatchUpMs, scheduleFault, type Schedule } from '../domain/schedule.ts';
import { cronLine, timeZone } from './cron.ts';
import { size } from './guarded-command.ts';
import { Reader } from './reader.ts';
import { readRestoreQuestion, restoreTestKeys } from './restore-test.ts';
import { keepKeys, toKeep } from './retention.ts';
import { locate, readWith } from './schema.ts';
import { hostTimeZone } from './schedules.ts';
import { get, type Node } from './tree.ts';
import { parseBytes } from './units.ts';
import { windowName } from './window.ts';

const setClass = z.union(
  [z.enum(['snapshot', 'dump', 'discard']), z.strictObject({ dump: z.enum(dumpKinds) })],
  { error: `must be snapshot, dump, { dump: ${dumpKinds.join(' | ')} } or discard` },
);

const places = ['path', 'subvolume', 'volume'] as const;

const absolute = z.string().refine((path) => isAbsolute(path) && resolve(path) === path, {
  error: 'must be an absolute path without "..", and without a slash at its end',
});

const volume = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, { error: 'must be the name of a volume' });

const setKeys = z
  .strictObject({
    path: absolute.optional().describe('A directory, a file or a btrfs subvolume.'),
    subvolume: absolute.optional().describe('A path that must be a btrfs subvolume.'),
    volume: volume.optional().describe('A named volume, as the engine calls it.'),
    class: setClass.describe(
      'snapshot: put back on failure. dump: a database, dumped and restored through its own tool. discard: may be lost.',
    ),
    keep: keepKeys.optional(),
    schedule: cronLine
      .superRefine((text, context) => {
        const fault = scheduleFault(text);
        if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
      })
      .optional()
      .describe('When a snapshot or a dump is taken; `baton apply` makes it so.'),
    time_zone: timeZone.optional().describe('Of the schedule. Default: that of the host.'),
    copy_limit: size.optional().describe('How large a plain copy of it may be. Default 1G.'),
    restore_test: restoreTestKeys.optional().describe('What a restore of it is asked.'),
  })
  .refine((one) => places.filter((place) => one[place] !== undefined).length === 1, {
    error: `needs one of ${places.join(', ')}`,
  })
  .superRefine((one, context) => {
    if (one.class !== 'discard') return;
    for (const key of ['keep', 'schedule', 'restore_test'] as const)
      if (one[key] !== undefined)
        context.addIssue({ code: 'custom', path: [key], message: 'means nothing for what is discarded' });
  });

/** The schema of the section. */
export const dataSection = z.record(
  windowName.refine((name) => name !== 'all', { error: 'must be another one: "all" means all of them' }),
  setKeys,
);

type Keys = z.infer<typeof setKeys>;

/**
 * Nothing in it is filled in from the environment: what a schedule holds is kept by Temporal, for all to see, and a question is
 * for the shell of a container.
 * @param root of the file. @param schedules that the section `schedules` lays down. @returns the sets, and all schedules.
 */
export const readDataSets = (
  reader: Reader,
  root: Node,
  schedules: readonly Schedule[],
): { sets: DataSet[]; schedules: Schedule[] } => {
  const asWritten = new Reader(() => undefined, { late: false, verbatim: true });
  const section = root.kind === 'map' ? get(root, 'data') : undefined;
  const all = Object.entries(readWith(asWritten, section, dataSection, 'baton.yml.data') ?? {});
  const sets = all.map(([name, keys]) => toDataSet(asWritten, name, keys, root));
  refuseTwice(asWritten, sets);
  const own = all.flatMap(([name, keys]) => scheduleOf(name, keys) ?? []);
  for (const { name } of own)
    if (schedules.some((schedule) => schedule.name === name))
      asWritten.error(
        locate(root, ['data', name, 'schedule']),
        'schedule-name',
        `There is a schedule "${name}" below "schedules" already, and that of a set has the name of the set.`,
      );
  reader.problems.push(...asWritten.problems);
  return { sets, schedules: [...schedules, ...own] };
};

const refuseTwice = (reader: Reader, sets: readonly DataSet[]): void => {
  const places = sets.map((set) => writtenPath(set) ?? placeText(set));
  for (const [index, set] of sets.entries()) {
    const first = sets[places.indexOf(places[index] ?? '')];
    if (first && first !== set)
      reader.error(
        set.at,
        'data',
        `${placeText(set)} is a set already, "${first.name}": it would not be told which class counts.`,
      );
  }
};

const toDataSet = (reader: Reader, name: string, keys: Keys, root: Node): DataSet => {
  const at = locate(root, ['data', name]);
  const question =
    keys.restore_test &&
    readRestoreQuestion(reader, keys.restore_test, locate(root, ['data', name, 'restore_test']));
  return {
    name,
    place: placeOf(keys),
    class: keys.class,
    ...(keys.keep ? { keep: toKeep(keys.keep) } : {}),
    ...(question ? { restoreTest: verbatim(question) } : {}),
    at,
  };
};

/** The words of a stack's questions are templates; here nothing is one. */
const verbatim = (wish: RestoreWish): RestoreWish => ({
  ...wish,
  ...(wish.command ? { command: wish.command.map(escaped) } : {}),
  ...(wish.start ? { start: wish.start.map(escaped) } : {}),
});

const escaped = (word: string): string => word.replaceAll('$', '$$$$');

/** The schema has seen that it is one of them. */
const placeOf = ({ path, subvolume, volume: named = '' }: Keys): SetPlace =>
  path !== undefined ? { path } : subvolume !== undefined ? { subvolume } : { volume: named };

/** A snapshot, or a dump, under the set's own name. */
const scheduleOf = (name: string, keys: Keys): Schedule | undefined =>
  keys.schedule === undefined
    ? undefined
    : {
        name,
        cron: keys.schedule,
        timeZone: keys.time_zone ?? hostTimeZone(),
        jitterMs: 0,
        catchUpMs: defaultCatchUpMs,
        task: { do: 'guard', question: snapshotQuestion(name, [writtenPlace(keys)], copyLimitOf(keys)) },
      };

const writtenPlace = ({ path, subvolume, volume: named = '' }: Keys): string =>
  path ?? subvolume ?? volumeText(named);

const copyLimitOf = ({ copy_limit: limit = '' }: Keys): number =>
  parseBytes(String(limit)) ?? defaultCopyLimitBytes;
