/**
 * Baton's own keys, `x-baton` of a stack and of a service. The schema is what `docs/stack.schema.json` is written from, so the
 * descriptions here are what an editor shows.
 */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { parseServiceName, parseStackName, type ServiceName, type StackName } from '../domain/names.ts';
import type { DataClass, Location, ManagedFile, Probe, ServiceSpec, StackPolicy } from '../domain/stack.ts';
import type { Reader } from './reader.ts';
import { suggest } from './suggest.ts';
import { get, isNull, type MapNode, type Node } from './tree.ts';
import { parseDuration } from './units.ts';

const duration = z
  .union([z.string(), z.number()])
  .refine((value) => parseDuration(String(value)) !== undefined, {
    error: 'must be a duration such as 30s or 1m30s',
  })
  .describe('A duration such as 30s, 1m30s or 500ms.');

const words = z.union([z.string(), z.array(z.string()).min(1)]);

const probeFields = {
  http: z
    .string()
    .regex(/^(?:https?:\/\/\S+|:\d{1,5}(?:\/\S*)?)$/, { error: 'must be :PORT/PATH or a URL' })
    .optional()
    .describe(':PORT/PATH is asked on the container; a URL is asked as it stands.'),
  https: z
    .string()
    .regex(/^:\d{1,5}(?:\/\S*)?$/, { error: 'must be :PORT/PATH' })
    .optional()
    .describe('As http, over TLS; the certificate is not checked.'),
  tcp: z
    .union([z.number().int().min(1).max(65_535), z.string().regex(/^(?:[\w.-]+)?:?\d{1,5}$/)])
    .optional()
    .describe('A port of the container, or HOST:PORT.'),
  exec: words
    .optional()
    .describe(
      'A command in the container: a list of words, or a line for its shell. Exit code 0 is healthy.',
    ),
  status: z
    .number()
    .int()
    .min(100)
    .max(599)
    .optional()
    .describe('The expected HTTP status. Default: any from 200 to 399.'),
  contains: z.string().optional().describe('Text that the body of the answer must hold.'),
  headers: z.record(z.string(), z.string()).optional().describe('Headers to send.'),
  timeout: duration.optional().describe('How long one try may take. Default 5s.'),
};

const exactlyOne = (probe: { http?: unknown; https?: unknown; tcp?: unknown; exec?: unknown }): boolean =>
  [probe.http, probe.https, probe.tcp, probe.exec].filter((kind) => kind !== undefined).length === 1;
const oneKind = { error: 'needs exactly one of http, https, tcp and exec' };

const serviceProbe = z.strictObject(probeFields).refine(exactlyOne, oneKind);
const stackProbe = z
  .strictObject({ ...probeFields, service: z.string().optional().describe('The service that is asked.') })
  .refine(exactlyOne, oneKind);

const dataClass = z
  .enum(['snapshot', 'discard', 'external'])
  .describe('snapshot: put back on failure. discard: may be lost. external: not ours.');

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
  probe: serviceProbe.optional().describe('How Baton asks whether the service is healthy.'),
  validate: z.array(serviceProbe).optional().describe('Checks that run once the service is healthy.'),
  data: z
    .record(z.string(), dataClass)
    .optional()
    .describe('Class of data by path, in the container or on the host.'),
  ...times,
});

