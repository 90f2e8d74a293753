/** Playbooks of other scripts: what each of their lines becomes, and that what is written is read again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { importPlaybook, lineText } from '../../compose/playbook-import.ts';
import { readPlaybook } from '../../compose/playbook.ts';

const importText = (text: string, file = 'Old Cleanup.yml') => importPlaybook(file, Buffer.from(text));

const cleanup = `
name: "Make room"
risk_level: low
requires_confirmation: true
metadata: { estimated_duration: "2-5 minutes" }
triggers:
  - condition: "root_disk_usage > 80"
  - condition: "days_until_90pct < 7"
  - condition: "swap_usage_mb > 100"
actions:
  - { name: journals, command: "journalctl --user --vacuum-time=7d" }
  - { name: images, command: "podman image prune -f" }
  - { name: thumbs, command: "find /srv/thumbs -type f -mtime +1 -delete" }
  - { name: pressed, command: "systemctl --user restart web", conditional: "memory > 1G" }
  - { name: own, command: "/opt/tidy.sh --all" }
post_checks:
  - { name: less, command: "df / | awk 1" }
success_criteria:
  - "Disk usage reduced by at least 3%"
  - "Everybody is happy"
`;

describe('importing a playbook', () => {
  test('one that cleans up becomes a cleanup of those parts, with its own measure of success', () => {
    const imported = importText(cleanup);
    assert.ok(imported.ok, JSON.stringify(imported));
    const read = readPlaybook(`${imported.name}.yml`, Buffer.from(imported.text), 'own');
    assert.ok(read.ok);
    const { name, target, when, steps, success, undo, risk, needs } = read.playbook;
    assert.deepEqual(
      [name, target, risk, undo.possible, needs.timeMs],
      ['old-cleanup', 'filesystem', 'low', false, 300_000],
    );
    assert.deepEqual(steps, [{ do: 'cleanup', only: ['journal', 'images', 'temp'] }]);
    assert.deepEqual(
      when.map((one) => one.see),
      ['incident', 'forecast'],
    );
    assert.deepEqual(success.criteria, [{ measure: 'used-percent', fallsBy: { by: 3, relative: false } }]);
  });

  test('every line that becomes nothing says where it is and why', () => {
    const { lines } = importText(cleanup);
    const left = lines
      .filter(({ into }) => into === undefined)
      .map(({ at, text, why }) => [at?.line, text, why !== undefined]);
    assert.deepEqual(left, [
      [4, 'requires_confirmation', true],
      [9, 'swap_usage_mb > 100', true],
      [14, 'pressed', true],
      [15, 'own', true],
      [20, 'Everybody is happy', true],
    ]);
  });

  test('one that restarts a service becomes a restart; no target gets into a command', () => {
    const imported = importText(
      `name: heal\nactions:\n  - { name: a, command: "systemctl --user restart {{ service }}.service" }\n  - { name: b, command: "rm -rf /srv/{{ service }}" }\n`,
    );
    assert.ok(imported.ok);
    assert.match(imported.text, /restart: service/);
    assert.doesNotMatch(imported.text.replaceAll(/^#.*$/gm, ''), /rm -rf|\{\{/);
    assert.match(imported.lines.map(lineText).join('\n'), /"b" left out/);
  });

  test('a chain, and one without a step in Baton’s form, are refused with the reason for each of their lines', () => {
    const chain = importText(
      'name: all\nplaybooks:\n  - { name: disk-cleanup }\n  - { name: service-restart }\n',
    );
    assert.ok(!chain.ok);
    assert.equal(chain.lines.length, 2);
    const none = importText('name: all\nactions:\n  - { name: own, command: /opt/tidy.sh }\n');
    assert.ok(!none.ok);
    assert.match(none.lines.map(lineText).join(), /guard/);
    assert.ok(!importText('[1').ok);
    assert.ok(!importText('text').ok);
  });

  test('whatever it says, what is written is read again or is refused', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('df /', 'systemctl restart x', 'podman image prune', 'drift', 'a\n# b: c'),
    );
    const entry = fc.record({ name: text, command: text, condition: text }, { requiredKeys: [] });
    const file = fc.record(
      {
        name: text,
        risk_level: text,
        triggers: fc.array(entry),
        actions: fc.array(entry),
        post_checks: fc.array(entry),
        success_criteria: fc.array(text),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(file, text, (body, name) => {
        const imported = importText(JSON.stringify(body), `${name.replaceAll('/', '')}.yml`);
        if (imported.ok)
          assert.ok(readPlaybook(`${imported.name}.yml`, Buffer.from(imported.text), 'own').ok);
        else assert.ok(imported.problems.length > 0);
      }),
      { numRuns: 300 },
    );
  });
});
