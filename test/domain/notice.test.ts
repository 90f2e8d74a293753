/** What each service is sent, as its published interface wants it, and what of a plan a phone shows. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AnyPlan } from '../../domain/action.ts';
import type { BatonEvent } from '../../domain/event.ts';
import { eventNotice, questionLines, sendingOf, type Channel, type Notice } from '../../domain/notice.ts';

const base = { name: 'phone', person: 'anna', events: [] };
type Sent = Exclude<Channel, { service: 'apprise' | 'email' }>;
const channel = (more: Record<string, unknown>): Sent => ({ ...base, ...more }) as unknown as Sent;

const notice: Notice = {
  about: 'question',
  urgent: false,
  title: 'deploy shop? <1>',
  lines: ['db: replace', 'a & b'],
  end: 'Plan 1f0c.',
  buttons: [
    { answer: 'approve', url: 'https://door/a', ticket: 't1' },
    { answer: 'reject', url: 'https://door/r', ticket: 't2' },
    { answer: 'defer', url: 'https://door/d', ticket: 't3' },
  ],
};
const text = 'db: replace\na & b\nPlan 1f0c.';
const far = { ...notice, link: 'https://nas.example/q/1' };
/** Only a home network knows it. */
const near = { ...notice, link: 'http://nas:7243/q/1' };
const json = 'application/json';

