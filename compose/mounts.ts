/** `volumes:` of a service, short and long, and `tmpfs:`. */
import { posix } from 'node:path';
import type { Location, MountSpec } from '../domain/stack.ts';
import { checkKeys } from './keys.ts';
import type { Reader } from './reader.ts';
import { get, type MapNode, type Node } from './tree.ts';

const propagations = ['shared', 'rshared', 'slave', 'rslave', 'private', 'rprivate'];
/** Docker Desktop's cache hints: without meaning on Linux. */
const meaningless = ['rw', 'cached', 'delegated', 'consistent', 'volume', 'bind'];

export const readMounts = (
  reader: Reader,
  volumes: Node | undefined,
  tmpfs: Node | undefined,
): MountSpec[] => {
  const mounts = [
    ...reader
      .items(volumes, 'volumes')
      .flatMap((item) => (item.kind === 'map' ? longMount(reader, item) : shortMount(reader, item)) ?? []),
    ...readTmpfs(reader, tmpfs),
  ];
  const seen = new Map<string, Location>();
  for (const { target, at } of mounts) {
    const earlier = seen.get(target);
    if (earlier) reader.error(at, 'mount', `"${target}" is mounted already (line ${earlier.line}).`);
    seen.set(target, at);
  }
  return mounts;
};

const isPath = (source: string): boolean => /^(?:[/~]|\.(?:$|[./]))/.test(source);

/** `[SOURCE:]TARGET[:OPTIONS]`. */
const shortMount = (reader: Reader, node: Node): MountSpec | undefined => {
  const text = reader.text(node, 'a volume');
  if (text === undefined) return undefined;
  if (/^[A-Za-z]:\\/.test(text))
    return reader.error(
      node.at,
      'mount',
      `${JSON.stringify(text)} is a Windows path; Baton runs stacks on Linux.`,
    );
  const parts = text.split(':');
  const [first = '', second, options = ''] = parts;
  if (parts.length > 3 || first === '' || second === '')
    return reader.error(
      node.at,
      'mount',
      `The volume ${JSON.stringify(text)} is not of the form [SOURCE:]TARGET[:OPTIONS].`,
    );
  const target = containerPath(reader, second ?? first, node.at);
  if (target === undefined) return undefined;
  if (second === undefined) return { type: 'volume', target, readOnly: false, noCopy: false, at: node.at };
  const read = readOptions(reader, options, node.at);
  const { readOnly, selinux, propagation, noCopy } = read;
  if (isPath(first)) {
    const source = reader.absolute(first, node.at);
    if (source === undefined) return undefined;
    return {
      type: 'bind',
      source,
      target,
      readOnly,
      createHostPath: true,
      at: node.at,
      ...(selinux ? { selinux } : {}),
      ...(propagation ? { propagation } : {}),
    };
  }
  if (!volumeName.test(first))
    return reader.error(
      node.at,
      'mount',
      `${JSON.stringify(first)} is neither a path nor the name of a volume.`,
      `Write "./${first}" for a path beside the file.`,
    );
  return {
    type: 'volume',
    volume: first,
    target,
    readOnly,
    noCopy,
    at: node.at,
    ...(selinux ? { selinux } : {}),
  };
};

const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

type Options = { readOnly: boolean; selinux?: 'z' | 'Z'; propagation?: string; noCopy: boolean };

const readOptions = (reader: Reader, text: string, at: Location): Options => {
  const options: Options = { readOnly: false, noCopy: false };
  for (const option of text.split(',').filter((word) => word !== '')) {
    if (option === 'ro') options.readOnly = true;
    else if (option === 'z' || option === 'Z') options.selinux = option;
    else if (option === 'nocopy') options.noCopy = true;
    else if (propagations.includes(option)) options.propagation = option;
    else if (!meaningless.includes(option))
      reader.error(
        at,
        'mount',
        `The volume option "${option}" is not known; ro, rw, z, Z, nocopy and ${propagations.join(', ')} are.`,
      );
  }
  return options;
};

const containerPath = (reader: Reader, text: string, at: Location): string | undefined => {
  if (!text.startsWith('/') || text.split('/').includes('..'))
    return reader.error(
      at,
      'mount',
      `The path in the container must be absolute and without "..", not ${JSON.stringify(text)}.`,
    );
  return posix.normalize(text).replace(/(.)\/$/, '$1');
};

const mountTypes = ['bind', 'volume', 'tmpfs'] as const;

const longMount = (reader: Reader, node: MapNode): MountSpec | undefined => {
  checkKeys(reader, node, 'mount');
  const { at } = node;
  const type =
    reader.oneOf(get(node, 'type'), 'type', mountTypes) ?? (get(node, 'type') ? undefined : 'volume');
  const targetText = reader.text(get(node, 'target'), 'target');
  if (targetText === undefined)
    return reader.error(at, 'mount', 'A volume needs a target: the path in the container.');
  const target = containerPath(reader, targetText, at);
  const readOnly = reader.boolean(get(node, 'read_only'), 'read_only') ?? false;
  if (type === undefined || target === undefined) return undefined;
  const source = reader.text(get(node, 'source'), 'source');
  switch (type) {
    case 'bind':
      return bindMount(reader, node, { source, target, readOnly });
    case 'volume':
      return volumeMount(reader, node, { source, target, readOnly });
    case 'tmpfs':
      return tmpfsMount(reader, node, { target, readOnly });
  }
};

