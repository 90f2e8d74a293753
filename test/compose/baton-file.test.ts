import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readBatonFile } from '../../compose/baton-file.ts';
import { isTimeZone, nextOccurrence, readTime } from '../../compose/cron.ts';
import { defaultRules } from '../../domain/cleanup.ts';
import { formatLocation } from '../../domain/problem.ts';
import { batonYml } from './baton-yml.ts';

describe('baton.yml', () => {
  const { directory, read } = batonYml({ NTFY_TOKEN: 'tk_canary' });
  const mistakes = async (text: string): Promise<string[]> => {
    const found = await read(text);
    assert.ok(!found.ok);
    return found.problems.map(
      ({ at, message }) => `${at ? formatLocation(at).replace(/^.*\//, '') : ''} ${message}`,
    );
  };

  test('need not be there, nor hold anything', async () => {
    const nowhere = join(directory(), 'none', 'baton.yml');
    assert.deepEqual(await readBatonFile(nowhere, {}), {
      ok: true,
      settings: {
        file: nowhere,
        gates: [],
        windows: {},
        channels: [],
        webhooks: [],
        snapshots: [],
        copies: [],
        sets: [],
        schedules: [],
        cleanup: defaultRules,
      },
    });
    assert.ok((await read('# nothing yet\n')).ok);
    assert.ok((await read('')).ok);
  });

  test('lays down gates and windows', async () => {
    const found = await read(`
gates:
  - kinds: [deploy, undo]
    stacks: [immich, 'db-*']
    approvals: 2
    who: [anna, ben]
    expires: 12h
    window: night
  - {}
windows:
  night:
    opens: '30 2 * * 1-5'
    for: 2h
    time_zone: Europe/Berlin
    except:
      - {from: 2026-12-24, to: 2026-12-27T06:00}
      - {opens: '0 3 1 * *', for: 30m}
`);
    assert.ok(found.ok);
    assert.deepEqual(found.settings.gates, [
      {
        kinds: ['deploy', 'undo'],
        stacks: ['immich', 'db-*'],
        approvals: 2,
        who: ['anna', 'ben'],
        expiresMs: 12 * 3_600_000,
        window: 'night',
      },
      { approvals: 1, expiresMs: 24 * 3_600_000 },
    ]);
    assert.deepEqual(found.settings.windows, {
      night: {
        opens: '30 2 * * 1-5',
        lastsMs: 2 * 3_600_000,
        timeZone: 'Europe/Berlin',
        except: [
          { from: Date.parse('2026-12-23T23:00:00Z'), to: Date.parse('2026-12-27T05:00:00Z') },
          { opens: '0 3 1 * *', lastsMs: 30 * 60_000 },
        ],
      },
    });
  });

  test('names whom to tell, and takes passwords from the environment', async () => {
    const found = await read(`
notify:
  - {name: phone, person: anna, ntfy: {url: https://ntfy.example/topic, token: '\${NTFY_TOKEN}'}}
  - {name: ops, person: ben, discord: {url: 'https://discord.example/hook'}}
  - {name: chat, person: ben, telegram: {token: '\${NTFY_TOKEN}', chat: -1001234567890}}
serve: {url: https://baton.example/}
`);
    assert.ok(found.ok);
    const events = ['question', 'failed', 'held', 'needs-human', 'unreachable', 'report'];
    assert.deepEqual(found.settings.channels, [
      {
        name: 'phone',
        person: 'anna',
        events,
        service: 'ntfy',
        url: 'https://ntfy.example/topic',
        token: 'tk_canary',
      },
      { name: 'ops', person: 'ben', events, service: 'discord', url: 'https://discord.example/hook' },
      {
        name: 'chat',
        person: 'ben',
        events,
        service: 'telegram',
        token: 'tk_canary',
        chat: '-1001234567890',
      },
    ]);
    assert.equal(found.settings.door, 'https://baton.example');
    assert.deepEqual(
      await mistakes(`notify:
  - {name: phone, person: a, ntfy: {url: 'ntfy.example/topic'}}
  - {name: both, person: a, ntfy: {url: https://a.example/b}, slack: {url: https://a.example/b}}
serve: {url: 'javascript:alert(1)'}
`),
      [
        'baton.yml:2:42 baton.yml.notify.0.ntfy.url must be the address of a server and a topic, as https://ntfy.sh/my-topic.',
        'baton.yml:3:5 baton.yml.notify.1 needs one of ntfy, gotify, discord, slack, webhook, telegram, matrix, apprise, email.',
        'baton.yml:4:14 baton.yml.serve.url must be an address that begins with http:// or https://.',
      ],
    );
    assert.deepEqual(
      await mistakes(`notify:
  - {name: phone, person: a, gotify: {url: https://a.example, token: '\${NOT_SET}'}}
  - {name: phone, person: a, slack: {url: https://a.example/b}}
`),
      [
        'baton.yml:2:70 Variable NOT_SET is not set; it becomes empty.',
        'baton.yml:2:70 baton.yml.notify.0.gotify.token Too small: expected string to have >=1 characters.',
      ],
    );
  });

  test('tells nothing of a line that may hold a password', async () => {
    for (const wrong of [
      "{name: a, person: a, ntfy: {url: 'https://a.example/b', token: *canary}}",
      "{name: a, person: a, ntfy: {url: 'https://a.example/b', token: !canary x}}",
      "{name: a, person: a, ntfy: {url: 'https://a.example/b', token: 'x\${canary.y'}}",
      '{name: a, person: a, discord: {https://a.example/canary}}',
      "{name: a, person: a, ntfy: {url: 'https://canary@a.example', token: x}}",
    ]) {
      const told = (await mistakes(`notify:\n  - ${wrong}\n`)).join('\n');
      assert.match(told, /^baton\.yml:2:\d+ /);
      assert.ok(!told.includes('canary'), told);
    }
    const file = join(directory(), 'baton.yml');
    await writeFile(file, "notify:\n  - {name: a, person: a, slack: {url: '\${NOT_HERE}'}}\n");
    assert.ok((await readBatonFile(file)).ok, 'whom to notify is the worker’s affair');
  });

  test('is refused with the place of each mistake', async () => {
    assert.deepEqual(
      await mistakes(`gates:
  - kind: [deploy]
  - kinds: [delpoy]
    stacks: [My App]
  - approvals: 12
windows:
  night:
    opens: '61 2 * * *'
    for: soon
    time_zone: Europe/Berlim
    except:
      - {from: 2026-12-24}
  Night!: {opens: '0 2 * * *', for: 1h}
`),
      [
        'baton.yml:2:5 "kind" is not a key of baton.yml.gates.0. Did you mean "kinds"?',
        'baton.yml:3:13 baton.yml.gates.1.kinds.0 Invalid option: expected one of "deploy"|"undo"|"remove"|"guard".',
        'baton.yml:4:14 baton.yml.gates.1.stacks.0 must be the name of a stack, in which * stands for anything.',
        'baton.yml:5:16 baton.yml.gates.2.approvals Too big: expected number to be <=9.',
        'baton.yml:8:12 baton.yml.windows.night.opens must be a cron line with five fields that comes round, such as "30 2 * * 1-5".',
        'baton.yml:9:10 baton.yml.windows.night.for must be a duration such as 30s or 1m30s.',
        'baton.yml:10:16 baton.yml.windows.night.time_zone must be a time zone such as Europe/Berlin.',
        'baton.yml:12:9 baton.yml.windows.night.except.0 needs either "opens" and "for", or "from" and "to", or "calendar".',
        'baton.yml:13:3 baton.yml.windows.Night! must be a name of a-z, 0-9, _ and -.',
      ],
    );
    assert.deepEqual(
      await mistakes(`gates:
  - {window: nigth}
  - {approvals: 2, who: [anna]}
windows:
  night: {opens: '0 2 * * *', for: 1h, except: [{from: 2026-02-30, to: 2026-03-01}]}
`),
      [
        'baton.yml:5:56 "2026-02-30" is no time; write 2026-12-24 or 2026-12-24T18:00.',
        'baton.yml:2:14 There is no window "nigth". Did you mean "night"?',
        'baton.yml:3:25 It takes 2 different people, and "who" names fewer.',
      ],
    );
    assert.match((await mistakes('gates: [\n')).join(), /^baton\.yml:\d+:\d+ /);
    for (const [text, expected] of [
      ['gates: [{stacks: []}]', /gates\.0\.stacks Too small/],
      ['gates: [{kinds: []}]', /gates\.0\.kinds Too small/],
      ['gates: [{approvals: 2}]', /say "who"/],
      ['gates: [{expires: 0}]', /must be a duration of a year at most, and not none/],
      ['gates: [{window: constructor}]', /There is no window "constructor"/],
      [
        "windows: {n: {opens: '0 2 * * *', for: 1h, except: [{from: 2026-12-27, to: 2026-12-24}]}}",
        /"to" is not after "from"/,
      ],
    ] as const)
      assert.match((await mistakes(text)).join(), expected);
  });

  test('lays down schedules, and fills nothing in', async () => {
    const found = await read(`
schedules:
  photos: {cron: '30 2 * * *', time_zone: Europe/Berlin, jitter: 10m, catch_up: 1h, snapshot: [/srv/photos, ./x]}
  update: {cron: '0 3 * * 0', deploy: web.yml, set: {TAG: '\${NTFY_TOKEN}'}, approve: true}
  dump:
    cron: '0 1 * * *'
    guard: {stack: db, shell: 'dump \${NTFY_TOKEN} $HOME', timeout: 1h, validate: [{tcp: 'localhost:5432'}]}
  tidy: {cron: '0 5 * * *', prune: all}
  look: {cron: '0 6 * * 1', verify: web}
`);
    assert.ok(found.ok, JSON.stringify(found));
    const [photos, update, dump, tidy, look] = found.settings.schedules;
    assert.deepEqual(
      [photos?.cron, photos?.timeZone, photos?.jitterMs, photos?.catchUpMs],
      ['30 2 * * *', 'Europe/Berlin', 600_000, 3_600_000],
    );
    assert.ok(photos?.task.do === 'guard');
    assert.deepEqual(photos.task.question.data, ['/srv/photos', join(directory(), 'x')]);
    assert.ok(update?.task.do === 'deploy');
    assert.equal(update.task.source.file, join(directory(), 'web.yml'));
    assert.deepEqual(update.task.gate, { approve: true });
    assert.ok(dump?.task.do === 'guard');
    assert.deepEqual(dump.task.question.command?.args, ['dump ${NTFY_TOKEN} $HOME']);
    assert.equal(dump.task.question.checks.length, 1);
    assert.deepEqual([tidy?.task, look?.task], [{ do: 'prune' }, { do: 'verify', stack: 'web' }]);
    assert.doesNotMatch(JSON.stringify(found), /tk_canary/);
  });

  test('tells mistakes of schedules where they are', async () => {
    const wrong: [string, RegExp][] = [
      [
        '  x: {cron: "0 6 1 * 1", verify: all}',
        /^baton\.yml:2:13 .*a day of the month and a day of the week/,
      ],
      ['  x: {cron: "0 6 31 2 *", verify: all}', /^baton\.yml:2:13 .*that comes round/],
      [
        '  x: {cron: "0 6 * * *"}',
        /^baton\.yml:2:6 .*needs one of deploy, snapshot, guard, prune, cleanup, verify/,
      ],
      ['  x: {cron: "0 6 * * *", verify: all, prune: all}', /^baton\.yml:2:6 .*needs one of/],
      [
        '  x: {cron: "0 6 * * *", verfy: all}',
        /^baton\.yml:2:\d+ "verfy" is not a key .*Did you mean "verify"/,
      ],
      ['  X y: {cron: "0 6 * * *", verify: all}', /^baton\.yml:2:3 .*must be a name/],
      ['  x: {cron: "0 6 * * *", verify: ../x}', /^baton\.yml:2:\d+ /],
      [
        '  x: {cron: "0 6 * * *", time_zone: Mars/Base, verify: all}',
        /^baton\.yml:2:\d+ .*must be a time zone/,
      ],
      [
        '  x: {cron: "0 6 * * *", deploy: a.yml, window: night}',
        /^baton\.yml:2:\d+ There is no window "night"/,
      ],
      ['  x: {cron: "0 6 * * *", guard: {data: [/a]}}', /^baton\.yml:2:\d+ .*either "command" or "shell"/],
      ['  x: {cron: "0 6 * * *", guard: {shell: a}}', /^baton\.yml:2:\d+ .*what it may change/],
      [
        '  x: {cron: "0 6 * * *", guard: {data: [/a], shell: a, validate: [{check: none-such}]}}',
        /There is no check "none-such"/,
      ],
      ['  - x', /^baton\.yml:2:3 /],
    ];
    for (const [text, expected] of wrong) {
      const found = await mistakes(`schedules:\n${text}\n`);
      assert.match(found.join('\n'), expected, text);
    }
  });
});

