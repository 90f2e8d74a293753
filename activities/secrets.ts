/**
 * The values behind `${VAR}`, `env_file`, `secrets:` and `configs:`. They exist only here, in the memory of the worker, on
 * the way to the engine. What leaves this file is a keyed hash, or text from which the values were taken out.
 */
import { parseEnvFile } from '../compose/env-file.ts';
import { readSmallFile, Unreadable } from '../compose/small-file.ts';
import { resolveTemplate } from '../domain/interpolate.ts';
import type { ServiceName } from '../domain/names.ts';
import type { ContentSource, ServiceSpec, StackSpec, Template } from '../domain/stack.ts';
import { permanent } from './activity.ts';
import { isMissing } from './errno.ts';
import { canonicalJson, keyedHash } from './hash.ts';
import { redact, shortestSecret } from './redact.ts';

export type Secrets = {
  /** @throws a permanent failure that names the variable, never a value. */
  resolve: (template: Template) => string;
  /** The full environment of a service: `env_file` first, then `environment`. */
  environmentOf: (service: ServiceSpec) => Promise<Record<string, string>>;
  contentOf: (source: ContentSource) => Promise<string>;
  /** Changes when any value that the service sees changes; tells nothing about the values. */
  digestOf: (service: ServiceSpec) => Promise<string>;
  /** Replaces every value that came from a variable or a secret by `•••`. */
  redact: (text: string) => string;
};

/** @param key of this host, from the memory: hashes of weak secrets cannot be guessed without it. */
export const openSecrets = async (
  spec: StackSpec,
  variables: Record<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
  key: Buffer,
): Promise<Secrets> => {
  const fromFiles: Record<string, string> = {};
  for (const file of spec.envFiles)
    Object.assign(fromFiles, await readEnvFile(file, (name) => fromFiles[name]));
  const lookup = (name: string): string | undefined =>
    variables[name] ?? environment[name] ?? fromFiles[name];
  const seen = new Set<string>();
  const remember = (value: string): string => {
    if (value.length >= shortestSecret) seen.add(value);
    return value;
  };

  const resolve = (template: Template): string => {
    const result = resolveTemplate(template, (name) => {
      const value = lookup(name);
      return value === undefined ? undefined : remember(value);
    });
    if (!result.ok) throw permanent('VariableMissing', `${result.message} (stack ${spec.name}).`);
    return result.text;
  };

  const environmentOf = async (service: ServiceSpec): Promise<Record<string, string>> => {
    const result = new Map<string, string>();
    for (const { path, required, format } of service.envFiles) {
      const values = await readEnvFile(path, (name) => result.get(name) ?? lookup(name), {
        required,
        raw: format === 'raw',
      });
      for (const [name, value] of Object.entries(values)) result.set(name, remember(value));
    }
    for (const [name, template] of Object.entries(service.environment)) {
      const value = template === null ? lookup(name) : resolve(template);
      if (value === undefined) result.delete(name);
      else result.set(name, template === null ? remember(value) : value);
    }
    return Object.fromEntries(result);
  };

  const contentOf = async (source: ContentSource): Promise<string> => {
    switch (source.from) {
      case 'file':
        return remember(await readSmall(source.path));
      case 'environment': {
        const value = lookup(source.variable);
        if (value === undefined)
          throw permanent('VariableMissing', `Variable ${source.variable} is not set (stack ${spec.name}).`);
        return remember(value);
      }
      case 'content':
        return resolve(source.content);
      case 'external':
        throw permanent(
          'ExternalSecret',
          `External secret "${source.name}" cannot be read: name a file or a variable instead.`,
        );
    }
  };

  const contentsOf = async (service: ServiceSpec): Promise<string[]> =>
    await Promise.all([
      ...service.secrets.map(async ({ source }) => await contentOf(known(spec.secrets[source], source))),
      ...service.configs.map(async ({ source }) => await contentOf(known(spec.configs[source], source))),
    ]);

  // Known from here on, so that `redact` takes out also what this operation only passes by reference.
  await Promise.allSettled([
    ...Object.values({ ...spec.secrets, ...spec.configs }).map(contentOf),
    ...spec.services.map(environmentOf),
  ]);

  return {
    resolve,
    environmentOf,
    contentOf,
    async digestOf(service) {
      const values = {
        environment: await environmentOf(service),
        contents: await contentsOf(service),
        command: [...(service.entrypoint ?? []), ...(service.command ?? [])].map(resolve),
        labels: Object.values(service.labels).map(resolve),
      };
      return keyedHash(key, canonicalJson(values));
    },
    redact: (text) => redact(text, [...seen]),
  };
};

const known = (source: ContentSource | undefined, name: string): ContentSource => {
  if (!source) throw permanent('BadStack', `No secret or config is called "${name}".`);
  return source;
};

/** What a file is that cannot be read is no better on the next try. */
const readSmall = async (path: string): Promise<string> => {
  try {
    return (await readSmallFile(path)).toString('utf8');
  } catch (error) {
    if (error instanceof Unreadable) throw permanent('NotAFile', error.message);
    throw error;
  }
};

const readEnvFile = async (
  path: string,
  lookup: (name: string) => string | undefined,
  options: { required?: boolean; raw?: boolean } = {},
): Promise<Record<string, string>> => {
  let text: string;
  try {
    text = await readSmall(path);
  } catch (error) {
    if (isMissing(error) && options.required === false) return {};
    throw permanent(
      'EnvFileUnreadable',
      `The env file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  const parsed = parseEnvFile(text, { file: path, lookup, raw: options.raw ?? false });
  if (!parsed.ok) throw permanent('EnvFileInvalid', parsed.problems.map(({ message }) => message).join(' '));
  return parsed.values;
};

/** Late-resolved values by service, for {@link import('../domain/release.ts').Release.secretsDigest}. */
export const digestsOf = async (spec: StackSpec, secrets: Secrets): Promise<Record<ServiceName, string>> =>
  Object.fromEntries(
    await Promise.all(
      spec.services.map(async (service) => [service.name, await secrets.digestOf(service)] as const),
    ),
  );
