import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatLocation } from '../../domain/problem.ts';
import { batonYml } from './baton-yml.ts';

describe('notify in baton.yml', () => {
  const { read } = batonYml({ TOKEN: 'canary' });
  const mistakes = async (text: string): Promise<string[]> => {
    const found = await read(text);
    assert.ok(!found.ok);
    return found.problems.map(
      ({ at, message }) => `${at ? formatLocation(at).replace(/^.*\//, '') : ''} ${message}`,
    );
  };

  test('a channel says what it wants to hear of, and when it does not want to', async () => {
    const found = await read(`
notify:
  - name: phone
    person: anna
    events: [needs-human, done]
    quiet: night
    slack: {url: https://slack.example/hook}
  - name: desk
    person: ben
    quiet: {opens: '0 18 * * 1-5', for: 15h, time_zone: Europe/Berlin}
    slack: {url: https://slack.example/hook}
windows:
  night: {opens: '0 22 * * *', for: 9h}
`);
    assert.ok(found.ok, JSON.stringify(found));
    const [phone, desk] = found.settings.channels;
    assert.deepEqual(phone?.events, ['needs-human', 'done']);
    assert.deepEqual(phone.quiet, { opens: '0 22 * * *', lastsMs: 9 * 3_600_000, except: [] });
    assert.deepEqual(desk?.events, ['question', 'failed', 'held', 'needs-human', 'unreachable', 'report']);
    assert.equal(desk.quiet?.timeZone, 'Europe/Berlin');
  });

  test('a mail server is asked for TLS, and its addresses are addresses', async () => {
    const mail = (keys: string): string =>
      `notify: [{name: mail, person: anna, email: {host: mail.example.org, from: a@b.c, ${keys}}}]`;
    const found = await read(mail(`to: anna@example.org, user: baton, password: '\${TOKEN}'`));
    assert.ok(found.ok);
    const [{ service: _service, name: _name, person: _person, events: _events, ...box } = assert.fail()] =
      found.settings.channels;
    assert.deepEqual(box, {
      host: 'mail.example.org',
      from: 'a@b.c',
      tls: 'starttls',
      port: 587,
      to: ['anna@example.org'],
      login: { user: 'baton', password: 'canary' },
    });
    for (const keys of [
      'to: "anna@example.org, eve@example.org"',
      'to: "anna@example.org\\r\\nBcc: eve@example.org"',
      'to: "Anna <anna@example.org>"',
      'to: a@b.c, user: baton',
      'to: a@b.c, user: baton, password: x, tls: none',
    ])
      assert.equal((await mistakes(mail(keys))).length, 1, keys);
  });

  test('mistakes are told with their place', async () => {
    const channel = 'slack: {url: https://slack.example/hook}';
    assert.deepEqual(
      await mistakes(`notify:
  - {name: a, person: a, events: [finished], ${channel}}
  - {name: b, person: a, quiet: {opens: '0 22 * * *'}, ${channel}}
`),
      [
        'baton.yml:2:35 baton.yml.notify.0.events.0 Invalid option: expected one of "question"|"failed"|"refused"|"held"|"needs-human"|"done"|"unreachable"|"report".',
        'baton.yml:3:33 baton.yml.notify.1.quiet needs either "opens" and "for", or "calendar".',
      ],
    );
    assert.deepEqual(
      await mistakes(`notify:
  - {name: a, person: a, quiet: nigth, ${channel}}
windows: {night: {opens: '0 22 * * *', for: 9h}}
`),
      ['baton.yml:2:33 There is no window of this name; there is night.'],
    );
  });
});
