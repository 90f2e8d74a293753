/** A question on a phone: from the notice that arrives to the button that answers, and what a stranger can do with the door. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BrowserContext } from 'playwright-core';
import type { Progress } from '../../domain/operation.ts';
import { openTickets } from '../../setup/ticket.ts';
import { freePort } from '../../setup/local.ts';
import { oneService, Site, until } from '../e2e/site.ts';
import { openBrowser, phone } from './browser.ts';
import { Door } from './door-process.ts';
import { openNtfy, type Message, type Ntfy } from './ntfy.ts';

/** `BATON_SCREENSHOTS=docs/images npm test -- test/web` renews the pictures of the docs. */
const pictures = process.env['BATON_SCREENSHOTS'];
const token = 'tk_canary_9f3c';

const page = oneService('photos', '${VERSION:-1}');

describe('the door', () => {
  let site: Site;
  let ntfy: Ntfy;
  let door: Door;
  let port: number;
  let browser: BrowserContext;

  before(async () => {
    ntfy = await openNtfy(token);
    port = await freePort();
    site = await Site.open('podman', 'btrfs', {
      NTFY_TOKEN: token,
      ...(pictures === undefined ? {} : { BATON_HOST: 'homelab' }),
    });
    await site.write('photos.yml', page);
    await mkdir(join(site.environment['XDG_CONFIG_HOME'] ?? '', 'baton'), { recursive: true });
    await configure(`notify:
  - {name: phone, person: anna, ntfy: {url: '${ntfy.url}/baton', token: '\${NTFY_TOKEN}'}}
serve: {url: 'http://127.0.0.1:${port}'}
`);
    door = await Door.open(site, port);
    browser = await openBrowser(phone);
  });
  after(async () => {
    await browser.close();
    await door.close();
    ntfy.close();
    await site.close();
  });

  const configure = async (text: string): Promise<void> => {
    await writeFile(join(site.environment['XDG_CONFIG_HOME'] ?? '', 'baton', 'baton.yml'), text);
  };
  /** Asks for a deploy that waits, and returns what the phone got. */
  const ask = async (version: number): Promise<Message> => {
    ntfy.messages.length = 0;
    const { code, err } = await site.baton(
      'deploy',
      'photos.yml',
      '--approve',
      '--set',
      `VERSION=${version}`,
    );
    assert.equal(code, 6, err);
    await until('the notice', () => Promise.resolve(ntfy.messages.length > 0));
    return ntfy.messages[0] as Message;
  };
  const ticketIn = (link: string | undefined): string => link?.split('#')[1] ?? '';
  type Answer = { status: number; body: string; headers: NodeJS.Dict<string | string[]> };
  /** As any program may ask; `fetch` would mind the Host. */
  const send = async (
    path: string,
    headers: Record<string, string> = {},
    body = '{}',
    method = 'POST',
  ): Promise<Answer> =>
    await new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port,
          path,
          method,
          headers: { 'Content-Type': 'application/json', ...headers },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers });
          });
        },
      );
      asked.on('error', reject);
      asked.end(method === 'GET' ? undefined : body);
    });
  const bearer = (ticket: string) => ({ 'Baton-Ticket': ticket });
  const waits = async (): Promise<Progress['waiting'] | undefined> => {
    const { out } = await site.baton('pending', '--json', '--host', site.host);
    return out === '' ? undefined : (JSON.parse(out.split('\n')[0] ?? '') as Progress).waiting;
  };

  test('the notice says what would be done, until when, and has buttons', async () => {
    const message = await ask(1);
    assert.equal(message.topic, 'baton');
    assert.equal(message.title, `deploy photos on ${site.host}?`);
    assert.match(
      message.message,
      /^web: create(?:.|\n)*Plan [0-9a-f]{12}\. Nothing is done without an approval by /,
    );
    assert.deepEqual(
      message.actions.map(({ action, label }) => `${action} ${label}`),
      ['view Open', 'http Approve', 'http Reject'],
    );
    assert.equal(message.click, message.actions[0]?.url);
  });

  test('the page shows the plan, opening it changes nothing, and its button lets the deploy go on', async () => {
    const [message] = ntfy.messages;
    const view = await browser.newPage();
    await view.goto(message?.click ?? '');
    await view.getByText('Phase 1').waitFor();
    const text = await view.locator('body').innerText();
    assert.match(text, /deploy photos\?\n+Waits for an approval · until (?:.|\n)*create +web/);
    // The ticket has left the address bar.
    assert.equal(view.url(), `http://127.0.0.1:${port}/`);
    assert.ok(await view.evaluate<boolean>('document.documentElement.scrollWidth <= window.innerWidth'));
    if (pictures !== undefined) await view.screenshot({ path: join(pictures, 'door-phone.png') });
    assert.equal((await waits())?.for, 'approval');
    assert.equal((await site.containers('photos')).length, 0);

    await view.getByLabel('What is kept with the answer').fill('from the sofa');
    await view.getByRole('button', { name: 'Approve' }).click();
    await view.getByText('Approved.').waitFor();
    await until('the deploy', async () => (await site.containers('photos')).length === 1);
    const { out } = await site.baton('events', 'photos', '--follow');
    assert.match(out, /anna: approve \(plan [0-9a-f]{12}\), by phone: from the sofa/);
    // What was seen cannot be answered again.
    await view.goto('about:blank');
    await view.goto(message?.click ?? '');
    await view.getByText('Done.').waitFor();
    assert.equal(await view.getByRole('button').count(), 0);
    await view.close();
  });

  test('a button of the notice answers by itself, once', async () => {
    const { actions } = await ask(2);
    const reject = actions.find(({ label }) => label === 'Reject');
    const press = async () =>
      await send(new URL(reject?.url ?? '').pathname, { ...reject?.headers }, reject?.body);
    const first = await press();
    assert.deepEqual([first.status, first.body], [200, '{"message":"Rejected: nothing is changed."}']);
    // Pressed again, or sent again by something in between, it is the same answer.
    assert.equal((await press()).body, first.body);
    const { out } = await site.baton('events', 'photos', '--follow');
    assert.match(out, /Rejected by anna\./);
  });

  test('an answer on a wide screen puts the question off, and a ticket is good for one answer', async () => {
    const { click } = await ask(3);
    const view = await browser.newPage();
    await view.setViewportSize({ width: 1280, height: 800 });
    await view.goto(click ?? '');
    await view.getByRole('button', { name: 'Ask again in 2 hours' }).click();
    await view.getByText('It is asked again then.').waitFor();
    await view.getByText(/deferred until .*, in (?:1h 59m|2h 0m)/).waitFor();
    if (pictures !== undefined) await view.screenshot({ path: join(pictures, 'door.png') });
    await view.close();

    const { body } = await send('/api/question', bearer(ticketIn(click)));
    const { buttons } = JSON.parse(body) as { buttons: { answer: string; ticket: string }[] };
    const defer = buttons.find(({ answer }) => answer === 'defer')?.ticket ?? '';
    assert.equal((await send('/api/answer', bearer(defer), '{"hours":1}')).status, 200);
    const put = await waits();
    assert.equal((await send('/api/answer', bearer(defer), '{"hours":5}')).status, 200);
    assert.deepEqual(await waits(), put);
  });

  test('strangers, tricks and noise get nothing, and change nothing', async () => {
    const before = await waits();
    assert.equal(before?.for, 'approval');
    const [message] = ntfy.messages;
    const look = ticketIn(message?.click);
    const approve = message?.actions[1]?.headers?.['Baton-Ticket'] ?? '';
    const tickets = openTickets(join(site.environment['XDG_STATE_HOME'] ?? '', 'baton'));
    const real = await tickets.read(approve);
    assert.ok(real);
    const old = await tickets.issue({ ...real, expires: Date.now() - 1 });
    const other = await openTickets(join(site.files, 'other')).issue(real);
    const stale = await tickets.issue({ ...real, plan: 'ffffffffffff' });
    const [claim = '', seal = ''] = approve.split('.');
    const raised = Buffer.from(JSON.stringify({ ...real, by: 'root' })).toString('base64url');
    const cases: [string, number, Promise<Answer>][] = [
      ['no ticket', 401, send('/api/answer')],
      ['a ticket to look', 401, send('/api/answer', bearer(look))],
      ['a ticket to answer, to look with', 401, send('/api/question', bearer(approve))],
      ['an expired one', 401, send('/api/answer', bearer(old))],
      ['one of another host', 401, send('/api/answer', bearer(other))],
      ['an altered one', 401, send('/api/answer', bearer(`${raised}.${seal}`))],
      ['one without its seal', 401, send('/api/answer', bearer(`${claim}.`))],
      ['one cut off', 401, send('/api/answer', bearer(claim))],
      ['noise', 401, send('/api/answer', bearer('x'.repeat(5_000)))],
      ['a ticket in another header', 401, send('/api/answer', { Authorization: `Bearer ${approve}` })],
      ['a ticket in the address', 401, send(`/api/answer?ticket=${approve}`)],
      ['a ticket in the body', 401, send('/api/answer', {}, JSON.stringify({ ticket: approve }))],
      ['another plan', 409, send('/api/answer', bearer(stale))],
      ['another name of the host', 421, send('/api/answer', { ...bearer(approve), Host: 'evil.example' })],
      ['another page', 403, send('/api/answer', { ...bearer(approve), Origin: 'https://evil.example' })],
      ['a sandboxed page', 403, send('/api/answer', { ...bearer(approve), Origin: 'null' })],
      ['a form', 415, send('/api/answer', { ...bearer(approve), 'Content-Type': 'text/plain' })],
      [
        'a long body',
        413,
        send('/api/answer', bearer(approve), JSON.stringify({ text: 'x'.repeat(20_000) })),
      ],
      ['no JSON', 400, send('/api/answer', bearer(approve), 'approve')],
      [
        'a long comment',
        409,
        send('/api/answer', bearer(approve), JSON.stringify({ text: 'x'.repeat(2_000) })),
      ],
      ['a link that acts', 404, send('/api/answer', bearer(approve), '', 'GET')],
      ['a preflight', 404, send('/api/answer', { Origin: `http://127.0.0.1:${port}` }, '', 'OPTIONS')],
      ['another place', 404, send('/../../etc/passwd', {}, '', 'GET')],
    ];
    for (const [what, status, answer] of cases) {
      const { status: actual, body, headers } = await answer;
      assert.equal(actual, status, `${what}: ${actual} ${body}`);
      assert.equal(headers['access-control-allow-origin'], undefined);
      assert.equal(headers['cache-control'], 'no-store');
    }
    assert.deepEqual(await waits(), before);
    const flood = await Promise.all(
      Array.from({ length: 80 }, () => send('/api/answer', bearer(`${claim}.x`))),
    );
    assert.ok(flood.some(({ status }) => status === 429));
    assert.equal(
      (await send('/api/question', bearer(look))).status,
      200,
      'a guest is not shut out by strangers',
    );
    // What it logs are paths of its own and numbers.
    for (const secret of [token, look, approve, seal, real.id]) assert.ok(!door.said.includes(secret));
    assert.ok(!site.workerLog.includes(token));
    assert.equal((await site.baton('cancel', 'photos')).code, 3);
  });

  test('a phone that cannot be reached holds up nothing; the report, the other channels and the doctor say so', async () => {
    ntfy.messages.length = 0;
    await configure(`notify:
  - {name: phone, person: anna, ntfy: {url: '${ntfy.url}/baton', token: wrong}}
  - {name: desk, person: anna, events: [unreachable], ntfy: {url: '${ntfy.url}/desk', token: '\${NTFY_TOKEN}'}}
`);
    assert.equal((await site.baton('deploy', 'photos.yml', '--approve', '--set', 'VERSION=4')).code, 6);
    await until('the no of the service', () => Promise.resolve(ntfy.refused > 0));
    await until('the other channel', () => Promise.resolve(ntfy.messages.length > 0));
    const [{ topic, title, message } = assert.fail()] = ntfy.messages;
    assert.deepEqual([topic, title], ['desk', `phone cannot be reached from ${site.host}`]);
    assert.match(message, /ntfy answered 403\.\nNot told there: deploy photos on /);
    assert.equal((await site.baton('reject', 'photos')).code, 1);
    const { out } = await site.baton('events', 'photos', '--follow');
    assert.match(out, /phone could not be asked: ntfy answered 403\./);
    const told = new RegExp(`phone could not be reached from ${site.host}, .*ntfy answered 403`);
    assert.match((await site.baton('pending', '--host', site.host)).out, told);
    assert.match((await site.baton('doctor')).out, told);
  });

  test('how a deploy ends is told once, with a link that shows it; what is told again clears the doctor', async () => {
    ntfy.messages.length = 0;
    await configure(`notify:
  - {name: phone, person: anna, events: [done, failed], ntfy: {url: '${ntfy.url}/baton', token: '\${NTFY_TOKEN}'}}
serve: {url: 'http://127.0.0.1:${port}'}
`);
    assert.equal((await site.baton('deploy', 'photos.yml', '--set', 'VERSION=5')).code, 0);
    await until('the notice', () => Promise.resolve(ntfy.messages.length > 0));
    const [{ title, click, actions } = assert.fail()] = ntfy.messages;
    assert.equal(title, `deploy photos on ${site.host} is done`);
    assert.deepEqual(
      actions.map(({ label }) => label),
      ['Open'],
    );
    const { body } = await send('/api/question', bearer(ticketIn(click)));
    assert.match(body, /"Done\."/);
    await until(
      'the channel to end',
      async () => !(await site.baton('doctor')).out.includes('phone could not'),
    );
    assert.equal(ntfy.messages.length, 1);
  });
});
