/** The section `schedules` of `baton.yml`: what begins by itself. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { briefingKinds } from '../domain/briefing/facts.ts';
import { cleanupParts } from '../domain/cleanup.ts';
import type { GateWish } from '../domain/gate.ts';
import { snapshotQuestion } from '../domain/guard.ts';
import type { StackName } from '../domain/names.ts';
import { defaultCopyLimitBytes } from '../domain/operation.ts';
import { defaultCatchUpMs, deployTask, scheduleFault, type Schedule, type Task } from '../domain/schedule.ts';
import { duration } from './check.ts';
import { parsePercent, share } from './cleanup.ts';
import { cronLine, timeZone } from './cron.ts';
import { bytes, checksOf, guarded, guardedBy, path, size } from './guarded-command.ts';
import { stackName } from './names.ts';
import { Reader } from './reader.ts';
import { locate, readWith } from './schema.ts';
import { get, type Node } from './tree.ts';
import { milliseconds, windowName } from './window.ts';

/** `5%` → 5; `100%` is all of it. @returns `undefined` where the text is no such share. */
export const parseReadShare = (text: string): number | undefined => {
  const percent = Number(/^(\d{1,3})\s*%$/.exec(text.trim())?.[1]);
  return percent > 0 && percent <= 100 ? percent : undefined;
};

const someOrAll = z.union([z.literal('all'), stackName]);

export const cleanupTask = z.union([
  z.literal('all'),
  z.strictObject({
    until: share.optional(),
    only: z.array(z.enum(cleanupParts)).min(1).optional(),
  }),
]);

const readShare = z.string().refine((text) => parseReadShare(text) !== undefined, {
  error: 'must be a share of the data, such as 5%',
});

const checkTask = z.union([
  windowName,
  z.strictObject({ copy: windowName, read_data: readShare.optional() }),
]);

const playbookTask = z.strictObject({
  name: windowName.describe('See: baton playbooks.'),
  target: z.string().min(1).describe('A filesystem (/srv), a stack (shop) or a service (shop/db).'),
});

const tasks = {
  deploy: path.optional().describe('The file of a stack.'),
  snapshot: z.array(path).min(1).optional().describe('Paths of data.'),
  guard: guarded.optional().describe('A guarded command.'),
  prune: someOrAll.optional().describe('Removes snapshots that no rule keeps.'),
  cleanup: cleanupTask.optional().describe('Frees space, as the section `cleanup` lays it down.'),
  verify: someOrAll.optional().describe('Looks whether snapshots are in good order.'),
  restore_test: z
    .union([windowName, z.array(windowName).min(1)])
    .optional()
    .describe('Brings up what is kept of a data set, or of all, and asks it.'),
  copy: windowName.optional().describe('Copies snapshots elsewhere, as the section `copies` lays it down.'),
  playbook: playbookTask.optional().describe('Carries out a playbook on a target.'),
  report: z.enum(briefingKinds).optional().describe('Sends a summary, and keeps the page.'),
  check_copy: checkTask.optional().describe('Looks whether such copies are in good order.'),
};
const taskNames = Object.keys(tasks) as (keyof typeof tasks)[];

const scheduleKeys = z
  .strictObject({
    cron: cronLine.superRefine((text, context) => {
      const fault = scheduleFault(text);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    }),
    time_zone: timeZone.optional().describe('Default: that of the host.'),
    jitter: duration.optional().describe('Begins up to so much later. Default: at once.'),
    catch_up: duration
      .optional()
      .describe('What was due while Temporal was away is made up for within. Default 10m.'),
    ...tasks,
    set: z.record(z.string(), z.string()).optional().describe('Variables, for deploy.'),
    pull: z.boolean().optional().describe('Pull images even where they are here, for deploy.'),
    approve: z.boolean().optional().describe('Wait until somebody approves, for deploy and guard.'),
    window: z.string().optional().describe('Only while this window is open, for deploy and guard.'),
    copy_limit: size.optional().describe('How large a plain copy of data may be. Default 1G.'),
  })
  .refine((one) => taskNames.filter((task) => one[task] !== undefined).length === 1, {
    error: `needs one of ${taskNames.join(', ')}`,
  });

/** The schema of the section. */
export const schedulesSection = z.record(windowName, scheduleKeys);

type Keys = z.infer<typeof scheduleKeys>;
type Names = { windows: readonly string[]; copies: readonly string[] };

/**
 * Nothing in it is filled in from the environment: what a schedule holds is kept by Temporal, for all to see.
 * @param root of the file. @param names of the windows and copies that it lays down.
 */
