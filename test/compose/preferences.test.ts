/** `preferences.yml`: how far Baton may go by itself. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPreferences } from '../../compose/preferences.ts';

const read = async (text: string | undefined) =>
  await readPreferences('/etc/baton/preferences.yml', text === undefined ? undefined : Buffer.from(text), [
    'disk-cleanup',
    'service-restart',
  ]);

const refused = async (text: string): Promise<string[]> => {
  const result = await read(text);
  assert.ok(!result.ok);
  return result.problems.map(({ at, message }) => `${at?.line ?? 0}:${at?.column ?? 0} ${message}`);
};

describe('preferences.yml', () => {
  test('lays down levels, budgets, overrides, targets and hours', async () => {
    const result = await read(`
autonomy:
  schedule:
    weekday: {level: conservative, max_actions: 3}
    weekend: {level: moderate}
  action_overrides: {disk-cleanup: {min_confidence: 0.8}}
  protected: [vaultwarden, 'postgres*']
  opt_out: {jellyfin: [service-restart]}
  quiet_hours: {opens: '30 1 * * *', for: 3h, time_zone: Europe/Berlin}
`);
    assert.deepEqual(result.ok && result.preferences, {
      weekday: { level: 'conservative', maxActions: 3 },
      weekend: { level: 'moderate', maxActions: 5 },
      minConfidence: { 'disk-cleanup': 0.8 },
      protected: ['vaultwarden', 'postgres*'],
      optOuts: [{ target: 'jellyfin', playbooks: ['service-restart'] }],
      quietHours: { opens: '30 1 * * *', lastsMs: 3 * 3_600_000, timeZone: 'Europe/Berlin', except: [] },
    });
  });

  test('without one, or with an empty one, nothing is laid down but the budget', async () => {
    for (const text of [undefined, '', '# nothing yet\n']) {
      const result = await read(text);
      assert.deepEqual(result.ok && result.preferences, {
        weekday: { maxActions: 5 },
        weekend: { maxActions: 5 },
        minConfidence: {},
        protected: [],
        optOuts: [],
      });
    }
  });

  test('tells every mistake where it stands', async () => {
    assert.deepEqual(
      (
        await refused(`
autonomy:
  schedule:
    weekday: {level: bold, max_action: 3}
`)
      ).map((line) => line.split(' ')[0]),
      ['4:22', '4:28'],
    );
    assert.deepEqual(await refused('autonomy: {action_overrides: {disk-clenup: {min_confidence: 0.9}}}'), [
      '1:44 There is no playbook "disk-clenup". Did you mean "disk-cleanup"?',
    ]);
    assert.equal(
      (await refused('autonomy: {action_overrides: {disk-cleanup: {min_confidence: 95}}}')).length,
      1,
    );
    assert.equal((await refused("autonomy: {protected: ['a*b*c*d*e*f*g']}")).length, 1);
    assert.equal((await refused('autonomy: [')).length, 1);
  });
});
