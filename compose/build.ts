/** `build:`, as text or as a mapping. */
import { isAbsolute, relative, resolve } from 'node:path';
import type { BuildSpec } from '../domain/stack.ts';
import { checkKeys } from './keys.ts';
import type { Reader } from './reader.ts';
import { get, isNull, type Node } from './tree.ts';

export const readBuild = (reader: Reader, node: Node | undefined): BuildSpec | undefined => {
  if (node === undefined || isNull(node)) return undefined;
  const base = { args: {}, labels: {}, noCache: false, pull: false, extraHosts: [], tags: [] };
  if (node.kind === 'scalar') {
    const context = contextPath(reader, node);
    return context === undefined ? undefined : { ...base, context };
  }
  const map = reader.map(node, 'build');
  if (!map) return undefined;
  checkKeys(reader, map, 'build');
  const context = contextPath(reader, get(map, 'context')) ?? reader.absolute('.', map.at);
  const dockerfile = reader.text(get(map, 'dockerfile'), 'dockerfile');
  const inline = reader.template(get(map, 'dockerfile_inline'), 'dockerfile_inline');
  if (context === undefined) return undefined;
  if (dockerfile !== undefined && inline !== undefined)
    reader.error(map.at, 'build', '"dockerfile" and "dockerfile_inline" exclude each other.');
  if (dockerfile !== undefined && escapes(context, dockerfile))
    reader.error(
      get(map, 'dockerfile')?.at ?? map.at,
      'path-escapes',
      `The dockerfile ${JSON.stringify(dockerfile)} lies outside the context ${context}, which is all an engine sees.`,
    );
  const target = reader.text(get(map, 'target'), 'target');
  const network = reader.text(get(map, 'network'), 'network');
  const shmSizeBytes = reader.bytes(get(map, 'shm_size'), 'shm_size');
  return {
    context,
    args: reader.templates(get(map, 'args'), 'args'),
    labels: reader.pairs(get(map, 'labels'), 'labels'),
    noCache: reader.boolean(get(map, 'no_cache'), 'no_cache') ?? false,
    pull: reader.boolean(get(map, 'pull'), 'pull') ?? false,
    extraHosts: Object.entries(reader.pairs(get(map, 'extra_hosts'), 'extra_hosts')).map(
      ([host, address]) => ({ host, address }),
    ),
    tags: reader.texts(get(map, 'tags'), 'tags'),
    ...(dockerfile === undefined ? {} : { dockerfile }),
    ...(inline === undefined ? {} : { dockerfileInline: inline }),
    ...(target === undefined ? {} : { target }),
    ...(network === undefined ? {} : { network }),
    ...(shmSizeBytes === undefined ? {} : { shmSizeBytes }),
  };
};

const contextPath = (reader: Reader, node: Node | undefined): string | undefined => {
  const text = reader.text(node, 'context');
  if (node === undefined || text === undefined) return undefined;
  if (/^(?:https?:|git:|ssh:|git@|github\.com\/)/.test(text))
    return reader.error(
      node.at,
      'unsupported-key',
      `The build context ${JSON.stringify(text)} is remote; Baton builds from directories only.`,
      'Clone it beside the file and name the directory.',
    );
  return reader.absolute(text, node.at);
};

const escapes = (context: string, path: string): boolean => {
  const way = relative(context, resolve(context, path));
  return way.startsWith('..') || isAbsolute(way);
};
