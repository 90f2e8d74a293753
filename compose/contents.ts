/** `secrets:` and `configs:` of a service. */
import { posix } from 'node:path';
import type { ContentMount } from '../domain/stack.ts';
import { readMode } from './mounts.ts';
import type { Reader } from './reader.ts';
import { get, type Node } from './tree.ts';

/** Where the specification puts them: secrets under `/run/secrets`, configs at the root. */
const directories = { secrets: '/run/secrets', configs: '/' } as const;

export const readContentMounts = (
  reader: Reader,
  node: Node | undefined,
  what: keyof typeof directories,
): ContentMount[] =>
  reader.items(node, what).flatMap((item): ContentMount[] => {
    const map = item.kind === 'map' ? item : undefined;
    if (map) reader.knownKeys(map, what, ['source', 'target', 'uid', 'gid', 'mode']);
    const source = reader.text(map ? get(map, 'source') : item, 'source');
    if (source === undefined) {
      if (map) reader.error(map.at, 'content', `An entry of ${what} needs a source.`);
      return [];
    }
    const written = (map && reader.text(get(map, 'target'), 'target')) ?? source;
    const target = posix.resolve(directories[what], written);
    if (written.split('/').includes('..')) {
      reader.error(item.at, 'path-escapes', `The target ${JSON.stringify(written)} must not hold "..".`);
      return [];
    }
    const [uid, gid] = ['uid', 'gid'].map((key) => (map ? reader.text(get(map, key), key) : undefined));
    const mode = map && readMode(reader, get(map, 'mode'));
    for (const id of [uid, gid])
      if (id !== undefined && !/^\d+$/.test(id))
        reader.error(item.at, 'content', `uid and gid are numbers, not ${JSON.stringify(id)}.`);
    return [
      {
        source,
        target,
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
        ...(mode === undefined ? {} : { mode }),
      },
    ];
  });
