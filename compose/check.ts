/**
 * Probes and checks as a file writes them: `x-baton.probe`, `x-baton.validate`, and the files in `playbooks/checks/`. The
 * descriptions are what an editor shows.
 */
import { dirname } from 'node:path';
import { z } from 'zod';
import { fileFormats, fileMeanings, type Check, type NamedCheck } from '../domain/check.ts';
import { parseServiceName, parseStackName, type ServiceName } from '../domain/names.ts';
import type { Location, Probe } from '../domain/stack.ts';
import type { Reader } from './reader.ts';
import { parseDuration } from './units.ts';

export const duration = z
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
  response_headers: z
    .record(z.string(), z.string())
    .optional()
    .describe('Headers that the answer must have, each with text that its value must hold.'),
  within: duration.optional().describe('The answer must have come, whole, within this time.'),
  timeout: duration
    .optional()
    .describe('How long one try may take. Default 5s; of a command on the host, 1m.'),
};

const probeKinds = ['http', 'https', 'tcp', 'exec'] as const;

const file = (what: string) =>
  z.string().optional().describe(`${what} A path on the host, relative to the file in which it stands.`);

const checkFields = {
  ...probeFields,
  on: z
    .literal('host')
    .optional()
    .describe('With exec: the command runs on the host, as the worker, and not in a container.'),
  yaml: file('A file that must be YAML.'),
  json: file('A file that must be JSON.'),
  toml: file('A file that must be TOML.'),
  compose: file('A stack that Baton must be able to read.'),
  traefik: file('A file, or a directory of files, that Traefik must be able to read.'),
  'container-healthy': z
    .string()
    .optional()
    .describe('A container, of any stack or of none, that must run and be healthy.'),
  'stack-healthy': z.string().optional().describe('A stack of which every service must be healthy.'),
  'disk-below': z
    .union([
      z.number().min(1).max(100),
      z.string().regex(/^\d{1,3}(?:\.\d+)?\s?%$/, { error: 'must be like 90%' }),
    ])
    .optional()
    .describe('Less than this part of a filesystem may be used: 90%.'),
  path: z.string().optional().describe('With disk-below: where. Default /.'),
  check: z.string().optional().describe('The name of a file in playbooks/checks/, without its ending.'),
  with: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe('With check: its parameters.'),
};

const checkKinds = [
  ...probeKinds,
  ...fileFormats,
  ...fileMeanings,
  'container-healthy',
  'stack-healthy',
  'disk-below',
  'check',
] as const;

/** Keys that mean something beside one kind only. */
const companions: Partial<Record<string, readonly (typeof checkKinds)[number][]>> = {
  status: ['http', 'https'],
  contains: ['http', 'https'],
  headers: ['http', 'https'],
  response_headers: ['http', 'https'],
  within: ['http', 'https'],
  on: ['exec'],
  path: ['disk-below'],
  with: ['check'],
};

const oneOf =
  (kinds: readonly string[]) =>
  (keys: object, context: z.core.$RefinementCtx): void => {
    const given = Object.entries(keys).flatMap(([key, value]) => (value === undefined ? [] : [key]));
    const [kind, ...more] = kinds.filter((known) => given.includes(known));
    if (kind === undefined || more.length > 0) {
      const message = `needs exactly one of ${kinds.slice(0, -1).join(', ')} and ${kinds.at(-1) ?? ''}`;
      context.addIssue({ code: 'custom', message, input: keys });
      return;
    }
    for (const key of given)
      if (companions[key]?.some((owner) => owner === kind) === false)
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `means nothing beside ${kind}`,
          input: keys,
        });
  };

const named = {
  service: z
    .string()
    .optional()
    .describe('The service that is asked; in a guard, the container of this name.'),
};

/** Of a service: its own container is asked. */
export const probeSchema = z.strictObject(probeFields).superRefine(oneOf(probeKinds));
export const serviceCheck = z.strictObject(checkFields).superRefine(oneOf(checkKinds));
/** Of a whole stack, or in a file of its own. */
export const anyCheck = z.strictObject({ ...checkFields, ...named }).superRefine(oneOf(checkKinds));

type CheckKeys = z.infer<typeof anyCheck>;

