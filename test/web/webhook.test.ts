/** Webhooks at the door: what a sender that is known gets started, once, and what everybody else gets: nothing. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { createHmac, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../../setup/local.ts';
import { oneService, Site, until } from '../e2e/site.ts';
import { Door } from './door-process.ts';

const secret = 'canary-4711-0815-secret';

const page = oneService('photos');

type Answer = { status: number; body: string };

describe('webhooks', () => {
  let site: Site;
  let door: Door;
  let port: number;

  const openDoor = async (): Promise<void> => {
    door = await Door.open(site, port, { HOOK_SECRET: secret });
  };

  before(async () => {
    port = await freePort();
    site = await Site.open('docker', 'btrfs');
    const file = await site.write('photos.yml', page);
    await configure(`webhooks:
  - name: forge
    kind: forgejo
    secret: '\${HOOK_SECRET}'
    rules:
      - when: {event: push, ref: refs/heads/main, repository.full_name: 'anna/*'}
        deploy: ${file}
  - name: hub
    kind: github
    secret: '\${HOOK_SECRET}'
    rules: [{when: {ref: refs/heads/main}, deploy: ${file}}]
  - name: alerts
    kind: alertmanager
    secret: '\${HOOK_SECRET}'
    user: alertmanager
    rules:
      - when: {alert.status: firing, alert.labels.alertname: PhotosDown}
        guard: {command: [touch, ${site.data}/restarted], data: ['${site.data}/notes'], stack: notes}
  - name: ci
    kind: generic
    secret: '\${HOOK_SECRET}'
    delivery: X-Delivery
    rules: [{deploy: {file: ${file}}}]
`);
    await openDoor();
  });
  after(async () => {
    await door.close();
    await site.close();
  });

  const configure = async (text: string): Promise<void> => {
    await site.write('.config/baton/baton.yml', text);
  };
  const send = async (
    hook: string,
    body: string | Buffer,
    headers: Record<string, string> = {},
    method = 'POST',
  ): Promise<Answer> =>
    await new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port,
          path: `/hook/${hook}`,
          method,
          headers: { 'Content-Type': 'application/json', ...headers },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        },
      );
      asked.on('error', reject);
      asked.end(method === 'GET' ? undefined : body);
    });
  const sign = (body: string | Buffer, key = secret): string =>
    createHmac('sha256', key).update(body).digest('hex');
  const forge = (body: string | Buffer, more: Record<string, string> = {}): Record<string, string> => ({
    'X-Forgejo-Event': 'push',
    'X-Forgejo-Delivery': randomBytes(8).toString('hex'),
    'X-Forgejo-Signature': sign(body),
    ...more,
  });
  let pushes = 0;
  const push = (more: object = {}): string => {
    pushes += 1;
    return JSON.stringify({
      ref: 'refs/heads/main',
      after: `c0ffee${pushes}`,
      repository: { full_name: 'anna/homelab' },
      ...more,
    });
  };
  const releases = async (): Promise<number> => {
    const { out } = await site.baton('releases', 'photos', '--json');
    return out.split('\n').filter((line) => line !== '').length;
  };
  const deliveries = async (): Promise<string[]> =>
    await readdir(join(site.environment['XDG_STATE_HOME'] ?? '', 'baton', 'deliveries'), {
      recursive: true,
    }).catch(() => []);
  const ends = async (stack: string): Promise<string> => (await site.baton('events', stack, '--follow')).out;

  test('a push deploys the stack of the rule, once, also after the door was opened again', async () => {
    const body = push({ ref: 'refs/heads/main', sender: '`$(reboot)`' });
    const first = await send('forge', body, forge(body));
    assert.equal(first.status, 202, first.body + door.said);
    assert.match(first.body, /Started: deploy photos\./);
    await ends('photos');
    assert.equal(await releases(), 1);
    // Another delivery of the same signed body: sent again by hand, or by somebody who has seen it.
    const again = await send('forge', body, forge(body));
    assert.equal(again.status, 200);
    assert.match(again.body, /delivered before/);
    await door.close();
    await openDoor();
    const later = await send('forge', body, forge(body));
    assert.equal(later.status, 200, later.body);
    assert.equal(await releases(), 1);
  });

  test('what no rule is for starts nothing', async () => {
    for (const [more, headers] of [
      [{ ref: 'refs/heads/other' }, {}],
      [{ repository: { full_name: 'eve/homelab' } }, {}],
      [{ repository: 'anna/homelab' }, {}],
      [{}, { 'X-Forgejo-Event': 'issues' }],
      [{ event: 'issues' }, {}],
    ] as const) {
      const body = push(more);
      const { status, body: answer } = await send('forge', body, forge(body, headers));
      assert.equal(status, 200, answer);
      assert.match(answer, /No rule fits/);
    }
    assert.equal(await releases(), 1);
  });

  test('a stack that is busy is told so, and the same delivery may come again', async () => {
    const waiting = await site.baton('remove', 'photos', '--approve');
    assert.equal(waiting.code, 6, waiting.err);
    const body = push();
    const busy = await send('forge', body, forge(body));
    assert.equal(busy.status, 503, busy.body);
    assert.match(busy.body, /photos is busy/);
    await site.baton('reject', 'photos');
    const { status } = await send('forge', body, forge(body));
    assert.equal(status, 202);
    await ends('photos');
  });

  test('an alert runs the command of its rule, and its repetitions do not', async () => {
    const group = (startsAt: string, more: object = {}): string =>
      JSON.stringify({
        groupKey: '{}:{alertname="PhotosDown"}',
        status: 'firing',
        alerts: [{ status: 'firing', startsAt, labels: { alertname: 'PhotosDown', cmd: '; rm -rf /' } }],
        ...more,
      });
    const basic = { Authorization: `Basic ${Buffer.from(`alertmanager:${secret}`).toString('base64')}` };
    await execa('btrfs', ['subvolume', 'create', join(site.data, 'notes')]);
    const first = await send('alerts', group('2026-11-26T02:30:00Z'), basic);
    assert.equal(first.status, 202, first.body + door.said);
    await ends('notes');
    assert.ok((await readdir(site.data)).includes('restarted'));
    const again = await send('alerts', group('2026-11-26T02:30:00Z', { receiver: 'again' }), basic);
    assert.equal(again.status, 200);
    const mixed = JSON.stringify({
      ...(JSON.parse(group('x')) as object),
      alerts: [
        { status: 'resolved', startsAt: 'x', labels: { alertname: 'PhotosDown' } },
        { status: 'firing', startsAt: 'x', labels: { alertname: 'Other' } },
      ],
    });
    assert.match((await send('alerts', mixed, basic)).body, /No rule fits/);
    assert.equal((await send('alerts', group('y'), { Authorization: `Bearer ${secret}` })).status, 401);
  });

  test('a generic sender names its deliveries', async () => {
    const bearer = { Authorization: `Bearer ${secret}` };
    const first = await send('ci', '{}', { ...bearer, 'X-Delivery': '1' });
    assert.equal(first.status, 202, first.body);
    await ends('photos');
    assert.equal((await send('ci', '{}', { ...bearer, 'X-Delivery': '1' })).status, 200);
    assert.equal((await send('ci', '{}', bearer)).status, 400);
  });

  test('strangers, tricks and noise get nothing, and start nothing', async () => {
    const [before, noted] = [await releases(), (await deliveries()).length];
    const body = push();
    const deep = `{"ref":"refs/heads/main","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const large = JSON.stringify({ ref: 'refs/heads/main', x: 'x'.repeat(2 ** 20) });
    const latin = Buffer.from('{"ref":"refs/heads/main","x":"\xe4"}', 'latin1');
    const polluted = '{"__proto__":{"ref":"refs/heads/main"},"x":1}';
    const hub = (text: string | Buffer) => ({ 'X-Hub-Signature-256': `sha256=${sign(text)}` });
    const cases: [string, number, Promise<Answer>][] = [
      ['no signature', 401, send('hub', body)],
      ['an empty one', 401, send('hub', body, { 'X-Hub-Signature-256': '' })],
      ['another secret', 401, send('hub', body, { 'X-Hub-Signature-256': `sha256=${sign(body, 'other')}` })],
      ['one cut off', 401, send('hub', body, { 'X-Hub-Signature-256': `sha256=${sign(body).slice(0, 32)}` })],
      ['of another body', 401, send('hub', `${body} `, hub(body))],
      [
        'with SHA-1',
        401,
        send('hub', body, {
          'X-Hub-Signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
        }),
      ],
      ['in a header of another forge', 401, send('hub', body, { 'X-Gitea-Signature': sign(body) })],
      ['the secret as a token instead', 401, send('hub', body, { Authorization: `Bearer ${secret}` })],
      ['the secret in the address', 401, send(`hub?secret=${secret}`, body)],
      ['a name that is not there', 401, send('nobody', body, hub(body))],
      ['a name from the language', 401, send('constructor', body, hub(body))],
      ['a name with a way out', 401, send('..%2fhub', body, hub(body))],
      [
        'a form',
        415,
        send('hub', body, { ...hub(body), 'Content-Type': 'application/x-www-form-urlencoded' }),
      ],
      [
        'another charset',
        415,
        send('hub', body, { ...hub(body), 'Content-Type': 'application/json; charset=utf-16' }),
      ],
      ['something packed', 415, send('hub', body, { ...hub(body), 'Content-Encoding': 'gzip' })],
      ['no UTF-8', 400, send('hub', latin, hub(latin))],
      ['no JSON', 400, send('hub', 'ref=main', hub('ref=main'))],
      ['a list', 400, send('hub', '[]', hub('[]'))],
      ['a deep nest', 400, send('hub', deep, hub(deep))],
      ['a large one', 413, send('hub', large, hub(large))],
      ['a prototype', 200, send('hub', polluted, hub(polluted))],
      ['to look', 404, send('hub', '', {}, 'GET')],
      ['to put', 404, send('hub', body, hub(body), 'PUT')],
      ['another name of the host', 421, send('hub', body, { ...hub(body), Host: 'evil.example' })],
      ['a page', 403, send('hub', body, { ...hub(body), Origin: 'https://evil.example' })],
    ];
    for (const [what, status, answer] of cases) {
      const actual = await answer;
      assert.equal(actual.status, status, `${what}: ${actual.status} ${actual.body}`);
    }
    assert.deepEqual([await releases(), (await deliveries()).length], [before, noted]);
    const flood = await Promise.all(Array.from({ length: 80 }, async () => await send('hub', body)));
    assert.ok(flood.some(({ status }) => status === 429));
    const known = '{"zen":"Keep it simple."}';
    assert.equal(
      (await send('hub', known, hub(known))).status,
      200,
      'who is known is not shut out by strangers',
    );
    assert.ok(!door.said.includes(secret));
  });

  test('rules are read again where they change; a mistake in them starts nothing, and the sender may try again', async () => {
    const file = join(site.files, 'photos.yml');
    await configure(
      `webhooks: [{name: hub, kind: github, secret: '\${HOOK_SECRET}', rules: [{deploy: photos.yml}]}]`,
    );
    const body = '{"zen":"Again."}';
    const headers = { 'X-Hub-Signature-256': `sha256=${sign(body)}` };
    assert.equal((await send('hub', body, headers)).status, 503);
    // The worker does not read them, so operations go on meanwhile.
    assert.equal((await site.baton('remove', 'photos')).code, 0);
    await configure(`webhooks:
  - {name: hub, kind: github, secret: '\${HOOK_SECRET}', rules: [{when: {zen: 'Again*'}, deploy: ${file}}]}
gates: [{stacks: [photos]}]
`);
    const { status, body: answer } = await send('hub', body, headers);
    assert.equal(status, 202, answer);
    const pending = async (): Promise<string> =>
      (await site.baton('pending', '--json', '--host', site.host)).out;
    await until('the gate', async () => (await pending()).includes('"approval"'));
    assert.equal((await site.baton('reject', 'photos')).code, 1);
  });
});
