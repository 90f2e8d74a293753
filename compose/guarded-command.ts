/** A guarded command as a file writes it: of `schedules` in `baton.yml`, and of playbooks. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { Check } from '../domain/check.ts';
import { defaultOutputLimitBytes, defaultTimeoutMs, type GuardedCommand } from '../domain/commands.ts';
import type { Location } from '../domain/stack.ts';
import { anyCheck, duration, toCheck } from './check.ts';
import { checkPlaces, readNamedCheck } from './named-check.ts';
import { stackName } from './names.ts';
import type { Reader } from './reader.ts';
import { parseBytes } from './units.ts';
import { milliseconds } from './window.ts';

export const path = z.string().min(1);
export const size = z
  .union([z.string(), z.number()])
  .refine((text) => parseBytes(String(text)) !== undefined, { error: 'must be a size such as 500M or 20G' });

/** The schema of it. */
export const guarded = z
  .strictObject({
    data: z.array(path).min(1).optional().describe('What it may change.'),
    stack: stackName.optional().describe('All data of this stack.'),
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

/** What a guarded command is more than a snapshot. */
export const guardedBy = (guard: z.infer<typeof guarded>, directory: string, checks: Check[]) => ({
  ...(guard.stack === undefined ? {} : { stack: guard.stack }),
  command: toCommand(guard, directory),
  checks,
  onFailure: guard.on_failure ?? ('roll-back' as const),
});

const toCommand = (guard: z.infer<typeof guarded>, directory: string): GuardedCommand => ({
  args: guard.command ?? [guard.shell ?? ''],
  shell: guard.shell !== undefined,
  directory: resolve(directory, guard.directory ?? '.'),
  variables: guard.env ?? [],
  ...(guard.user === undefined ? {} : { user: guard.user }),
  timeoutMs: guard.timeout === undefined ? defaultTimeoutMs : milliseconds(guard.timeout),
  outputLimitBytes: bytes(guard.output_limit, defaultOutputLimitBytes),
});

export const bytes = (text: string | number | undefined, otherwise: number): number =>
  text === undefined ? otherwise : (parseBytes(String(text)) ?? otherwise);

/** @param at where the check of an index is written. */
export const checksOf = (
  reader: Reader,
  all: z.infer<typeof anyCheck>[],
  file: string,
  at: (index: number) => Location,
): Check[] =>
  all.flatMap((keys, index) => {
    const check = toCheck(reader, keys, at(index));
    const read =
      check?.type === 'named' ? readNamedCheck(reader, check, checkPlaces(dirname(file))) : (check ?? []);
    // A line that has moved makes no other schedule.
    return [read].flat().map(({ at: _at, ...rest }) => rest as Check);
  });
