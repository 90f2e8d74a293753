/** What the stack names beside its services: volumes, secrets, configs, and what networks share with them. */
import type { StackName } from '../domain/names.ts';
import type { ContentSource, Location, VolumeSpec } from '../domain/stack.ts';
import { checkKeys } from './keys.ts';
import type { Reader } from './reader.ts';
import { get, type Entry, type MapNode, type Node } from './tree.ts';

type Resource = {
  key: string;
  name: string;
  external: boolean;
  driver?: string;
  driverOpts: Record<string, string>;
  labels: Record<string, string>;
  at: Location;
};

/** What engines accept as the name of a network or volume. */
const engineName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/;

/** Name, driver, labels and whether someone else owns it. Without a `name` it is called `<stack>_<key>`. */
export const readResource = (
  reader: Reader,
  { key, keyAt, value }: Entry,
  stack: StackName,
): Resource | undefined => {
  const map = value.kind === 'map' ? value : undefined;
  const external = readExternal(reader, map);
  const given = (map && reader.text(get(map, 'name'), 'name')) ?? external.name;
  const name = given ?? (external.is ? key : `${stack}_${key}`);
  if (!engineName.test(name))
    return reader.error(keyAt, 'name', `${JSON.stringify(name)} is not a name that engines accept.`);
  const driver = map && reader.text(get(map, 'driver'), 'driver');
  return {
    key,
    name,
    external: external.is,
    ...(driver === undefined ? {} : { driver }),
    driverOpts: map ? reader.pairs(get(map, 'driver_opts'), 'driver_opts') : {},
    labels: map ? reader.pairs(get(map, 'labels'), 'labels') : {},
    at: keyAt,
  };
};

/** `external: true`, or the older `external: {name: x}`. */
const readExternal = (reader: Reader, map: MapNode | undefined): { is: boolean; name?: string } => {
  const node = map && get(map, 'external');
  if (node?.kind !== 'map') return { is: reader.boolean(node, 'external') ?? false };
  reader.knownKeys(node, 'external', ['name']);
  const name = reader.text(get(node, 'name'), 'name');
  return { is: true, ...(name === undefined ? {} : { name }) };
};

export const readVolumes = (
  reader: Reader,
  node: Node | undefined,
  stack: StackName,
): Record<string, VolumeSpec> =>
  Object.fromEntries(
    reader.entries(node, 'volumes').flatMap((entry) => {
      checkKeys(reader, reader.map(entry.value, `volume "${entry.key}"`), 'volume');
      const resource = readResource(reader, entry, stack);
      return resource ? [[entry.key, resource]] : [];
    }),
  );

/** `secrets:` and `configs:` of the stack. Only where the content comes from is read here, never the content. */
export const readContents = (
  reader: Reader,
  node: Node | undefined,
  what: 'secret' | 'config',
): Record<string, ContentSource> =>
  Object.fromEntries(
    reader.entries(node, `${what}s`).flatMap((entry) => {
      const source = readContent(reader, entry, what);
      return source ? [[entry.key, source]] : [];
    }),
  );

const readContent = (
  reader: Reader,
  { key, keyAt, value }: Entry,
  what: string,
): ContentSource | undefined => {
  const map = reader.map(value, `${what} "${key}"`);
  if (!map)
    return reader.error(
      keyAt,
      'content',
      `The ${what} "${key}" says nothing: give it file, environment, content or external.`,
    );
  checkKeys(reader, map, 'content');
  const external = readExternal(reader, map);
  if (external.is) {
    const name = external.name ?? reader.text(get(map, 'name'), 'name') ?? key;
    reader.error(
      keyAt,
      'unsupported-key',
      `The ${what} "${key}" is external, and neither engine lets a ${what} be read back for a plain container.`,
      `Use "file:" or "environment:" for it, or mount "${name}" as a file.`,
    );
    return { from: 'external', name, at: keyAt };
  }
  const path = reader.path(get(map, 'file'), 'file');
  const variable = reader.text(get(map, 'environment'), 'environment');
  const content = reader.template(get(map, 'content'), 'content');
  const given = [path, variable, content].filter((source) => source !== undefined);
  if (given.length !== 1)
    return reader.error(
      keyAt,
      'content',
      `The ${what} "${key}" needs exactly one of file, environment, content and external.`,
    );
  if (path !== undefined) return { from: 'file', path, at: keyAt };
  if (variable !== undefined) return { from: 'environment', variable, at: keyAt };
  return content === undefined ? undefined : { from: 'content', content, at: keyAt };
};
