/** `restore_test`, as a stack and `baton.yml` write it: what a copy of the data is asked. */
import { z } from 'zod';
import { parseServiceName } from '../domain/names.ts';
import type { RestoreWish } from '../domain/restore-test.ts';
import type { Location } from '../domain/stack.ts';
import { commandOf, duration } from './check.ts';
import { stackName } from './names.ts';
import type { Reader } from './reader.ts';
import { parseBytes } from './units.ts';
import { milliseconds, someTime } from './window.ts';

/** Docker takes no less. */
const leastMemoryBytes = 6 * 2 ** 20;

const words = z.union([z.string().min(1), z.array(z.string()).min(1)]);

const fields = {
  exec: words
    .optional()
    .describe(
      'A command in the throwaway container: a list of words, or a line for its shell. Exit code 0 is yes.',
    ),
  start: words
    .optional()
    .describe(
      "What the throwaway container starts instead of the service's own program, such as [sleep, infinity].",
    ),
  contains: z.string().min(1).optional().describe('Text that its output must hold.'),
  timeout: duration.optional().describe('From its start to the answer. Default 15m.'),
  memory: z
    .union([z.string(), z.number()])
    .refine((text) => (parseBytes(String(text)) ?? 0) >= leastMemoryBytes, {
      error: 'must be a size such as 512M or 2G',
    })
    .optional()
    .describe('Most that the throwaway container may take. Default 1G.'),
  every: someTime.optional().describe('An older proof than this is none any more. Default 35d.'),
};

const containsNeedsExec = { error: 'needs "exec" beside "contains": whose output is meant?' };
const saysWhoseOutput = (one: { exec?: unknown; contains?: unknown }): boolean =>
  one.contains === undefined || one.exec !== undefined;

/** The schema, of a service. */
export const serviceRestoreTest = z.strictObject(fields).refine(saysWhoseOutput, containsNeedsExec);

/** The schema, of a data set: any service may be named. */
export const restoreTestKeys = z
  .strictObject({
    ...fields,
    stack: stackName.optional().describe('The stack that brings it up. Default: the one that uses it.'),
    service: z
      .string()
      .optional()
      .describe('The service that brings it up. Default: the first that uses it.'),
  })
  .refine(saysWhoseOutput, containsNeedsExec);

export const readRestoreQuestion = (
  reader: Reader,
  keys: z.infer<typeof restoreTestKeys>,
  at: Location,
): RestoreWish | undefined => {
  const { exec, contains, start, timeout, memory, every, stack, service: named } = keys;
  const service = named === undefined ? undefined : parseServiceName(named);
  if (named !== undefined && service === undefined)
    return reader.error(at, 'name', `${JSON.stringify(named)} is not the name of a service.`);
  return {
    ...(exec === undefined ? {} : { command: commandOf(exec) }),
    ...(start === undefined ? {} : { start: commandOf(start) }),
    ...(contains === undefined ? {} : { contains }),
    ...(stack === undefined ? {} : { stack }),
    ...(service === undefined ? {} : { service }),
    ...(timeout === undefined ? {} : { timeoutMs: milliseconds(timeout) }),
    ...(memory === undefined ? {} : { memoryBytes: parseBytes(String(memory)) ?? leastMemoryBytes }),
    ...(every === undefined ? {} : { everyMs: milliseconds(every) }),
  };
};
