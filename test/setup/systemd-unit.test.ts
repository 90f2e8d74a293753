/** The unit that starts Baton with the machine: what it takes from the environment, what it leaves out, and how that is quoted. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { enableUnit, systemdUnit } from '../../setup/systemd-unit.ts';

const of = (environment: Record<string, string | undefined>, more = {}): string[] =>
  systemdUnit({ root: '/opt/baton', environment, manager: 'system', ...more }).split('\n');
const variables = (lines: string[]): string[] => lines.filter((line) => line.startsWith('Environment='));

describe('a systemd unit', () => {
  test('starts and stops what the command starts and stops, with its options', () => {
    const lines = of({}, { options: ['--port=7300'] });
    assert.ok(lines.includes('ExecStart="/opt/baton/bin/baton" up --port=7300'));
    assert.ok(lines.includes('ExecStop="/opt/baton/bin/baton" down'));
    assert.ok(lines.includes('WantedBy=multi-user.target'));
  });

  test('takes where things are from the environment, and nothing else of it', () => {
    const lines = of({
      HOME: '/root',
      BATON_HOST: 'nas',
      EDITOR: 'vi',
      BATON_ENGINE: '',
      XDG_STATE_HOME: undefined,
    });
    assert.deepEqual(variables(lines), ['Environment="HOME=/root"', 'Environment="BATON_HOST=nas"']);
  });

  test('leaves out what may be secret, and names it', () => {
    const lines = of({ TEMPORAL_API_KEY: 'hush', BATON_RECORDS: 'postgres://baton:hush@db/baton' });
    assert.ok(!lines.join('\n').includes('hush'));
    assert.match(
      lines.join('\n'),
      /to be written there: BATON_RECORDS, TEMPORAL_API_KEY\.\nEnvironmentFile=-\/etc\/baton\.env/,
    );
  });

  test('takes a value as it stands, whatever systemd makes of such signs', () => {
    const lines = of({ HOME: '/srv/50% of "my\\home"\nExecStart=/bin/false' }, { root: '/opt/100%' });
    assert.deepEqual(variables(lines), [
      String.raw`Environment="HOME=/srv/50%% of \"my\\home\"\nExecStart=/bin/false"`,
    ]);
    assert.ok(lines.includes('ExecStart="/opt/100%%/bin/baton" up'));
  });

  test('of a user waits for nothing of the system, and is enabled without being root', () => {
    const lines = of({}, { manager: 'user' });
    assert.ok(lines.includes('WantedBy=default.target'));
    assert.ok(!lines.join('\n').includes('docker.service'));
    assert.match(lines[0] ?? '', /systemctl --user enable baton\.service && loginctl enable-linger$/);
    assert.ok(!enableUnit('system').includes('--user'));
  });
});
