/** What systemctl and journalctl print, in the forms that they are documented to print it in. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  journalFindings,
  parseFailedUnits,
  parseJournalErrors,
  placeOfUnit,
  unitFinding,
} from '../../domain/systemd.ts';

const backup = { unit: 'backup.service', description: 'Back up /srv' };
const disk = { unit: 'srv-photos.mount', description: '/srv/photos' };

describe('units that failed', () => {
  test('are read as JSON', () => {
    const rows = [backup, disk].map(({ unit, description }) => ({
      unit,
      load: 'loaded',
      active: 'failed',
      sub: 'failed',
      description,
    }));
    assert.deepEqual(parseFailedUnits(JSON.stringify(rows)), [backup, disk]);
    assert.deepEqual(parseFailedUnits('[]'), []);
  });

  test('are read as lines, with and without the dot of older versions', () => {
    const lines = `● backup.service     loaded failed failed Back up /srv
srv-photos.mount   loaded failed failed /srv/photos
`;
    assert.deepEqual(parseFailedUnits(lines), [backup, disk]);
    assert.deepEqual(parseFailedUnits(''), []);
  });

  for (const text of ['Something else', '[{"name": "a"}]', '[{'])
    test(`are not read from ${text}`, () => {
      assert.throws(() => parseFailedUnits(text));
    });

  test("leave out Podman's health checks", () => {
    const id = 'ab12'.repeat(16);
    const rows = [`${id}.service`, `${id}-1f2e3d.service`, 'a.service'].map((unit) => ({ unit }));
    assert.deepEqual(
      parseFailedUnits(JSON.stringify(rows)).map(({ unit }) => unit),
      ['a.service'],
    );
  });

  test("are told by name, those of the user apart from the system's", () => {
    assert.deepEqual(unitFinding('user', backup), {
      what: 'unit-failed',
      where: 'user:backup.service',
      state: 'warning',
      evidence: 'failed: Back up /srv',
    });
    assert.equal(placeOfUnit('system', 'backup.service'), 'backup.service');
  });
});

describe('errors in the journal', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  const since = now - 300_000;
  const entry = (secondsAgo: number, fields: object): string =>
    JSON.stringify({
      __CURSOR: 's=6fb1aa085c7841998a9a372314b7ae97;i=13',
      __REALTIME_TIMESTAMP: String((now - secondsAgo * 1_000) * 1_000),
      _BOOT_ID: '0123456789abcdef0123456789abcdef',
      ...fields,
    });
  const app = { _SYSTEMD_UNIT: 'app.service', SYSLOG_IDENTIFIER: 'app', _TRANSPORT: 'stdout' };
  const read = (entries: string[], most = 100) =>
    parseJournalErrors(entries.join('\n'), { since, now, most });

  test('are counted by the unit that they are about', () => {
    const { rates, all } = read([
      entry(10, { UNIT: 'backup.service', _SYSTEMD_UNIT: 'init.scope' }),
      entry(20, { _SYSTEMD_USER_UNIT: 'sync.service', _SYSTEMD_UNIT: 'user@1000.service' }),
      entry(30, { _TRANSPORT: 'kernel', SYSLOG_IDENTIFIER: 'kernel' }),
      entry(40, { SYSLOG_IDENTIFIER: 'smartd' }),
      entry(50, { SYSLOG_IDENTIFIER: [115, 109], UNIT: null, _SYSTEMD_UNIT: ['a', 'b'] }),
      entry(60, app),
      entry(70, app),
    ]);
    assert.deepEqual(
      rates.map(({ unit, count, perHour }) => [unit, count, perHour]),
      [
        ['app.service', 2, 24],
        ['backup.service', 1, 12],
        ['kernel', 1, 12],
        ['others', 1, 12],
        ['smartd', 1, 12],
        ['user:sync.service', 1, 12],
      ],
    );
    assert.ok(all);
  });

  test('are none where there are none', () => {
    assert.deepEqual(read([]), { rates: [], all: true });
    assert.deepEqual(read(['-- No entries --']), { rates: [], all: true });
  });

  test('that are more than is read are measured over the time of those that were', () => {
    const { rates, all } = read([entry(0, app), entry(5, app), entry(10, app)], 3);
    assert.deepEqual([rates, all], [[{ unit: 'app.service', count: 3, perHour: 1_080 }], false]);
  });

  test('that are cut off are not counted', () => {
    assert.throws(() => read([entry(0, app), '{"__CURSOR":"s']));
  });

  test('name nobody with what a terminal would obey', () => {
    const [rate] = read([entry(0, { SYSLOG_IDENTIFIER: `\u001b[2J\u202e${'x'.repeat(500)}` })]).rates;
    assert.ok(rate && rate.unit.length <= 120 && !/[\p{Cc}\p{Cf}]/u.test(rate.unit));
  });

  test('are told where there are ten at one a minute or more', () => {
    const rates = [
      { unit: 'a', count: 10, perHour: 60 },
      { unit: 'b', count: 9, perHour: 540 },
      { unit: 'c', count: 10, perHour: 59 },
    ];
    assert.deepEqual(journalFindings({ rates, all: true }), [
      { what: 'journal-errors', where: 'a', state: 'info', evidence: '10 errors in the journal, 60 an hour' },
    ]);
  });
});