const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();
const berlin = (line: string, after: string): string | undefined =>
  iso(nextOccurrence(line, 'Europe/Berlin', Date.parse(after)));

describe('a cron line in a time zone', () => {
  test('comes once on the day that has no such hour, and once on the day that has it twice', () => {
    // 2026-03-29, 02:00 to 03:00 is left out.
    assert.equal(berlin('30 2 * * *', '2026-03-28T12:00:00Z'), '2026-03-29T01:00:00.000Z');
    assert.equal(berlin('30 2 * * *', '2026-03-29T01:00:00Z'), '2026-03-30T00:30:00.000Z');
    // 2026-10-25, 02:00 to 03:00 comes twice.
    assert.equal(berlin('30 2 * * *', '2026-10-24T12:00:00Z'), '2026-10-25T00:30:00.000Z');
    assert.equal(berlin('30 2 * * *', '2026-10-25T00:30:00Z'), '2026-10-26T01:30:00.000Z');
  });

  test('that is none, or never comes, has no occurrence', () => {
    for (const line of ['61 * * * *', '0 0 30 2 *', '* * * * * *', '2026-12-24T18:00:00', 'soon', ''])
      assert.equal(nextOccurrence(line, undefined, 0), undefined);
  });

  test('a time on the wall is read there', () => {
    assert.equal(iso(readTime('2026-12-24', 'Europe/Berlin')), '2026-12-23T23:00:00.000Z');
    assert.equal(iso(readTime('2026-07-01T18:00', 'Europe/Berlin')), '2026-07-01T16:00:00.000Z');
    for (const wrong of ['2026-13-01', '2026-02-30', 'tomorrow', '2026-12-24T25:00', ''])
      assert.equal(readTime(wrong), undefined);
    assert.ok(isTimeZone('Europe/Berlin'));
    assert.ok(!isTimeZone('Europe/Berlim'));
  });
});
