/** `baton guard` as a person types it, on a real engine and real btrfs, with a container that uses the data. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../../setup/local.ts';
import { fingerprint, get, Site, until, type Container } from './site.ts';

const token = 'correct-horse-battery';

describe('baton guard', () => {
  let site: Site;
  let data: string;
  let port: number;
  let original: string[];
  let container: Container;

  before(async () => {
    site = await Site.open('podman', 'btrfs', { TOKEN: token });
    data = join(site.data, 'wiki');
    port = await freePort();
    await execa('btrfs', ['subvolume', 'create', data]);
    await writeFile(join(data, 'index.html'), 'first page\n');
    await mkdir(join(data, 'private'), { mode: 0o700 });
    await writeFile(join(data, 'private', 'key'), Buffer.from([0, 1, 2, 3]), { mode: 0o600 });
    await site.write(
      'wiki.yml',
      `
name: wiki
services:
  web:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /data]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/wiki:/data:ro"]
    ports: ["127.0.0.1:${port}:80"]
    x-baton: {probe: {http: ":80/index.html"}}
x-baton: {min_healthy_time: 100ms}
`,
    );
    const deployed = await site.baton('deploy', 'wiki.yml');
    assert.equal(deployed.code, 0, deployed.out + deployed.err);
    original = await fingerprint(data);
    container = await theContainer();
  });
  after(async () => {
    await site.close();
  });

  const theContainer = async (): Promise<Container> => {
    const [only] = await site.containers('wiki');
    assert.ok(only);
    return only;
  };
  const page = async (): Promise<string> => await get(`http://127.0.0.1:${port}/index.html`);
  /** As `site.report`; here what stands last is the command. */
  const guard = async (...args: string[]) => {
    const answer = await site.baton('guard', '--json', '--data', data, ...args);
    const last = answer.out.trim().split('\n').at(-1) ?? '{}';
    return { ...answer, report: (last.startsWith('{') ? JSON.parse(last) : {}) as Record<string, unknown> };
  };

  /** The same data, the same container, and it serves. */
  const assertAsBefore = async (): Promise<void> => {
    assert.deepEqual(await fingerprint(data), original);
    const now = await theContainer();
    assert.deepEqual([now.id, now.name, now.running], [container.id, container.name, true]);
    assert.equal(await page(), 'first page\n');
  };

  test('a dry run names the data, who uses it, and what would be done, and does nothing', async () => {
    const { code, out } = await site.baton(
      'guard',
      '--data',
      data,
      '--auto-rollback',
      '--dry-run',
      '--',
      'rm',
      '-r',
      data,
    );
    assert.equal(code, 0);
    for (const words of [data, 'btrfs snapshot', `"${container.name}"`, `rm -r ${data}`, '"wiki" is locked'])
      assert.ok(out.includes(words), `${words} in:\n${out}`);
    await assertAsBefore();
    assert.equal((await theContainer()).startedAt, container.startedAt);
  });

  test('a command that fails: data, container and page are as before; told are exit code, last lines, changes, and where the failed state is', async () => {
    const text = `echo broken > ${data}/index.html; printf '\\000\\001' > ${data}/private/key; echo 'no good' >&2; exit 3`;
    const { code, report } = await guard('--auto-rollback', '--operation', 'new page', '--shell', '--', text);
    assert.equal(code, 3);
    const {
      outcome,
      command,
      failure,
      files,
      data: outcomes,
    } = report as {
      outcome: string;
      command: { exitCode: number; log: string };
      failure: { logTail: string };
      files: { files: { path: string; change: string }[]; file: string };
      data: { did: string; failedState: { snapshot: string } }[];
    };
    assert.equal(outcome, 'rolled-back');
    assert.equal(command.exitCode, 3);
    assert.equal(await readFile(command.log, 'utf8'), 'no good\n');
    assert.equal(failure.logTail, 'no good');
    assert.deepEqual(
      files.files.map(({ path, change }) => `${change} ${path.slice(data.length)}`),
      ['changed /index.html', 'changed /private/key'],
    );
    const difference = await readFile(files.file, 'utf8');
    assert.match(difference, /^-first page\n\+broken$/m);
    assert.match(difference, /private\/key: changed$/m);
    const [put] = outcomes;
    assert.equal(put?.did, 'restored');
    const kept = join(site.data, '.baton-snapshots', 'wiki', put.failedState.snapshot);
    assert.equal(await readFile(join(kept, 'index.html'), 'utf8'), 'broken\n');
    await assertAsBefore();
  });

  test('a check that says no puts everything back, also where the command itself was content', async () => {
    const url = `http://127.0.0.1:${port}/other.html`;
    const { code, report } = await guard(
      '--auto-rollback',
      '--validate',
      url,
      '--',
      'mv',
      `${data}/index.html`,
      `${data}/else.html`,
    );
    assert.equal(code, 3);
    assert.match((report as { failure: { message: string } }).failure.message, /other\.html: .*404/);
    await assertAsBefore();
  });

  test('a worker that is killed meanwhile: the command is ended, not run again, and everything is put back', async () => {
    const ran = join(site.files, 'ran');
    const text = `echo x >> ${ran}; echo broken > ${data}/index.html; echo $$ > ${site.files}/pid; sleep 1000`;
    const typed = guard('--auto-rollback', '--shell', '--', text);
    await until('the command', async () =>
      (await readFile(`${site.files}/pid`, 'utf8').catch(() => '')).endsWith('\n'),
    );
    await site.stopWorker('SIGKILL');
    await site.startWorker();
    const { code, report } = await typed;
    assert.equal(code, 3);
    assert.equal((report as { command: { how: string } }).command.how, 'lost');
    assert.equal(await readFile(ran, 'utf8'), 'x\n');
    const pid = (await readFile(`${site.files}/pid`, 'utf8')).trim();
    assert.match(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z'), /\) Z/);
    await assertAsBefore();
  });

  test('while it runs the stack is locked; a cancel ends the command and puts everything back', async () => {
    const typed = guard('--auto-rollback', '--shell', '--', `echo broken > ${data}/index.html; sleep 1000`);
    await until('the change', async () => (await page()) === 'broken\n');
    const { code, err } = await site.baton('deploy', 'wiki.yml');
    assert.equal(code, 1);
    assert.match(err, /"wiki" is busy: guard/);
    assert.equal((await site.baton('cancel', 'wiki')).code, 3);
    assert.equal((await typed).report['outcome'], 'cancelled');
    await assertAsBefore();
  });

  test('without --auto-rollback it waits for an answer, and `baton cancel` puts everything back', async () => {
    const { code } = await guard('--shell', '--', `echo broken > ${data}/index.html; exit 1`);
    assert.equal(code, 5);
    assert.equal(await page(), 'broken\n');
    const { report } = await site.report('cancel', 'wiki');
    assert.equal(report['outcome'], 'rolled-back');
    await assertAsBefore();
  });

  test('`baton keep` leaves it as it is; a second answer changes nothing', async () => {
    const { code } = await guard('--shell', '--', `echo note > ${data}/note.html; exit 1`);
    assert.equal(code, 5);
    const kept = await site.report('keep', 'wiki', '--reason', 'fine');
    assert.deepEqual([kept.code, kept.report['outcome'], kept.report['notes']], [0, 'kept', ['fine']]);
    for (const verb of ['keep', 'cancel']) {
      const { code: late, err } = await site.baton(verb, 'wiki');
      assert.equal(late, 1);
      assert.match(err, /has ended\. Nothing was changed\./);
    }
    assert.equal(await readFile(join(data, 'note.html'), 'utf8'), 'note\n');
    await execa('rm', [join(data, 'note.html')]);
  });

  test('a command that is done leaves its change, and the snapshot of before', async () => {
    const { code, report } = await guard(
      '--validate',
      `yaml:${data}/conf.yml`,
      '--shell',
      '--',
      `echo 'a: 1' > ${data}/conf.yml`,
    );
    assert.equal(code, 0, JSON.stringify(report));
    const [{ did, snapshot } = {}] = report['data'] as { did: string; snapshot: string }[];
    assert.equal(did, 'protected');
    const before = join(site.data, '.baton-snapshots', 'wiki', snapshot ?? '');
    assert.deepEqual(await fingerprint(before), original);
    assert.equal((await theContainer()).startedAt.length > 0, true);
  });

  test('a variable that is passed on is in no history and no report; others are not passed on', async () => {
    const text = 'echo "token=$TOKEN host=$BATON_HOST"; exit 1';
    const answer = await guard('--auto-rollback', '--env', 'TOKEN', '--shell', '--', text);
    assert.match(JSON.stringify(answer.report), /token=••• host=/);
    assert.ok(
      !answer.out.includes(token) ||
        answer.out.split('\n').every((line) => !line.includes(token) || line.includes('"type":"output"')),
    );
    assert.ok(!JSON.stringify(answer.report).includes(token));
  });

  test('what cannot be done is refused with all its reasons, and changes nothing', async () => {
    const refused = async (...args: string[]) => await site.baton('guard', ...args);
    const none = await refused(
      '--data',
      '/no/such/path',
      '--data',
      '/proc',
      '--user',
      'nobody-at-all',
      '--',
      'no-such-program',
    );
    assert.equal(none.code, 1);
    for (const words of [
      'There is no /no/such/path',
      '/proc belongs to the whole host',
      'no such program',
      'no user "nobody-at-all"',
    ])
      assert.ok(none.out.includes(words), `${words} in:\n${none.out}`);
    for (const [args, words] of [
      [['--', 'true'], /--data PATH, --subvolume NAME or --stack/],
      [['--data', data, 'ls', '-l'], /after "--"/],
      [['--data', data, '--validate', 'nonsense', '--', 'true'], /There is no check "nonsense"/],
      [['--data', data, '--timeout', 'soon', '--', 'true'], /Write a duration/],
      [['--data', data, '--shell', '--', 'a', 'b'], /one text, in quotes/],
    ] as [string[], RegExp][]) {
      const { code, err } = await refused(...args);
      assert.equal(code, 64, args.join(' '));
      assert.match(err, words);
    }
  });
});
