/** Secrets are references: planted values reach the container, and nothing else in the world. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { needed } from '../host/environment.ts';
import { Site, until } from './site.ts';

const canary = (): string => `canary${randomBytes(8).toString('hex')}`;

describe('secrets', () => {
  let site: Site;
  const planted = {
    FROM_WORKER: canary(),
    FROM_DOTENV: canary(),
    FROM_ENV_FILE: canary(),
    FROM_FILE: canary(),
    FROM_VARIABLE: canary(),
  };
  const values = Object.values(planted);
  const seen: string[] = [];
  const typed = async (...args: string[]) => {
    const answer = await site.baton(...args);
    seen.push(answer.out, answer.err);
    return answer;
  };
  const stack = (command: string): string => `
name: vault
services:
  app:
    image: \${IMAGE}
    command: [sh, -c, "${command}", "\${FROM_WORKER}"]
    stop_signal: SIGKILL
    environment:
      A: "\${FROM_WORKER:?must be set}"
      B: "x\${FROM_DOTENV}y"
      CHANGED: "\${CHANGED:-}"
    env_file: [app.env]
    secrets: [file_secret, variable_secret]
    configs: [conf]
    labels: {note: "\${FROM_DOTENV}"}
    healthcheck: {test: ["CMD-SHELL", "test -n $$A"]}
secrets:
  file_secret: {file: ./secret.txt}
  variable_secret: {environment: FROM_VARIABLE}
configs:
  conf: {content: "password=\${FROM_WORKER}"}
x-baton:
  min_healthy_time: 200ms
  healthy_deadline: 10s
  files: [{path: ${site.files}/route.yml, content: "token: \${FROM_WORKER}", mode: 0600}]
`;

  before(async () => {
    site = await Site.open('podman', 'btrfs', {
      FROM_WORKER: planted.FROM_WORKER,
      FROM_VARIABLE: planted.FROM_VARIABLE,
    });
    await site.write('.env', `FROM_DOTENV=${planted.FROM_DOTENV}\n`);
    await site.write('app.env', `FROM_ENV_FILE=${planted.FROM_ENV_FILE}\n`);
    await site.write('secret.txt', planted.FROM_FILE);
  });
  after(async () => {
    await site.close();
  });

  test('reach the container by environment, file and configuration', async () => {
    await site.write('vault.yml', stack('sleep 1000'));
    const { code, out, err } = await typed('deploy', 'vault.yml');
    assert.equal(code, 0, out + err);
    const inside = await site.cli(
      'exec',
      'vault-app-1',
      'sh',
      '-c',
      'echo $A $B $FROM_ENV_FILE; cat /run/secrets/file_secret /run/secrets/variable_secret /conf',
    );
    for (const value of values) assert.ok(inside.includes(value));
    assert.equal(await readFile(join(site.files, 'route.yml'), 'utf8'), `token: ${planted.FROM_WORKER}`);
  });

  test('are on no command line of this machine while a deploy runs', async () => {
    await site.write('vault.yml', stack('sleep 1000').replace('CHANGED:-}', 'CHANGED:-yes}'));
    const running = typed('deploy', 'vault.yml');
    const lines = new Set<string>();
    let done = false;
    void running.then(() => (done = true));
    await until('the deploy to end', async () => {
      const { stdout } = await execa('ps', ['-eo', 'args']);
      // The container's own command holds a value because the stack's author wrote it there.
      for (const line of stdout.split('\n')) if (!line.startsWith('sh -c sleep')) lines.add(line);
      return done;
    });
    assert.equal((await running).code, 0);
    for (const line of lines) for (const value of values) assert.ok(!line.includes(value), line);
  });

  test('are in no report, also where the program prints them and crashes', async () => {
    await site.write('vault.yml', stack('env; cat /run/secrets/*; echo $0; exit 1'));
    const { code } = await typed('deploy', 'vault.yml');
    assert.equal(code, 3);
    assert.equal((await typed('events', 'vault', '--json')).code, 0);
  });

  test('are in no answer of plan, status, releases or validate', async () => {
    await typed('plan', 'vault.yml', '--json');
    await typed('plan', 'vault.yml', '-o', 'plan.json');
    await typed('status', 'vault', '--json');
    await typed('releases', 'vault', '--json');
    await typed('validate', 'vault.yml', '--json');
    seen.push(await readFile(join(site.files, 'plan.json'), 'utf8'));
    for (const text of seen) for (const value of values) assert.ok(!text.includes(value), text);
  });

  test('are in no history, decoded or not', async () => {
    const connection = await Connection.connect({ address: needed('BATON_TEST_TEMPORAL') });
    const client = new Client({ connection });
    let histories = 0;
    for await (const { workflowId, runId, taskQueue } of client.workflow.list()) {
      if (!taskQueue.endsWith(site.host)) continue;
      const json = historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory());
      const decoded = [...json.matchAll(/"data":\s*"([^"]+)"/g)].map(([, data]) =>
        Buffer.from(data ?? '', 'base64').toString('utf8'),
      );
      for (const text of [json, ...decoded])
        for (const value of values) assert.ok(!text.includes(value), workflowId);
      histories += 1;
    }
    await connection.close();
    assert.ok(histories >= 3, `only ${histories} histories were found`);
  });

  test('are in no log, and on the disk only in files that their owner alone reads', async () => {
    for (const value of values) assert.ok(!site.workerLog.includes(value));
    const state = join(site.files, '.state');
    for (const entry of await readdir(state, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.parentPath.includes('/contents/')) continue;
      const path = join(entry.parentPath, entry.name);
      const text = await readFile(path, 'utf8');
      // What `x-baton.files` replaced is kept for the undo, in a directory of mode 0700.
      if (path.includes('/files/')) continue;
      for (const value of values) assert.ok(!text.includes(value), path);
    }
  });

  test('that are missing are all named at once, and nothing is touched', async () => {
    const before = await site.containers('vault');
    await site.write(
      'vault.yml',
      stack('sleep 1000').replaceAll('FROM_WORKER', 'NOT_SET').replace('./secret.txt', './no.txt'),
    );
    const { code, report } = await site.report('deploy', 'vault.yml');
    assert.equal(code, 1);
    const problems = JSON.stringify(report['problems']);
    assert.match(problems, /NOT_SET/);
    assert.match(problems, /no\.txt/);
    assert.deepEqual(await site.containers('vault'), before);
  });
});