/** @param service that is asked, where the check does not say otherwise. */
export const toCheck = (
  reader: Reader,
  keys: CheckKeys,
  at: Location,
  own?: ServiceName,
): Check | NamedCheck | undefined => {
  const service = keys.service === undefined ? own : parseServiceName(keys.service);
  if (keys.service !== undefined && service === undefined)
    return reader.error(at, 'name', `${JSON.stringify(keys.service)} is not the name of a service.`);
  if (keys.check !== undefined) {
    const given = Object.entries(keys.with ?? {}).map(([name, value]) => [name, String(value)] as const);
    return {
      type: 'named',
      name: keys.check,
      with: Object.fromEntries(given),
      ...(service === undefined ? {} : { service }),
      at,
    };
  }
  const probes = probeKinds.some((kind) => keys[kind] !== undefined) && keys.on === undefined;
  if (probes) return toProbe(reader, keys, at, service);
  return fileCheck(reader, keys, at) ?? hostCheck(reader, keys, at);
};

const fileCheck = (reader: Reader, keys: CheckKeys, at: Location): Check | undefined => {
  const type = [...fileFormats, ...fileMeanings].find((kind) => keys[kind] !== undefined);
  const path = type && reader.absolute(keys[type] ?? '', at);
  return type && path !== undefined ? { type, file: path, at } : undefined;
};

const hostCheck = (reader: Reader, keys: CheckKeys, at: Location): Check | undefined => {
  if (keys.exec !== undefined)
    return {
      type: 'command',
      command: commandOf(keys.exec),
      directory: dirname(at.file),
      at,
      ...milliseconds('timeoutMs', keys.timeout),
    };
  const container = keys['container-healthy'];
  if (container !== undefined) return { type: 'container-healthy', container, at };
  const stack = keys['stack-healthy'];
  if (stack !== undefined) {
    const name = parseStackName(stack);
    return name
      ? { type: 'stack-healthy', stack: name, at }
      : reader.error(at, 'name', `${JSON.stringify(stack)} is not the name of a stack.`);
  }
  const part = keys['disk-below'];
  if (part === undefined) return undefined;
  const path = reader.absolute(keys.path ?? '/', at);
  return path === undefined
    ? undefined
    : { type: 'disk-below', path, percent: Number.parseFloat(String(part)), at };
};

/** A line is for a shell; a list is the words of a command. */
export const commandOf = (exec: string | string[]): string[] =>
  typeof exec === 'string' ? ['/bin/sh', '-c', exec] : exec;

export const milliseconds = <Key extends string>(
  key: Key,
  value: string | number | undefined,
): Partial<Record<Key, number>> =>
  (value === undefined ? {} : { [key]: parseDuration(String(value)) ?? 0 }) as Partial<Record<Key, number>>;

type ProbeKeys = z.infer<typeof probeSchema>;

/** @param service whose container is asked, unless the probe names a host. */
export const toProbe = (
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
  if (keys.exec !== undefined)
    return service === undefined
      ? homeless()
      : { ...common, type: 'exec', service, command: commandOf(keys.exec) };
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
  const where = ownTarget(keys) ?? urlTarget(keys.http ?? '');
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
    ...(keys.response_headers === undefined ? {} : { responseHeaders: keys.response_headers }),
    ...milliseconds('withinMs', keys.within),
  };
};

type HttpTarget = { scheme: 'http' | 'https'; port: number; path: string; host?: string };

/** `:PORT/PATH` of the container itself. */
const ownTarget = ({ http, https }: ProbeKeys): HttpTarget | undefined => {
  const [whole, port, path = '/'] = /^:(\d{1,5})(\/\S*)?$/.exec(http ?? https ?? '') ?? [];
  return whole === undefined
    ? undefined
    : { scheme: http === undefined ? 'https' : 'http', port: Number(port), path };
};

/** What a URL asks for; nothing where the text is none. */
export const urlTarget = (text: string): (HttpTarget & { host: string }) | undefined => {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, hostname, port, pathname, search } = new URL(text);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  return {
    scheme,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (scheme === 'https' ? 443 : 80) : Number(port),
    path: `${pathname}${search}`,
  };
};