export const readSchedules = (reader: Reader, root: Node, file: string, names: Names): Schedule[] => {
  const asWritten = new Reader(() => undefined, { late: false, verbatim: true });
  const section = root.kind === 'map' ? get(root, 'schedules') : undefined;
  const all = readWith(asWritten, section, schedulesSection, 'baton.yml.schedules') ?? {};
  const schedules = Object.entries(all).map(([name, keys]) =>
    toSchedule(asWritten, name, keys, root, file, names),
  );
  reader.problems.push(...asWritten.problems);
  return schedules;
};

const toSchedule = (
  reader: Reader,
  name: string,
  keys: Keys,
  root: Node,
  file: string,
  { windows, copies }: Names,
): Schedule => {
  const at = (...more: (string | number)[]) => locate(root, ['schedules', name, ...more]);
  if (keys.window !== undefined && !windows.includes(keys.window))
    reader.error(at('window'), 'no-such-window', `There is no window "${keys.window}".`);
  const copy = keys.copy ?? checkOf(keys)?.copy;
  if (copy !== undefined && !copies.includes(copy))
    reader.error(
      at(keys.copy === undefined ? 'check_copy' : 'copy'),
      'no-such-copy',
      `There is no "${copy}" below "copies".`,
    );
  return {
    name,
    cron: keys.cron,
    timeZone: keys.time_zone ?? hostTimeZone(),
    jitterMs: keys.jitter === undefined ? 0 : milliseconds(keys.jitter),
    catchUpMs: keys.catch_up === undefined ? defaultCatchUpMs : milliseconds(keys.catch_up),
    task: toTask(
      name,
      keys,
      dirname(file),
      checksOf(reader, keys.guard?.validate ?? [], file, (index) => at('guard', 'validate', index)),
    ),
  };
};

/** Of the machine that reads it, which is the worker's. */
export const hostTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

const toTask = (name: string, keys: Keys, directory: string, checks: ReturnType<typeof checksOf>): Task => {
  const copyLimitBytes = bytes(keys.copy_limit, defaultCopyLimitBytes);
  const gate = gateOf(keys);
  const { deploy, snapshot, guard, prune, cleanup, verify, restore_test: test } = keys;
  const { set = {}, pull = false } = keys;
  if (deploy !== undefined)
    return deployTask(resolve(directory, deploy), set, { copyLimitBytes, pull }, gate);
  if (prune !== undefined) return { do: 'prune', ...stackOf(prune) };
  if (cleanup !== undefined) return { do: 'cleanup', ...wishOf(cleanup) };
  if (verify !== undefined) return { do: 'verify', ...stackOf(verify) };
  if (test !== undefined) return { do: 'restore-test', ...(test === 'all' ? {} : { sets: [test].flat() }) };
  if (keys.copy !== undefined) return { do: 'copy', copy: keys.copy };
  if (keys.playbook) return { do: 'playbook', playbook: keys.playbook.name, target: keys.playbook.target };
  if (keys.report !== undefined) return { do: 'report', report: keys.report };
  const check = checkOf(keys);
  if (check) return { do: 'check-copy', ...check };
  const paths = (snapshot ?? guard?.data ?? []).map((one) => resolve(directory, one));
  return {
    do: 'guard',
    question: {
      ...snapshotQuestion(name, paths, copyLimitBytes),
      ...(guard ? guardedBy(guard, directory, checks) : {}),
      ...gate,
    },
  };
};

const gateOf = ({ approve, window }: Keys): { gate?: GateWish } =>
  approve === true || window !== undefined
    ? {
        gate: {
          ...(approve === true ? { approve } : {}),
          ...(window === undefined ? {} : { window }),
        },
      }
    : {};

export const wishOf = (asked: z.infer<typeof cleanupTask>): Omit<Task & { do: 'cleanup' }, 'do'> => {
  const { until = '', only } = asked === 'all' ? {} : asked;
  const percent = parsePercent(until);
  return { ...(percent === undefined ? {} : { until: percent }), ...(only ? { only } : {}) };
};

const checkOf = ({ check_copy: asked }: Keys): Omit<Task & { do: 'check-copy' }, 'do'> | undefined => {
  if (asked === undefined || typeof asked === 'string') return asked === undefined ? asked : { copy: asked };
  const readPercent = parseReadShare(asked.read_data ?? '');
  return { copy: asked.copy, ...(readPercent === undefined ? {} : { readPercent }) };
};

const stackOf = (named: 'all' | StackName): { stack?: StackName } =>
  named === 'all' ? {} : { stack: named };
