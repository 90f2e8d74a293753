/** A person's own command, as a real process: run once, its output kept, and ended with all that it started. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { openCommands } from '../../activities/commands.ts';
import { markOf } from '../../activities/processes.ts';
import type { GuardedCommand } from '../../domain/commands.ts';
import type { OperationId } from '../../domain/names.ts';
import { until } from '../e2e/site.ts';

const never = new AbortController().signal;
const newOperation = (): OperationId => randomBytes(4).toString('hex') as OperationId;

describe('guarded commands', () => {
  let place: string;
  let file: string;
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'baton-commands-'));
    // Another user writes here too.
    await chmod(place, 0o777);
    file = join(place, 'ran');
  });
  afterEach(async () => {
    await rm(place, { recursive: true });
  });

  const environment = {
    PATH: process.env['PATH'],
    TOKEN: 'correct-horse',
    OTHER: 'battery-staple',
    SHORT: 'on',
  };
  const commands = () => openCommands(join(place, 'state'), environment);
  const shell = (text: string, more: Partial<GuardedCommand> = {}): GuardedCommand => ({
    args: [text],
    shell: true,
    directory: place,
    variables: [],
    timeoutMs: 60_000,
    outputLimitBytes: 2 ** 20,
    ...more,
  });
  const pidIn = async (name: string): Promise<number> => {
    await until(name, async () => (await readFile(join(place, name), 'utf8').catch(() => '')).endsWith('\n'));
    return Number(await readFile(join(place, name), 'utf8'));
  };
  /** One that only waits to be noticed by its parent has ended. */
  const lives = async (pid: number): Promise<boolean> => {
    const about = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
    return !about.includes(') Z');
  };

  test('tells the exit code, and keeps both kinds of output in the order in which they came', async () => {
    const end = await commands().run(
      newOperation(),
      shell('echo one; echo two >&2; echo three; exit 7'),
      never,
    );
    assert.equal(end.how, 'exited');
    assert.equal(end.exitCode, 7);
    assert.equal(end.tail, 'one\ntwo\nthree');
    assert.equal(await readFile(end.log, 'utf8'), 'one\ntwo\nthree\n');
    assert.equal((await stat(end.log)).mode & 0o777, 0o600);
  });

  test('arguments arrive as they are, without a shell', async () => {
    const args = ['printf', '[%s]', '$HOME', 'a b', '*', ';true', ''];
    const end = await commands().run(newOperation(), { ...shell(''), args, shell: false }, never);
    assert.equal(end.tail, '[$HOME][a b][*][;true][]');
  });

  test('asked again, it tells how it ended and runs nothing', async () => {
    const operation = newOperation();
    const first = await commands().run(operation, shell(`echo x >> ${file}; exit 3`), never);
    assert.deepEqual(await commands().run(operation, shell(`echo x >> ${file}; exit 3`), never), first);
    assert.equal(await readFile(file, 'utf8'), 'x\n');
  });

  test('gets nothing of the environment but what is named, and the plain variables', async () => {
    const end = await commands().run(
      newOperation(),
      shell('echo "$TOKEN/$OTHER/${PATH:+path}"', { variables: ['SHORT'] }),
      never,
    );
    assert.equal(end.tail, '//path');
  });

  test('values of named variables are taken out of the last lines', async () => {
    const end = await commands().run(
      newOperation(),
      shell('echo "t=$TOKEN s=$SHORT"', { variables: ['TOKEN', 'SHORT'] }),
      never,
    );
    assert.equal(end.tail, 't=••• s=on');
  });

  test('the last lines are as a terminal would show them in the end', async () => {
    const end = await commands().run(
      newOperation(),
      shell(`printf '\\033[31mred\\033[0m\\n10%%\\r50%%\\r100%%\\nlast  \\n'`),
      never,
    );
    assert.equal(end.tail, 'red\n100%\nlast');
  });

  test('of much output the last 20 lines are told', async () => {
    const end = await commands().run(newOperation(), shell('seq 1000'), never);
    assert.equal(end.tail, Array.from({ length: 20 }, (_, n) => n + 981).join('\n'));
  });

  test('a program that is not there is told as such', async () => {
    const end = await commands().run(
      newOperation(),
      { ...shell(''), args: ['no-such-program'], shell: false },
      never,
    );
    assert.equal(end.how, 'not-started');
    assert.match(end.why ?? '', /ENOENT/);
  });

  test('one that is killed from outside is told by which signal', async () => {
    const end = await commands().run(newOperation(), shell('kill -KILL $$'), never);
    assert.deepEqual([end.how, end.why], ['killed', 'SIGKILL']);
  });

  test('runs as another user, who has no other groups', async () => {
    const end = await commands().run(newOperation(), shell('id -un; id -G', { user: 'nobody' }), never);
    assert.match(end.tail, /^nobody\n65534$/);
  });

  test('is ended after its time, with all that it has started, also in a session of its own', async () => {
    const text = 'setsid sh -c "echo \\$\\$ > child; sleep 1000" & echo $$ > parent; sleep 1000';
    const end = await commands().run(newOperation(), shell(text, { timeoutMs: 800 }), never);
    assert.equal(end.how, 'timed-out');
    assert.ok(!(await lives(await pidIn('parent'))) && !(await lives(await pidIn('child'))));
  });

  test('is ended when it prints too much', async () => {
    const end = await commands().run(newOperation(), shell('yes', { outputLimitBytes: 10_000 }), never);
    assert.equal(end.how, 'too-much-output');
  });

  test('is ended, and killed where it does not listen, when the operation is asked to stop', async () => {
    const asked = new AbortController();
    const running = commands().run(
      newOperation(),
      shell('trap "" TERM; echo $$ > parent; while true; do sleep 1; done'),
      asked.signal,
    );
    const pid = await pidIn('parent');
    asked.abort(new Error('stop'));
    await assert.rejects(running, /stop/);
    assert.ok(!(await lives(pid)));
  });

  describe('of a worker that died', () => {
    const operation = newOperation();
    let worker: ChildProcess;
    afterEach(() => {
      worker.kill('SIGKILL');
    });

    /** What a dead worker leaves: the note that it began, and the processes. */
    const leave = async (text: string): Promise<void> => {
      const program = `
        import { openCommands } from ${JSON.stringify(new URL('../../activities/commands.ts', import.meta.url).href)};
        const never = new AbortController().signal;
        await openCommands(${JSON.stringify(join(place, 'state'))}, process.env).run('${operation}', ${JSON.stringify(shell(text))}, never);`;
      await writeFile(join(place, 'worker.mjs'), program);
      worker = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(place, 'worker.mjs')], {
        stdio: 'inherit',
      });
    };

    test('it is found, ended, and told as lost; its output is kept; it is not run again', async () => {
      await leave(`echo x >> ran; echo before; echo $$ > parent; env -i sleep 1000`);
      const pid = await pidIn('parent');
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      assert.ok(await lives(pid), 'it outlives its worker');
      const end = await commands().run(operation, shell('echo x >> ran'), never);
      assert.equal(end.how, 'lost');
      assert.equal(end.tail, 'before');
      assert.ok(!(await lives(pid)));
      assert.equal(await readFile(file, 'utf8'), 'x\n');
    });
  });

  test('processes of another operation are left alone', async () => {
    const other = spawn('sleep', ['1000'], {
      env: { PATH: process.env['PATH'], ...markOf(newOperation()) },
      detached: true,
    });
    await commands().run(newOperation(), shell('sleep 1000', { timeoutMs: 300 }), never);
    assert.ok(await lives(other.pid ?? -1));
    other.kill('SIGKILL');
    await once(other, 'exit');
  });

  test('says where a program lies, before it is run', async () => {
    const where = async (...args: string[]) => await commands().whereIs({ ...shell(''), args, shell: false });
    await writeFile(join(place, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
    await writeFile(join(place, 'text'), '', { mode: 0o644 });
    assert.match((await where('ls')) ?? '', /\/ls$/);
    assert.equal(await where('./tool'), join(place, 'tool'));
    assert.equal(await where('tool'), undefined);
    assert.equal(await where(place), undefined);
    assert.equal(await commands().whereIs(shell('anything')), '/bin/sh');
    assert.equal(await commands().whereIs(shell('anything', { directory: join(place, 'gone') })), undefined);
  });
});
