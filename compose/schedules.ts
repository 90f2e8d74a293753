/** The section `schedules` of `baton.yml`: what begins by itself. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { Check } from '../domain/check.ts';
import { cleanupParts } from '../domain/cleanup.ts';
import type { GateWish } from '../domain/gate.ts';
import type { GuardedCommand } from '../domain/guard.ts';
import type { StackName } from '../domain/names.ts';
import { defaultCatchUpMs, scheduleFault, type Schedule, type Task } from '../domain/schedule.ts';
import type { Location } from '../domain/stack.ts';
import { parsePercent } from './cleanup.ts';
import { anyCheck, duration, toCheck } from './check.ts';
import { cronLine, isTimeZone } from './cron.ts';
import { checkPlaces, readNamedCheck } from './named-check.ts';
import type { Reader } from './reader.ts';
import { locate } from './schema.ts';
import type { Node } from './tree.ts';
import { parseBytes, parseDuration } from './units.ts';

const stack = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, { error: 'must be the name of a stack' });
const path = z.string().min(1);
const size = z
  .union([z.string(), z.number()])
  .refine((text) => parseBytes(String(text)) !== undefined, { error: 'must be a size such as 500M or 20G' });
const someOrAll = z.union([z.literal('all'), stack]);

const guarded = z
  .strictObject({
    data: z.array(path).min(1).optional().describe('What it may change.'),
    stack: stack.optional().describe('All data of this stack.'),
    command: z.array(z.string()).min(1).optional().describe('The program and its arguments.'),
    shell: z.string().min(1).optional().describe('One text for /bin/sh instead.'),
    directory: path.optional().describe('Where it runs. Default: where baton.yml is.'),
    user: z.string().min(1).optional(),
    env: z.array(z.string()).optional().describe("Variables of the worker's environment that are passed on."),
    timeout: duration.optional().describe('Default 24h.'),
    output_limit: size.optional().describe('Default 64M.'),
    validate: z.array(anyCheck).optional(),
    on_failure: z.enum(['roll-back', 'hold']).optional().describe('Default roll-back.'),
  })
  .refine((one) => (one.command === undefined) !== (one.shell === undefined), {
    error: 'needs either "command" or "shell"',
  })
  .refine((one) => one.data !== undefined || one.stack !== undefined, {
    error: 'needs "data" or "stack": what it may change',
  });

const cleanupTask = z.union([
  z.literal('all'),
  z.strictObject({
    until: z
      .string()
      .refine((text) => parsePercent(text) !== undefined, { error: 'must be a share such as 70%' })
      .optional(),
    only: z.array(z.enum(cleanupParts)).min(1).optional(),
  }),
]);

const tasks = {
  deploy: path.optional().describe('The file of a stack.'),
  snapshot: z.array(path).min(1).optional().describe('Paths of data.'),
  guard: guarded.optional().describe('A guarded command.'),
  prune: someOrAll.optional().describe('Removes snapshots that no rule keeps.'),
  cleanup: cleanupTask.optional().describe('Frees space, as the section `cleanup` lays it down.'),
  verify: someOrAll.optional().describe('Looks whether snapshots are in good order.'),
};
const taskNames = Object.keys(tasks) as (keyof typeof tasks)[];

/** Of one entry of `schedules`. */
export const scheduleSchema = z
  .strictObject({
    cron: cronLine.superRefine((text, context) => {
      const fault = scheduleFault(text);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    }),
    time_zone: z
      .string()
      .refine(isTimeZone, { error: 'must be a time zone such as Europe/Berlin' })
      .optional()
      .describe('Default: that of the host.'),
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

type Keys = z.infer<typeof scheduleSchema>;

/** @param root of the file. @param windows that it lays down. */
export const toSchedules = (
  reader: Reader,
  all: Readonly<Record<string, Keys>>,
  root: Node,
  file: string,
  windows: readonly string[],
): Schedule[] =>
  Object.entries(all).map(([name, keys]) => {
    const at = (...more: (string | number)[]) => locate(root, ['schedules', name, ...more]);
    if (keys.window !== undefined && !windows.includes(keys.window))
      reader.error(at('window'), 'no-such-window', `There is no window "${keys.window}".`);
    return {
      name,
      cron: keys.cron,
      timeZone: keys.time_zone ?? hostTimeZone(),
      jitterMs: milliseconds(keys.jitter, 0),
      catchUpMs: milliseconds(keys.catch_up, defaultCatchUpMs),
      task: toTask(name, keys, dirname(file), checksOf(reader, keys.guard?.validate ?? [], file, at)),
    };
  });

/** Of the machine that reads it, which is the worker's. */
export const hostTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

const checksOf = (
  reader: Reader,
  all: z.infer<typeof anyCheck>[],
  file: string,
  at: (...path: (string | number)[]) => Location,
): Check[] =>
  all.flatMap((keys, index) => {
    const check = toCheck(reader, keys, at('guard', 'validate', index));
    const read =
      check?.type === 'named' ? readNamedCheck(reader, check, checkPlaces(dirname(file))) : (check ?? []);
    // A line that has moved makes no other schedule.
    return [read].flat().map(({ at: _at, ...rest }) => rest as Check);
  });

const toTask = (name: string, keys: Keys, directory: string, checks: Check[]): Task => {
  const copyLimitBytes = bytes(keys.copy_limit, 2 ** 30);
  const gate = gateOf(keys);
  const { deploy, snapshot, guard, prune, cleanup, verify } = keys;
  if (deploy !== undefined)
    return {
      do: 'deploy',
      source: {
        from: 'file',
        file: resolve(directory, deploy),
        envFiles: [],
        variables: keys.set ?? {},
        profiles: [],
      },
      options: { copyLimitBytes, build: false, pull: keys.pull ?? false },
      ...gate,
    };
  if (prune !== undefined) return { do: 'prune', ...stackOf(prune) };
  if (cleanup !== undefined) return { do: 'cleanup', ...wishOf(cleanup) };
  if (verify !== undefined) return { do: 'verify', ...stackOf(verify) };
  return {
    do: 'guard',
    question: {
      kind: 'guard',
      title: name,
      data: (snapshot ?? guard?.data ?? []).map((one) => resolve(directory, one)),
      ...(guard?.stack === undefined ? {} : { stack: guard.stack as StackName }),
      ...(guard ? { command: toCommand(guard, directory) } : {}),
      checks,
      onFailure: guard?.on_failure ?? 'roll-back',
      onCrash: 'fail',
      copyLimitBytes,
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

const wishOf = (asked: z.infer<typeof cleanupTask>): Omit<Task & { do: 'cleanup' }, 'do'> => {
  const { until = '', only } = asked === 'all' ? {} : asked;
  const percent = parsePercent(until);
  return { ...(percent === undefined ? {} : { until: percent }), ...(only ? { only } : {}) };
};

const stackOf = (named: string): { stack?: StackName } =>
  named === 'all' ? {} : { stack: named as StackName };

const toCommand = (guard: z.infer<typeof guarded>, directory: string): GuardedCommand => ({
  args: guard.command ?? [guard.shell ?? ''],
  shell: guard.shell !== undefined,
  directory: resolve(directory, guard.directory ?? '.'),
  variables: guard.env ?? [],
  ...(guard.user === undefined ? {} : { user: guard.user }),
  timeoutMs: milliseconds(guard.timeout, 24 * 3_600_000),
  outputLimitBytes: bytes(guard.output_limit, 2 ** 26),
});

const milliseconds = (text: string | number | undefined, otherwise: number): number =>
  text === undefined ? otherwise : (parseDuration(String(text)) ?? otherwise);

const bytes = (text: string | number | undefined, otherwise: number): number =>
  text === undefined ? otherwise : (parseBytes(String(text)) ?? otherwise);
