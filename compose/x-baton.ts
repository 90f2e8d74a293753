/**
 * Baton's own keys, `x-baton` of a stack and of a service. The schema is what `docs/stack.schema.json` is written from, so the
 * descriptions here are what an editor shows.
 */
import { dirname, isAbsolute } from 'node:path';
import { z } from 'zod';
import type { Check } from '../domain/check.ts';
import { dumpKinds } from '../domain/database.ts';
import { isLink } from '../domain/image-tag.ts';
import { parseStackName, type ServiceName, type StackName } from '../domain/names.ts';
import type { DataWish, Location, ManagedFile, ServiceSpec, StackPolicy } from '../domain/stack.ts';
import { anyCheck, duration, milliseconds, probeSchema, serviceCheck, toCheck, toProbe } from './check.ts';
import { checkPlaces, readNamedCheck } from './named-check.ts';
import type { Reader } from './reader.ts';
import { readRestoreQuestion, serviceRestoreTest } from './restore-test.ts';
import { locate, readWith } from './schema.ts';
import type { Node } from './tree.ts';

const dataClass = z
  .union(
    [
      z.enum(['snapshot', 'dump', 'discard', 'external']),
      z.strictObject({
        dump: z
          .enum(dumpKinds)
          .describe(
            'What kind of database it is, where its image does not tell. sqlite: all SQLite databases below the path, with all other files.',
          ),
      }),
    ],
    { error: `must be snapshot, dump, { dump: ${dumpKinds.join(' | ')} }, discard or external` },
  )
  .describe(
    'snapshot: put back on failure. dump: a database, dumped and restored through its own tool. discard: may be lost. external: not ours.',
  );

const file = z
  .strictObject({
    path: z.string().describe('Absolute path on the host.'),
    content: z.string().optional().describe('The whole text. ${VAR} is resolved on the host.'),
    source: z.string().optional().describe('A file to copy, relative to the stack.'),
    mode: z.union([z.string(), z.number()]).optional().describe('Octal permission bits. Default 0644.'),
  })
  .refine(({ content, source }) => (content === undefined) !== (source === undefined), {
    error: 'needs exactly one of content and source',
  });

const times = {
  min_healthy_time: duration
    .optional()
    .describe('How long it must stay healthy before the change counts. Default 10s.'),
  healthy_deadline: duration
    .optional()
    .describe('How long a service may take from start to healthy. Default 5m.'),
};

export const serviceKeys = z.strictObject({
  probe: probeSchema.optional().describe('How Baton asks whether the service is healthy.'),
  validate: z.array(serviceCheck).optional().describe('Checks that run once the service is healthy.'),
  data: z
    .record(z.string(), dataClass)
    .optional()
    .describe('Class of data by path, in the container or on the host.'),
  restore_test: serviceRestoreTest
    .optional()
    .describe('What a copy of its data is asked, in a throwaway container of this service.'),
  changelog: z
    .string()
    .refine(isLink, { error: 'must be an address: https://…' })
    .optional()
    .describe('Where the changes of its image are told. Default: what the labels of the image say.'),
  ...times,
});

export const stackKeys = z.strictObject({
  validate: z.array(anyCheck).optional().describe('Checks that run after every service is healthy.'),
  data: z.record(z.string(), dataClass).optional().describe('Class of data by volume or path on the host.'),
  requires: z.array(z.string()).optional().describe('Stacks that must run healthy first.'),
  files: z
    .array(file)
    .optional()
    .describe('Configuration outside the containers, written whole with the release and put back with it.'),
  ...times,
  progress_deadline: duration
    .optional()
    .describe('How long a roll-out may go without a service becoming healthy. Default 10m.'),
  rollback: z
    .enum(['auto', 'hold'])
    .optional()
    .describe('auto: put everything back after a failure. hold: stop and ask a person.'),
});

export type ServiceKeys = Pick<
  ServiceSpec,
  'probe' | 'validate' | 'data' | 'restoreTest' | 'changelog' | 'minHealthyTimeMs' | 'healthyDeadlineMs'
>;