type Common = { source?: string | undefined; target: string; readOnly: boolean };

const bindMount = (
  reader: Reader,
  node: MapNode,
  { source, target, readOnly }: Common,
): MountSpec | undefined => {
  const { at } = node;
  const bind = reader.map(get(node, 'bind'), 'bind');
  if (bind) reader.knownKeys(bind, 'bind', ['propagation', 'create_host_path', 'selinux']);
  const path = source === undefined ? undefined : reader.absolute(source, at);
  if (path === undefined)
    return source === undefined ? reader.error(at, 'mount', 'A bind mount needs a source.') : undefined;
  const propagation = bind && reader.oneOf(get(bind, 'propagation'), 'propagation', propagations);
  const selinux = bind && reader.oneOf(get(bind, 'selinux'), 'selinux', ['z', 'Z'] as const);
  // The specification's default of the long syntax is to make the path, as for the short one.
  const createHostPath = (bind && reader.boolean(get(bind, 'create_host_path'), 'create_host_path')) ?? true;
  return {
    type: 'bind',
    source: path,
    target,
    readOnly,
    createHostPath,
    at,
    ...(selinux ? { selinux } : {}),
    ...(propagation ? { propagation } : {}),
  };
};

const volumeMount = (
  reader: Reader,
  node: MapNode,
  { source, target, readOnly }: Common,
): MountSpec | undefined => {
  const { at } = node;
  const volume = reader.map(get(node, 'volume'), 'volume');
  if (volume) reader.knownKeys(volume, 'volume', ['nocopy', 'subpath']);
  if (source !== undefined && !volumeName.test(source))
    return reader.error(
      at,
      'mount',
      `${JSON.stringify(source)} is not the name of a volume.`,
      'Write "type: bind" for a path.',
    );
  const subpath = volume && reader.text(get(volume, 'subpath'), 'subpath');
  if (subpath !== undefined && (subpath.startsWith('/') || subpath.split('/').includes('..')))
    return reader.error(at, 'mount', `The subpath ${JSON.stringify(subpath)} leads out of the volume.`);
  return {
    type: 'volume',
    target,
    readOnly,
    noCopy: (volume && reader.boolean(get(volume, 'nocopy'), 'nocopy')) ?? false,
    at,
    ...(source === undefined ? {} : { volume: source }),
    ...(subpath === undefined ? {} : { subpath }),
  };
};

const tmpfsMount = (reader: Reader, node: MapNode, { target, readOnly }: Common): MountSpec => {
  const tmpfs = reader.map(get(node, 'tmpfs'), 'tmpfs');
  if (tmpfs) reader.knownKeys(tmpfs, 'tmpfs', ['size', 'mode']);
  const sizeBytes = tmpfs && reader.bytes(get(tmpfs, 'size'), 'size');
  const mode = tmpfs && readMode(reader, get(tmpfs, 'mode'));
  return {
    type: 'tmpfs',
    target,
    readOnly,
    at: node.at,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(mode === undefined ? {} : { mode }),
  };
};

/** File modes are octal, quoted or not: `0440`, `"0440"` and `0o440` are the same. */
export const readMode = (reader: Reader, node: Node | undefined): number | undefined => {
  if (node?.kind !== 'scalar')
    return node && reader.error(node.at, 'type', 'mode must be octal digits, such as 0440.');
  const written = node.quoted ? (reader.text(node, 'mode') ?? '') : node.text;
  const match = /^(?:0o?)?([0-7]{1,4})$/.exec(written.trim());
  if (!match?.[1])
    return reader.error(
      node.at,
      'type',
      `mode must be octal digits such as 0440, not ${JSON.stringify(written)}.`,
    );
  return Number.parseInt(match[1], 8);
};

/** `tmpfs: /run` or `[/run:size=64m,mode=1777]`. */
const readTmpfs = (reader: Reader, node: Node | undefined): MountSpec[] => {
  if (node === undefined) return [];
  const items = node.kind === 'list' ? node.items : [node];
  return items.flatMap((item): MountSpec[] => {
    const text = reader.text(item, 'tmpfs');
    if (text === undefined) return [];
    const colon = text.indexOf(':');
    const target = containerPath(reader, colon < 0 ? text : text.slice(0, colon), item.at);
    const options = colon < 0 ? '' : text.slice(colon + 1);
    return target === undefined
      ? []
      : [{ type: 'tmpfs', target, readOnly: false, at: item.at, ...(options === '' ? {} : { options }) }];
  });
};