describe('a notice is sent', () => {
  test('through ntfy with the two most wanted answers as buttons, and the topic out of the address', () => {
    const ntfy = channel({ service: 'ntfy', url: 'https://ntfy.example/sub/baton/', token: 'secret' });
    const button = (label: string, url: string, ticket: string) => ({
      ...{ action: 'http', label, url, method: 'POST', body: '{}', clear: true },
      headers: { 'Baton-Ticket': ticket, 'Content-Type': json },
    });
    assert.deepEqual(sendingOf(ntfy, far, 'id'), {
      method: 'POST',
      url: 'https://ntfy.example/sub/',
      headers: { Authorization: 'Bearer secret' },
      body: {
        topic: 'baton',
        title: 'deploy shop? <1>',
        message: text,
        tags: ['vertical_traffic_light'],
        click: 'https://nas.example/q/1',
        actions: [
          { action: 'view', label: 'Open', url: 'https://nas.example/q/1' },
          button('Approve', 'https://door/a', 't1'),
          button('Reject', 'https://door/r', 't2'),
        ],
      },
    });
    const open = sendingOf(channel({ service: 'ntfy', url: 'https://ntfy.example/baton' }), notice, 'id');
    assert.deepEqual([open.url, open.headers], ['https://ntfy.example/', {}]);
  });

  test('through ntfy with a label for each answer, and a mark for each thing to tell', () => {
    const ntfy = channel({ service: 'ntfy', url: 'https://ntfy.example/baton' });
    const told = (more: Partial<Notice>) =>
      sendingOf(ntfy, { ...notice, ...more }, 'id').body as {
        tags: string[];
        actions: { label: string }[];
        priority?: number;
      };
    const answers = ['approve', 'reject', 'defer', 'start', 'comment'] as const;
    assert.deepEqual(
      answers.map((answer) => told({ buttons: [{ answer, url: '', ticket: '' }] }).actions[0]?.label),
      ['Approve', 'Reject', 'Later', 'Start now', 'Comment'],
    );
    const about = [
      'failed',
      'refused',
      'held',
      'needs-human',
      'done',
      'unreachable',
      'report',
      'digest',
    ] as const;
    assert.deepEqual(
      about.map((one) => told({ about: one }).tags.join(' ')),
      [
        'leftwards_arrow_with_hook',
        'no_entry',
        'raised_hand',
        'rotating_light',
        'white_check_mark',
        'electric_plug',
        'sunrise',
        'newspaper',
      ],
    );
    assert.equal(told({}).priority, undefined);
    assert.equal(told({ urgent: true }).priority, 5);
  });

  test('through Gotify, louder where it is urgent', () => {
    const gotify = channel({ service: 'gotify', url: 'https://gotify.example//', token: 'secret' });
    assert.deepEqual(sendingOf(gotify, near, 'id'), {
      method: 'POST',
      url: 'https://gotify.example/message',
      headers: { 'X-Gotify-Key': 'secret' },
      body: {
        title: 'deploy shop? <1>',
        message: `${text}\nhttp://nas:7243/q/1`,
        priority: 5,
        extras: { 'client::notification': { click: { url: 'http://nas:7243/q/1' } } },
      },
    });
    const urgent = sendingOf(gotify, { ...notice, urgent: true }, 'id');
    assert.deepEqual(urgent.body, { title: 'deploy shop? <1>', message: text, priority: 8 });
  });

  test('through Discord without calling anybody, its own marks escaped, and no link that it would refuse', () => {
    const discord = channel({ service: 'discord', url: 'https://discord.example/hook' });
    const marked = { ...far, title: `*_[x](y)_* ${'t'.repeat(300)}`, lines: ['a_b'], end: '#1' };
    const embed = (one: Notice): unknown => {
      const { url, body } = sendingOf(discord, one, 'id');
      assert.equal(url, 'https://discord.example/hook');
      const { embeds, ...rest } = body as { embeds: unknown[] };
      assert.deepEqual(rest, { allowed_mentions: { parse: [] } });
      assert.equal(embeds.length, 1);
      return embeds[0];
    };
    const title = String.raw`\*\_\[x\]\(y\)\_\* `;
    assert.deepEqual(embed(marked), {
      title: `${title}${'t'.repeat(255 - title.length)}…`,
      description: String.raw`a\_b` + '\n' + String.raw`\#1`,
      url: 'https://nas.example/q/1',
    });
    const plain = { title: String.raw`deploy shop? <1\>` };
    assert.deepEqual(embed(near), { ...plain, description: `${text}\nhttp://nas:7243/q/1` });
    assert.deepEqual(embed(notice), { ...plain, description: text });
  });

  test('through Slack, with what it reads as a mark or a mention escaped', () => {
    const slack = channel({ service: 'slack', url: 'https://slack.example/hook' });
    const safe = 'deploy shop? &lt;1&gt;\ndb: replace\na &amp; b\nPlan 1f0c.';
    const block = (shown: string) => ({
      text: safe,
      blocks: [{ type: 'section', text: { type: 'mrkdwn', text: shown, verbatim: true } }],
    });
    assert.deepEqual(sendingOf(slack, near, 'id').body, block(`${safe}\n<http://nas:7243/q/1|Open>`));
    assert.deepEqual(sendingOf(slack, notice, 'id'), {
      method: 'POST',
      url: 'https://slack.example/hook',
      headers: {},
      body: block(safe),
    });
  });

  test('through Telegram, with a button only for an address that it takes', () => {
    const telegram = channel({ service: 'telegram', token: '1:x', chat: '42' });
    const words = `deploy shop? <1>\n${text}`;
    assert.deepEqual(sendingOf(telegram, far, 'id'), {
      method: 'POST',
      url: 'https://api.telegram.org/bot1:x/sendMessage',
      headers: {},
      body: {
        chat_id: '42',
        text: words,
        reply_markup: { inline_keyboard: [[{ text: 'Open', url: 'https://nas.example/q/1' }]] },
      },
    });
    assert.deepEqual(sendingOf(telegram, near, 'id').body, {
      chat_id: '42',
      text: `${words}\nhttp://nas:7243/q/1`,
    });
    const own = channel({ service: 'telegram', token: '1:x', chat: '42', url: 'https://bots.example/' });
    assert.equal(sendingOf(own, notice, 'id').url, 'https://bots.example/bot1:x/sendMessage');
  });

  test('through Matrix under an id, so that a second try is no second message', () => {
    const matrix = channel({
      ...{ service: 'matrix', url: 'https://matrix.example', room: '!a:b', token: 'secret' },
    });
    assert.deepEqual(sendingOf(matrix, near, '1f0c/failed'), {
      method: 'PUT',
      url: 'https://matrix.example/_matrix/client/v3/rooms/!a%3Ab/send/m.room.message/1f0c%2Ffailed',
      headers: { Authorization: 'Bearer secret' },
      body: { msgtype: 'm.text', body: `deploy shop? <1>\n${text}\nhttp://nas:7243/q/1` },
    });
    const { body } = sendingOf(matrix, notice, 'id') as { body: { body: string } };
    assert.equal(body.body, `deploy shop? <1>\n${text}`);
  });

  test('to a webhook as data, with a key against repetition', () => {
    const hook = channel({ service: 'webhook', url: 'https://hook.example/x' });
    const data = { id: 'id', title: 'deploy shop? <1>', lines: ['db: replace', 'a & b', 'Plan 1f0c.'] };
    assert.deepEqual(sendingOf(hook, near, 'id'), {
      method: 'POST',
      url: 'https://hook.example/x',
      headers: { 'Idempotency-Key': 'id' },
      body: { ...data, link: 'http://nas:7243/q/1' },
    });
    assert.deepEqual(sendingOf(hook, notice, 'id').body, data);
  });
});