export const readServiceKeys = (
  reader: Reader,
  node: Node | undefined,
  service: ServiceName,
): ServiceKeys => {
  const keys = readWith(reader, node, serviceKeys, 'x-baton');
  if (!keys || !node) return { validate: [], data: {} };
  for (const path of Object.keys(keys.data ?? {}))
    if (!/^(?:\/|\.|~)/.test(path))
      reader.error(
        locate(node, ['data', path]),
        'x-baton',
        `${JSON.stringify(path)} is no path; begin it with "/", as it is in the container or on the host.`,
      );
  const probe = keys.probe && toProbe(reader, keys.probe, locate(node, ['probe']), service);
  const test =
    keys.restore_test && readRestoreQuestion(reader, keys.restore_test, locate(node, ['restore_test']));
  return {
    ...(probe ? { probe } : {}),
    ...(test ? { restoreTest: test } : {}),
    ...(keys.changelog === undefined ? {} : { changelog: keys.changelog }),
    validate: (keys.validate ?? []).flatMap((check, index) =>
      readCheck(reader, check, locate(node, ['validate', index]), service),
    ),
    data: keys.data ?? {},
    ...milliseconds('minHealthyTimeMs', keys.min_healthy_time),
    ...milliseconds('healthyDeadlineMs', keys.healthy_deadline),
  };
};

export type StackKeys = {
  validate: Check[];
  data: Record<string, DataWish>;
  requires: StackName[];
  files: ManagedFile[];
  policy: Partial<StackPolicy>;
};

/** @param own the stack's name. */
export const readStackKeys = (reader: Reader, node: Node | undefined, own: StackName): StackKeys => {
  const keys = readWith(reader, node, stackKeys, 'x-baton');
  if (!keys || !node) return { validate: [], data: {}, requires: [], files: [], policy: {} };
  return {
    validate: (keys.validate ?? []).flatMap((check, index) =>
      readCheck(reader, check, locate(node, ['validate', index])),
    ),
    data: keys.data ?? {},
    requires: (keys.requires ?? []).flatMap((name, index) => {
      const stack = parseStackName(name);
      const at = locate(node, ['requires', index]);
      if (!stack) reader.error(at, 'name', `${JSON.stringify(name)} is not the name of a stack.`);
      else if (stack === own) reader.error(at, 'cycle', `Stack "${own}" requires itself.`);
      return stack ?? [];
    }),
    files: readFiles(reader, keys.files ?? [], (index) => locate(node, ['files', index])),
    policy: {
      ...milliseconds('minHealthyTimeMs', keys.min_healthy_time),
      ...milliseconds('healthyDeadlineMs', keys.healthy_deadline),
      ...milliseconds('progressDeadlineMs', keys.progress_deadline),
      ...(keys.rollback ? { rollback: keys.rollback } : {}),
    },
  };
};

const readCheck = (
  reader: Reader,
  keys: z.infer<typeof anyCheck>,
  at: Location,
  service?: ServiceName,
): Check[] => {
  const check = toCheck(reader, keys, at, service);
  if (check?.type !== 'named') return check ? [check] : [];
  return readNamedCheck(reader, check, checkPlaces(dirname(at.file))).map((found) =>
    // Its parameters are resolved; what a stack's own check says is resolved on the host.
    'command' in found
      ? { ...found, command: found.command.map((word) => word.replaceAll('$', '$$$$')) }
      : found,
  );
};

/** The kernel's own trees: what is written there is no file. */
const kernelTree = /^\/(?:proc|sys|dev)(?:\/|$)/;

const readFiles = (
  reader: Reader,
  entries: z.infer<typeof file>[],
  locateEntry: (index: number) => Location,
): ManagedFile[] => {
  const files = entries.flatMap((entry, index) => toFile(reader, entry, locateEntry(index)) ?? []);
  for (const [index, { path, at }] of files.entries()) {
    if (kernelTree.test(path))
      reader.error(at, 'files', `${path} is the kernel's; no file can be kept there.`);
    if (files.findIndex((other) => other.path === path) < index)
      reader.error(at, 'files', `${path} is written twice.`);
  }
  return files;
};

const toFile = (reader: Reader, keys: z.infer<typeof file>, at: Location): ManagedFile | undefined => {
  const { path, content, source } = keys;
  if (!isAbsolute(path) || path.split('/').includes('..') || path.endsWith('/'))
    return reader.error(
      at,
      'path-escapes',
      `The path of a file must be absolute, without ".." and name a file, not ${JSON.stringify(path)}.`,
    );
  if (source !== undefined && (isAbsolute(source) || source.split('/').includes('..')))
    return reader.error(
      at,
      'path-escapes',
      `The source ${JSON.stringify(source)} must lie in the stack's directory.`,
    );
  const from = source === undefined ? undefined : reader.absolute(source, at);
  const mode = keys.mode === undefined ? undefined : Number.parseInt(String(keys.mode).replace(/^0o/, ''), 8);
  if (mode !== undefined && !(mode >= 0 && mode <= 0o7777))
    return reader.error(at, 'x-baton', 'mode must be octal digits such as 0644.');
  return {
    path,
    at,
    ...(content === undefined ? {} : { content }),
    ...(from === undefined ? {} : { source: from }),
    ...(mode === undefined ? {} : { mode }),
  };
};
