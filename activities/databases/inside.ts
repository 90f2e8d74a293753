/**
 * Inside a database's container: its own tools, run by its own shell, with the passwords that it has in its own environment.
 * None of these is ever on a command line of the host, or comes out.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { DumpPart } from '../../domain/dump.ts';
import { isNoSpace } from '../errno.ts';
import type { Engine } from '../ports/engine.ts';
import { SnapshotError } from '../ports/snapshots.ts';

/** What a tool answers to a question is short; more than this is no answer. */
const answerLimitBytes = 4 * 2 ** 20;
/** Lines of a tool's complaint that are told. */
const toldLines = 3;

/**
 * Shell: a client's password, where its own `variable` does not give it, is the server's, as `names` give it, or files that
 * `NAME_FILE` tell.
 */
export const passwordInto = (variable: string, names: readonly string[]): string => `
if [ -z "\${${variable}:-}" ]; then
  ${variable}="${names.reduceRight((others, name) => `\${${name}:-${others}}`, '')}"
  for file in ${names.map((name) => `"\${${name}_FILE:-}"`).join(' ')}; do
    if [ -z "$${variable}" ] && [ -n "$file" ]; then ${variable}="$(cat "$file")"; fi
  done
fi
if [ -n "$${variable}" ]; then export ${variable}; else unset ${variable}; fi`;

export type Inside = {
  engine: Engine;
  container: { id: string; name: string };
  /** Run before each script: where the tools are, and with what they log in. */
  prelude: string;
  /** Takes secrets out of what tools say. */
  redact: (text: string) => string;
  signal?: AbortSignal;
};

/** What a script is for, in words: `pg_dump of "shop"`. `args` are its `$1`, `$2` and so on. */
export type Script = { what: string; script: string; args?: readonly string[] };

/** By this variable the tools of a worker that died are found: see {@link endLeftovers}. Questions do not have it. */
const mark = 'BATON_TOOL=stream';

const commandOf = ({ prelude }: Inside, { script, args = [] }: Script, marked: boolean): string[] => [
  ...['env', ...(marked ? [mark] : []), 'LC_ALL=C'],
  ...['sh', '-ec', `umask 077\n${prelude}\n${script}`, 'baton', ...args],
];

const run = async (
  inside: Inside,
  script: Script,
  streams: { input?: Readable; output?: Writable },
  marked = true,
): Promise<void> => {
  const { engine, container, redact, signal } = inside;
  const { exitCode, errors } = await engine.execStream(container.id, commandOf(inside, script, marked), {
    ...streams,
    ...(signal ? { signal } : {}),
  });
  if (exitCode === 0) return;
  const told = redact(errors).trim().split('\n').slice(-toldLines).join(' ');
  throw new SnapshotError(
    'database',
    `${script.what} in container "${container.name}" ended with exit code ${exitCode}${told === '' ? '.' : `: ${told}`}`,
  );
};

/** @returns what it prints, without the newline at the end. @throws SnapshotError `database` where it ends with another exit code than 0 */
export const ask = async (inside: Inside, script: Script): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      chunks.push(chunk);
      done(
        size > answerLimitBytes
          ? new SnapshotError('database', `${script.what} answered more than ${answerLimitBytes} bytes.`)
          : null,
      );
    },
  });
  await run(inside, script, { output }, false);
  return Buffer.concat(chunks).toString('utf8').replace(/\n$/, '');
};

/** Streams what it prints into a file of the directory. @returns what was written, flushed. */
export const save = async (
  inside: Inside,
  script: Script,
  directory: string,
  part: Pick<DumpPart, 'file' | 'of'>,
): Promise<DumpPart> => {
  const path = join(directory, part.file);
  const output = createWriteStream(path, { mode: 0o600, flags: 'wx' });
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const counted = new Writable({
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      output.write(chunk, done);
    },
    final(done) {
      output.end(done);
    },
    destroy(error, done) {
      output.destroy();
      done(error);
    },
  });
  output.on('error', (error) => counted.destroy(error));
  try {
    await run(inside, script, { output: counted });
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    throw new SnapshotError('no-space', `There is no room for what ${script.what} says (${path}).`, {
      cause: error,
    });
  }
  await flush(path);
  return { ...part, sizeBytes, sha256: hash.digest('hex') };
};

/** Of a part only its first bytes. @returns it as it is then, flushed. */
export const cutOff = async (directory: string, part: DumpPart, sizeBytes: number): Promise<DumpPart> => {
  const path = join(directory, part.file);
  await truncate(path, sizeBytes);
  await flush(path);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return { ...part, sizeBytes, sha256: hash.digest('hex') };
};

const flush = async (path: string): Promise<void> => {
  await using file = await open(path, 'r+');
  await file.sync();
};

/**
 * Streams a file to its stdin. What the script leaves unread is read to the end after it, so that its exit code is heard.
 * @param change of the file on its way in.
 */
export const feed = async (
  inside: Inside,
  { script, ...rest }: Script,
  path: string,
  change: (file: Readable) => Readable = (file) => file,
): Promise<void> => {
  const whole = `trap 'code=$?; cat >/dev/null || :; exit "$code"' EXIT\n${script}`;
  await run(inside, { ...rest, script: whole }, { input: change(createReadStream(path)) });
};

/** @returns what it prints on reading the file; see {@link feed}. */
export const askOf = async (inside: Inside, script: Script, path: string): Promise<string> => {
  const chunks: Buffer[] = [];
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      if (chunks.length > 1_000) chunks.shift();
      done();
    },
  });
  await run(inside, script, { input: createReadStream(path), output });
  return Buffer.concat(chunks).toString('utf8');
};

/** Ends what a worker that died, or a call that was cut off, left running. Not what others run there. */
export const endLeftovers = async (inside: Inside): Promise<void> => {
  const script = `
for process in /proc/[0-9]*; do
  if tr '\\0' '\\n' < "$process/environ" 2>/dev/null | grep -qx '${mark}'; then
    kill "\${process#/proc/}" 2>/dev/null
  fi
done
exit 0`;
  const { engine, container } = inside;
  await engine.exec(container.id, ['sh', '-c', script], { timeoutMs: 30_000 });
};

/** Between two questions whether a server is ready. */
const askEveryMs = 500;

/**
 * @param isReady rejects with a SnapshotError, or says false, as long as it is not; words where it never will be.
 * @throws SnapshotError `database` with these, or with the last answer; what else `isReady` rejects with
 */
export const untilReady = async (
  inside: Inside,
  isReady: () => Promise<boolean | string>,
  deadlineMs: number,
): Promise<void> => {
  const begun = performance.now();
  let last = 'it is not ready for good';
  let ready: boolean | string = false;
  for (;;) {
    inside.signal?.throwIfAborted();
    try {
      ready = await isReady();
    } catch (error) {
      inside.signal?.throwIfAborted();
      if (!(error instanceof SnapshotError)) throw error;
      last = error.message;
    }
    if (ready === true) return;
    if (ready !== false) throw new SnapshotError('database', ready);
    if (performance.now() - begun > deadlineMs)
      throw new SnapshotError(
        'database',
        `The database in container "${inside.container.name}" did not answer within ${deadlineMs / 1000} s: ${last}`,
      );
    await delay(askEveryMs, undefined, inside.signal ? { signal: inside.signal } : {});
  }
};