export const stackKeys = z.strictObject({
  validate: z.array(stackProbe).optional().describe('Checks that run after every service is healthy.'),
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
  'probe' | 'validate' | 'data' | 'minHealthyTimeMs' | 'healthyDeadlineMs'
>;

export const readServiceKeys = (
  reader: Reader,
  node: Node | undefined,
  service: ServiceName,
): ServiceKeys => {
  const keys = check(reader, node, serviceKeys);
  if (!keys || !node) return { validate: [], data: {} };
  for (const path of Object.keys(keys.data ?? {}))
    if (!/^(?:\/|\.|~)/.test(path))
      reader.error(
        locate(node, ['data', path]),
        'x-baton',
        `${JSON.stringify(path)} is no path; begin it with "/", as it is in the container or on the host.`,
      );
  const probe = keys.probe && toProbe(reader, keys.probe, locate(node, ['probe']), service);
  return {
    ...(probe ? { probe } : {}),
    validate: (keys.validate ?? []).flatMap(
      (check, index) => toProbe(reader, check, locate(node, ['validate', index]), service) ?? [],
    ),
    data: keys.data ?? {},
    ...milliseconds('minHealthyTimeMs', keys.min_healthy_time),
    ...milliseconds('healthyDeadlineMs', keys.healthy_deadline),
  };
};

export type StackKeys = {
  validate: Probe[];
  data: Record<string, DataClass>;
  requires: StackName[];
  files: ManagedFile[];
  policy: Partial<StackPolicy>;
};

/** @param own the stack's name. */
export const readStackKeys = (reader: Reader, node: Node | undefined, own: StackName): StackKeys => {
  const keys = check(reader, node, stackKeys);
  if (!keys || !node) return { validate: [], data: {}, requires: [], files: [], policy: {} };
  return {
    validate: (keys.validate ?? []).flatMap((check, index) => {
      const at = locate(node, ['validate', index]);
      const service = check.service === undefined ? undefined : parseServiceName(check.service);
      return toProbe(reader, check, at, service) ?? [];
    }),
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

const milliseconds = <Key extends string>(
  key: Key,
  value: string | number | undefined,
): Partial<Record<Key, number>> =>
  (value === undefined ? {} : { [key]: parseDuration(String(value)) ?? 0 }) as Partial<Record<Key, number>>;

type ProbeKeys = z.infer<typeof stackProbe>;

const toProbe = (
  reader: Reader,
  keys: ProbeKeys,
  at: Location,
  service: ServiceName | undefined,
): Probe | undefined => {
  const common = { at, ...milliseconds('timeoutMs', keys.timeout) };
  const homeless = (): undefined =>
    reader.error(
      at,
      'x-baton',
      'This check does not say where it asks: name a service, or give a whole URL or HOST:PORT.',
    );
  if (keys.exec !== undefined) {
    const command = typeof keys.exec === 'string' ? ['/bin/sh', '-c', keys.exec] : keys.exec;
    return service === undefined ? homeless() : { ...common, type: 'exec', service, command };
  }
  if (keys.tcp !== undefined) {
    const [, host, port] = /^(?:([\w.-]+):|:)?(\d+)$/.exec(String(keys.tcp)) ?? [];
    if (host === undefined && service === undefined) return homeless();
    return {
      ...common,
      type: 'tcp',
      port: Number(port),
      ...(host !== undefined ? { host } : service === undefined ? {} : { service }),
    };
  }
  const where = httpTarget(keys);
  if (!where) return reader.error(at, 'x-baton', `${JSON.stringify(keys.http ?? keys.https)} is not a URL.`);
  if (where.host === undefined && service === undefined) return homeless();
  return {
    ...common,
    type: 'http',
    ...where,
    ...(where.host === undefined && service !== undefined ? { service } : {}),
    ...(keys.status === undefined ? {} : { status: keys.status }),
    ...(keys.contains === undefined ? {} : { bodyContains: keys.contains }),
    ...(keys.headers === undefined ? {} : { headers: keys.headers }),
  };
};

type HttpTarget = { scheme: 'http' | 'https'; port: number; path: string; host?: string };

const httpTarget = ({ http, https }: ProbeKeys): HttpTarget | undefined => {
  const text = http ?? https ?? '';
  const own = /^:(\d{1,5})(\/\S*)?$/.exec(text);
  if (own)
    return { scheme: http === undefined ? 'https' : 'http', port: Number(own[1]), path: own[2] ?? '/' };
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  return {
    scheme,
    host: url.hostname,
    port: url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
  };
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

const check = <Schema extends z.ZodType>(
  reader: Reader,
  node: Node | undefined,
  schema: Schema,
): z.infer<Schema> | undefined => {
  if (node === undefined || isNull(node)) return undefined;
  const result = schema.safeParse(plain(reader, node, []));
  if (result.success) return result.data;
  for (const issue of result.error.issues) report(reader, node, schema, issue);
  return undefined;
};

const report = (reader: Reader, node: Node, schema: z.ZodType, issue: z.core.$ZodIssue): void => {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  const where = ['x-baton', ...path].join('.');
  if (issue.code !== 'unrecognized_keys') {
    reader.error(
      locate(node, path),
      'x-baton',
      `${where} ${issue.message.replace(/^Invalid input: /, 'is wrong: ')}.`,
    );
    return;
  }
  const known = knownKeys(schema, path);
  for (const key of issue.keys) {
    const meant = suggest(key, known);
    reader.error(
      keyLocation(node, [...path, key]),
      'unknown-key',
      `"${key}" is not a key of ${where}.${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
    );
  }
};

const knownKeys = (schema: z.ZodType, path: (string | number)[]): string[] => {
  let current: unknown = schema;
  for (const part of path) {
    const inner = unwrap(current);
    current =
      inner instanceof z.ZodObject
        ? inner.shape[part as string]
        : inner instanceof z.ZodArray
          ? inner.element
          : undefined;
  }
  const inner = unwrap(current);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
};

const unwrap = (schema: unknown): unknown =>
  schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;

/** Text that may hold secrets stays a template; everything else is resolved now. */
const lateKeys = ['content', 'exec'];

const plain = (reader: Reader, node: Node, path: string[]): unknown => {
  if (node.kind === 'list') return node.items.map((item) => plain(reader, item, path));
  if (node.kind === 'map')
    return Object.fromEntries(
      node.entries.map(({ key, value }) => [key, plain(reader, value, [...path, key])]),
    );
  if (path.at(-1) === 'mode') return node.text;
  if (typeof node.value !== 'string') return node.value;
  const late = lateKeys.some((key) => path.includes(key));
  return late ? reader.template(node, path.join('.')) : reader.resolved(node.value, node.at);
};

const childOf = (node: Node, part: string | number): Node | undefined =>
  node.kind === 'map' ? get(node, String(part)) : node.kind === 'list' ? node.items[Number(part)] : undefined;

/** Where the deepest part of a path that exists was written. */
export const locate = (node: Node, path: (string | number)[]): Location => {
  let current = node;
  for (const part of path) current = childOf(current, part) ?? current;
  return current.at;
};

const keyLocation = (node: Node, path: (string | number)[]): Location => {
  const parent = path.slice(0, -1).reduce<Node>((current, part) => childOf(current, part) ?? current, node);
  const entry = (parent as MapNode).entries.find(({ key }) => key === path.at(-1));
  return entry?.keyAt ?? parent.at;
};
