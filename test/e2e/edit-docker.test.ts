/** `baton edit` as a person types it, on a real engine, with containers that read the files. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../../setup/local.ts';
import { get, Site, until, type Container } from './site.ts';

const baton = join(import.meta.dirname, '..', '..', 'bin', 'baton');

describe('baton edit', () => {
  let site: Site;
  let data: string;
  let page: string;
  let motd: string;
  const ports = { web: 0, alone: 0 };

  before(async () => {
    // What the editor does is written by each test.
    site = await Site.open('docker', 'btrfs', { VISUAL: 'sh editor.sh' });
    data = join(site.data, 'conf');
    page = join(data, 'page.yml');
    motd = join(data, 'motd.txt');
    ports.web = await freePort();
    ports.alone = await freePort();
    await mkdir(data);
    await writeFile(page, 'title: old\n');
    await writeFile(motd, 'first\n');
    await chmod(page, 0o640);
    await site.write(
      'desk.yml',
      `
name: desk
services:
  web:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /conf]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/conf:/conf:ro"]
    ports: ["127.0.0.1:${ports.web}:80"]
  alone:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /www]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/conf/motd.txt:/www/motd.txt:ro"]
    ports: ["127.0.0.1:${ports.alone}:80"]
x-baton: {min_healthy_time: 100ms}
`,
    );
    const deployed = await site.baton('deploy', 'desk.yml');
    assert.equal(deployed.code, 0, deployed.out + deployed.err);
  });
  after(async () => {
    await site.close();
  });

  const editor = async (script: string): Promise<void> => {
    await site.write('editor.sh', script);
  };
  const containers = async (): Promise<Record<string, Container>> =>
    Object.fromEntries(
      (await site.containers('desk')).map((one) => [one.name.replace(/^desk-|-1$/g, ''), one]),
    );
  const served = async (which: 'web' | 'alone', file: string): Promise<string> =>
    await get(`http://127.0.0.1:${ports[which]}/${file}`);
  /** At a terminal: each answer is typed once its question is there. @returns all that was shown. */
  const typed = async (line: string, answers: Record<string, string>): Promise<string> => {
    const terminal = execa('script', ['-qec', line, '/dev/null'], {
      cwd: site.files,
      env: site.environment,
      reject: false,
      stdin: 'pipe',
    });
    let shown = '';
    const open = new Map(Object.entries(answers));
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      for (const [question, answer] of open)
        if (shown.includes(question)) {
          open.delete(question);
          terminal.stdin.write(`${answer}\n`);
        }
    });
    await terminal;
    return shown;
  };
  const draftIn = (text: string): string => /Your text is kept: (\S+)/.exec(text)?.[1] ?? '';

  test('puts a good edit in place at once, with the owner and mode that the file had', async () => {
    await editor('sed -i s/old/new/ "$1"');
    const was = await containers();
    const { code, out } = await site.baton('edit', page, '--yes');
    assert.equal(code, 0, out);
    assert.match(out, /^-title: old\n\+title: new$/m);
    assert.equal(await served('web', 'page.yml'), 'title: new\n');
    assert.equal((await stat(page)).mode & 0o777, 0o640);
    assert.equal((await containers())['web']?.startedAt, was['web']?.startedAt);
  });

  test('shows a mistake with its line before anything is touched, and keeps the text', async () => {
    await editor('printf "more: [\\n" >> "$1"');
    const before = await stat(page);
    const { code, out, err } = await site.baton('edit', page, '--yes');
    assert.equal(code, 1);
    assert.match(out, /page\.yml:3:1: /);
    assert.match(err, /Nothing was changed/);
    assert.equal((await stat(page)).ino, before.ino);
    assert.equal(await readFile(draftIn(err), 'utf8'), 'title: new\nmore: [\n');
  });

  test('takes an edit back that a check refuses; what saw it change beneath it goes on running', async () => {
    await editor('sed -i s/new/newer/ "$1"');
    const was = await containers();
    const { code, report } = await site.report(
      'edit',
      page,
      '--yes',
      '--validate',
      `http://127.0.0.1:${ports.web}/page.yml contains=newest`,
    );
    assert.equal(code, 3);
    assert.equal(report['outcome'], 'rolled-back');
    assert.match((report['failure'] as { message: string }).message, /does not contain "newest"/);
    assert.equal(await served('web', 'page.yml'), 'title: new\n');
    assert.equal((await stat(page)).mode & 0o777, 0o640);
    assert.deepEqual(await containers(), was);
    const [put] = report['data'] as { did: string; failedState?: object }[];
    assert.ok(put?.did === 'restored' && put.failedState);
  });

  test('restarts a container that mounts the file by itself, and would see the old one for ever', async () => {
    await editor('echo second > "$1"');
    const was = await containers();
    const dry = await site.baton('edit', motd, '--dry-run');
    assert.match(dry.out, /Restart\n {2}container "desk-alone-1"/);
    const { code, out } = await site.baton('edit', motd, '--yes');
    assert.equal(code, 0, out);
    await until('the new text', async () => (await served('alone', 'motd.txt')) === 'second\n');
    const now = await containers();
    assert.notEqual(now['alone']?.startedAt, was['alone']?.startedAt);
    assert.equal(now['web']?.startedAt, was['web']?.startedAt);
  });

  test('and restarts it with the old text where a check refuses the new one', async () => {
    await editor('echo third > "$1"');
    const { code } = await site.baton(
      'edit',
      motd,
      '--yes',
      '--validate',
      'exec::false',
      '--validate-within',
      '1s',
    );
    assert.equal(code, 3);
    assert.equal(await readFile(motd, 'utf8'), 'second\n');
    await until('the old text', async () => (await served('alone', 'motd.txt')) === 'second\n');
  });

  test('does nothing where a file was changed meanwhile, and says where the text is', async () => {
    await editor(`sed -i s/new/mine/ "$1"; echo theirs: 1 >> ${page}`);
    const { code, out } = await site.baton('edit', page, '--yes');
    assert.equal(code, 1);
    assert.match(out, /changed by someone else while you edited it/);
    assert.match(out, /Your text is in \S+page\.yml/);
    assert.equal(await readFile(page, 'utf8'), 'title: new\ntheirs: 1\n');
  });

  test('says so where there is nothing to do, and where it cannot be done', async () => {
    await editor('true');
    assert.match((await site.baton('edit', page)).out, /^Nothing was changed/);
    await editor('exit 7');
    assert.match((await site.baton('edit', page)).err, /ended with exit code 7. Nothing was changed/);
    assert.match(
      (await site.baton('edit', join(data, 'none.yml'))).err,
      /none\.yml cannot be edited: .*ENOENT/,
    );
    assert.match((await site.baton('edit', data)).err, /cannot be edited: .*EISDIR/);
    // Nobody is there to agree.
    await editor('echo more: 1 >> "$1"');
    const unanswered = await site.baton('edit', page);
    assert.equal(unanswered.code, 1);
    assert.ok((await readFile(draftIn(unanswered.err), 'utf8')).endsWith('more: 1\n'));
  });

  test('a typo in a Traefik middleware is told with its line, edited again, and then put in place', async () => {
    const lines = [
      'http:',
      '  middlewares:',
      ...Array.from({ length: 38 }, (_, index) => `    # ${index + 1}`),
      '    limit:',
      '      rateLimit: {average: 100}',
    ];
    const file = join(data, 'traefik', 'middleware.yml');
    await mkdir(join(file, '..'));
    await writeFile(file, `${lines.join('\n')}\n`);
    // The first time with a slip of the finger, the second time right.
    await editor(
      'grep -q rateLimt "$1" && sed -i s/rateLimt/rateLimit/ "$1" || sed -i "s/rateLimit: {average: 100}/rateLimt: {average: 50}/" "$1"',
    );
    const shown = await typed(`${baton} edit ${file}`, { 'Edit again?': 'e', 'Put this in place?': 'y' });
    assert.match(
      shown,
      /middleware\.yml:42:7: "rateLimt" is not a key of http\.middlewares\.limit\. Did you mean "rateLimit"\?/,
    );
    assert.match(shown, /Edit again\?[\s\S]*Put this in place\?[\s\S]*Done/);
    assert.equal((await readFile(file, 'utf8')).split('\n')[41], '      rateLimit: {average: 50}');
  });
});