describe('a notice of events', () => {
  const event = (more: Partial<BatonEvent> = {}): BatonEvent => ({
    ...{ id: 'x', kind: 'failed', host: 'nas', title: 'deploy shop failed', lines: ['why'], end: 'Look.' },
    at: '2026-11-26T02:30:15.000Z',
    ...more,
  });

  test('is the event, where it is one', () => {
    assert.deepEqual(eventNotice([event({ kind: 'needs-human' })]), {
      ...{ about: 'needs-human', urgent: true, title: 'deploy shop failed', lines: ['why'], end: 'Look.' },
      buttons: [],
    });
  });

  test('is a line each, where they are several', () => {
    const events = [event(), event({ title: 'undo shop', lines: [] }), event({ lines: ['w'.repeat(81)] })];
    assert.deepEqual(eventNotice(events), {
      about: 'digest',
      urgent: false,
      title: '3 notices from nas',
      lines: [
        '11-26 02:30 deploy shop failed — why',
        '11-26 02:30 undo shop',
        `11-26 02:30 deploy shop failed — ${'w'.repeat(79)}…`,
      ],
      end: 'The first of 2026-11-26T02:30:15.000Z.',
      buttons: [],
    });
  });

  test('of nothing says so, and does not fail', () => {
    assert.deepEqual(eventNotice([]), {
      ...{ about: 'digest', urgent: false, title: '0 notices from ', lines: [], end: 'The first of .' },
      buttons: [],
    });
  });
});

describe('what a plan would do, on a phone', () => {
  const told = (plan: Record<string, unknown>): string[] => questionLines(plan as unknown as AnyPlan);
  const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`);

  test('is of a playbook what it says itself', () => {
    assert.deepEqual(told({ kind: 'playbook', lines: numbered(9) }), [...numbered(8), 'and 1 more']);
  });

  test('is of a guard what runs, as whom, and what becomes of files and data', () => {
    const command = { args: ['pg_upgrade', '-v'], user: '70' };
    const data = [{ path: '/srv/a' }, { path: '/srv/b', driver: 'btrfs' }];
    const restore = [{ path: '/srv/c', snapshot: 'shop.kept' }];
    assert.deepEqual(
      told({ kind: 'guard', title: 'upgrade', command, edits: [{ file: '/etc/x' }], restore, data }),
      [
        'upgrade',
        'runs pg_upgrade -v as 70',
        'edits /etc/x',
        'puts /srv/c back from shop.kept',
        '/srv/a: NOT protected',
      ],
    );
    const short = { kind: 'guard', title: 'upgrade', command: { args: ['true'] }, data: [] };
    assert.deepEqual(told(short), ['upgrade', 'runs true']);
    assert.deepEqual(told({ kind: 'guard', title: 'snapshot', data: [] }), ['snapshot']);
    const edits = numbered(7).map((file) => ({ file }));
    const risks = numbered(5).map((path) => ({ path }));
    assert.deepEqual(told({ kind: 'guard', title: 't', edits, data: risks }), [
      't',
      ...numbered(6).map((file) => `edits ${file}`),
      'and 1 more',
      ...numbered(4).map((path) => `${path}: NOT protected`),
      'and 1 more',
    ]);
  });

  test('is of a deploy which services change and why, and what becomes of data', () => {
    const services = [
      { service: 'db', action: 'replace', reasons: ['image changed', 'user changed'] },
      { service: 'app', action: 'create', reasons: [] },
      { service: 'idle', action: 'keep', reasons: [] },
    ];
    const restore = [{ path: '/srv/a', snapshot: 'shop.before' }, { path: '/srv/b' }];
    const data = [{ path: '/srv/c' }, { path: '/srv/a', driver: 'btrfs' }];
    assert.deepEqual(told({ kind: 'deploy', services, restore, data }), [
      'db: replace (image changed; user changed)',
      'app: create',
      'puts /srv/a back from shop.before',
      'empties /srv/b',
      '/srv/c: NOT protected',
    ]);
    const many = numbered(7).map((service) => ({ service, action: 'create', reasons: [] }));
    const emptied = numbered(5).map((path) => ({ path }));
    assert.deepEqual(told({ kind: 'deploy', services: many, restore: emptied, data: [] }), [
      ...numbered(6).map((service) => `${service}: create`),
      'and 1 more',
      ...numbered(4).map((path) => `empties ${path}`),
      'and 1 more',
    ]);
  });

  test('is of an ecosystem its stacks, as many as a phone shows', () => {
    const plan = (stack: string) => ({
      ...{ stack, networks: [], volumes: [], files: [], restore: [{}], services: [] },
      data: [{ path: stack }],
    });
    const phases = [{ name: 'all', plans: numbered(9).map(plan) }];
    assert.deepEqual(told({ kind: 'ecosystem', phases }), [
      ...numbered(8).map((stack) => `${stack}: no service changes`),
      'and 1 more',
      ...numbered(4).map((path) => `${path}: NOT protected`),
      'and 5 more',
    ]);
  });
});
