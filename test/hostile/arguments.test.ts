/**
 * Argument safety as a property: whatever a value is, every command gets as many arguments as with a plain one, each is either
 * fixed or made of the value whole, and none is a shell's script. An engine's API gets as many segments and parameters.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createServer, type Server } from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dockerEngine } from '../../activities/engines/docker.ts';
import type { Engine } from '../../activities/ports/engine.ts';
import { openSnapshots } from '../../activities/snapshots/index.ts';
import { runInMemory } from '../simulation/run.ts';
import { parseOperationId, parseStackName } from '../../domain/names.ts';
import { snapshotName, type SnapshotName, type SnapshotPurpose } from '../../domain/snapshot.ts';

/** Each is the start of something in some shell, or of an option. */
const pieces = [
  '-',
  '--',
  '-rf',
  ' ',
  '\n',
  '\t',
  ';',
  '&',
  '|',
  '$(id)',
  '`id`',
  '$HOME',
  '*',
  '?',
  '"',
  "'",
  '\\',
  '>',
  '~',
  '#',
  '%s',
  '=',
  'é',
  '🦊',
  '{}',
  '!',
];
const name = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'grapheme', maxLength: 4 })), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.join('').replaceAll(/[/\0]/g, ''))
  // A directory's name: not empty, not one of the two that every directory has, and short enough for a disk.
  .filter((text) => text !== '' && text !== '.' && text !== '..' && Buffer.byteLength(text) < 100);

const nameOf = (purpose: SnapshotPurpose): SnapshotName => {
  const stack = parseStackName('photos');
  const operation = parseOperationId('0123abcd');
  assert.ok(stack && operation);
  return snapshotName({ stack, operation, purpose, takenAt: '2026-01-01T00:00:00Z' });
};

describe('arguments of commands', () => {
  let root: string;
  let count = 0;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'baton-arguments-'));
  });
  after(async () => {
    await rm(root, { recursive: true });
  });

  /** Every command of a snapshot's life, with what the value makes of it marked. */
  const commandsFor = async (value: string): Promise<string[][]> => {
    count += 1;
    const directory = join(root, String(count));
    const path = join(directory, value);
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'rows'), 'one');
    const commands: string[][] = [];
    const snapshots = openSnapshots({
      run: async (command, args) => {
        commands.push(
          [command, ...args].map((argument) =>
            argument
              .replaceAll(join(directory, '.baton-snapshots', value), '<snapshots>')
              .replaceAll(path, '<path>')
              .replaceAll(directory, '<directory>')
              .replaceAll(/inode\d+/g, '<inode>'),
          ),
        );
        return await runInMemory(command, args);
      },
    });
    await snapshots.inspect(path, { sizeLimitBytes: 2 ** 20 });
    const taken = await snapshots.take(path, nameOf('before'), 'copy');
    await snapshots.restore(taken, nameOf('failed'));
    await snapshots.clear(path, nameOf('undone'));
    for (const one of await snapshots.list(path)) await snapshots.remove(one);
    return commands;
  };

  test('a path is one argument, whatever is in its name', async () => {
    const plain = await commandsFor('plain');
    assert.ok(plain.length > 10);
    for (const [command] of plain) assert.ok(command !== 'sh' && command !== 'bash', command);
    await fc.assert(
      fc.asyncProperty(name, async (value) => {
        assert.deepEqual(await commandsFor(value), plain);
      }),
      { numRuns: 200 },
    );
  });
});

describe('requests to an engine', () => {
  let server: Server;
  let engine: Engine;
  let directory: string;
  const asked: URL[] = [];
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-engine-'));
    server = createServer((request, response) => {
      asked.push(new URL(request.url ?? '', 'http://engine'));
      response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"message": "no such thing"}');
    });
    const socket = join(directory, 'engine.sock');
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    engine = dockerEngine(socket);
  });
  after(async () => {
    await engine.close();
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true });
  });

  /** What was asked, with every segment and parameter that is the value marked. */
  const requestsFor = async (value: string): Promise<string[][]> => {
    asked.length = 0;
    await engine.inspectContainer(value);
    await engine.inspectImage(value);
    await engine.inspectNetwork(value);
    await engine.inspectVolume(value);
    await engine.untagImage(value);
    await engine.removeNetwork(value);
    await engine.removeVolume(value);
    await engine.removeContainer(value);
    await engine.listContainers({ labels: [value] }).catch(() => undefined);
    return asked.map(({ pathname, searchParams }) => [
      ...pathname.split('/').map((segment) => (decodeURIComponent(segment) === value ? '<value>' : segment)),
      ...[...searchParams].map(
        ([key, parameter]) => `${key}=${parameter.replaceAll(JSON.stringify(value), '<value>')}`,
      ),
    ]);
  };

  test('a name is one segment, whatever is in it', async () => {
    const plain = await requestsFor('plain');
    assert.ok(plain.length >= 8, String(plain.length));
    assert.ok(
      plain.every((parts) => parts.some((part) => part.includes('<value>'))),
      JSON.stringify(plain),
    );
    await fc.assert(
      fc.asyncProperty(name, async (value) => {
        assert.deepEqual(await requestsFor(value), plain);
      }),
      { numRuns: 300 },
    );
  });
});
