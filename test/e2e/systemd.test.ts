/** A host that systemd has booted: its failed units and its journal are seen, and guarded commands run in scopes of it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { unitName } from '../../setup/systemd-unit.ts';
import { needed } from '../host/environment.ts';
import { Booted } from './booted.ts';
import { Site, until, type Answer } from './site.ts';

const root = join(import.meta.dirname, '..', '..');

describe('on a host with systemd', () => {
  let site: Site;
  let booted: Booted;
  const data = '/srv/notes';

  before(async () => {
    site = await Site.found('podman', needed('BATON_TEST_EXT4'));
    booted = await Booted.start(site);
    await booted.run('sh', '-c', `mkdir ${data} && echo as it was > ${data}/text`);
  });
  after(async () => {
    await booted.close();
    await site.close();
  });

  const guard = async (...args: string[]): Promise<Answer> =>
    await site.baton('guard', '--data', data, '--auto-rollback', '--shell', ...args);

  /** Leaves its parent and its session, and clears its environment, so that nothing but its control group tells whose it is. */
  const strays = (seconds: number): string => `(setsid env -i /usr/bin/sleep ${seconds} &); sleep 600`;
  const strayLeft = async (seconds: number): Promise<number> =>
    await booted.count(`/usr/bin/sleep ${seconds}`);

  test('units that failed, and who fills the journal with errors, are told', async () => {
    await booted.run('systemd-run', '--unit=backup', '--description=Nightly backup', 'false');
    const noise = 'for i in $(seq 20); do echo "error $i" | systemd-cat -p err -t chatty; done';
    await booted.run('sh', '-c', noise);
    const { out } = await site.baton('health');
    assert.match(out, /backup\.service.*failed: Nightly backup/);
    assert.match(out, /chatty.*20 errors in the journal/);
  });

  test('a guard without a scope leaves what has run away from it', async () => {
    const { code } = await guard('--timeout', '1s', '--', strays(901));
    assert.equal(code, 3);
    assert.equal(await strayLeft(901), 1);
  });

  test('with one all of it is ended, and the data is put back', async () => {
    const { code, out } = await guard(
      '--scope',
      '--timeout',
      '1s',
      '--',
      `echo new > ${data}/text; ${strays(902)}`,
    );
    assert.equal(code, 3, out);
    assert.equal(await strayLeft(902), 0);
    assert.equal((await booted.run('cat', `${data}/text`)).out.trim(), 'as it was');
  });

  test('the scope has the limits that were asked for, and is told beforehand', async () => {
    const shows =
      'systemctl show --property TasksMax $(sed -n "s:.*/\\(baton-.*\\.scope\\)$:\\1:p" /proc/self/cgroup)';
    const words = [
      '--user',
      'nobody',
      '--property',
      'TasksMax=77',
      '--',
      `${shows} > ${data}/limits; id -un > ${data}/who`,
    ];
    const dry = await guard('--dry-run', ...words);
    assert.match(dry.out, /as nobody, in a systemd scope TasksMax=77/);
    await booted.run('chmod', '777', data);
    const { code, out, err } = await guard(...words);
    assert.equal(code, 0, out + err);
    assert.equal((await booted.run('cat', `${data}/limits`, `${data}/who`)).out, 'TasksMax=77\nnobody');
  });

  test('a property that systemd does not know fails the guard, in its words', async () => {
    const { code, out } = await guard('--property', 'MemroyMax=2G', '--', 'true');
    assert.equal(code, 3);
    assert.match(out, /MemroyMax/);
  });

  test('where the worker dies, the next one ends all of it', async () => {
    const begun = guard('--scope', '--', strays(903));
    await until('the stray', async () => (await strayLeft(903)) === 1);
    await booted.killWorker();
    await booted.startWorker();
    const { code, out } = await begun;
    assert.equal(code, 3, out);
    assert.match(out, /The worker died while it ran/);
    assert.equal(await strayLeft(903), 0);
  });

  test('a reboot cuts off what is under way, and brings up a worker that puts the data back', async () => {
    await booted.killWorker();
    const of = {
      ...site.environment,
      HOME: '/root',
      XDG_STATE_HOME: '/srv/state',
      XDG_CONFIG_HOME: '/srv/config',
    };
    const variables = Object.entries(of).map(([name, value]) => `${name}=${value}`);
    const printed = await booted.run(
      ...['env', ...variables, 'sh', '-c', '"$0" up --print-unit > "$1"'],
      ...[join(root, 'bin/baton'), `/etc/systemd/system/${unitName}`],
    );
    assert.equal(printed.code, 0, printed.err);
    const started = await booted.run('systemctl', 'enable', '--now', unitName);
    assert.equal(started.code, 0, started.err + (await booted.run('systemctl', 'status', unitName)).out);
    await booted.run('sh', '-c', `echo as it was > ${data}/text`);

    const begun = guard('--', `echo new > ${data}/text; sleep 600`);
    await until('the change', async () => (await booted.run('cat', `${data}/text`)).out.trim() === 'new');
    await booted.reboot();
    const { code, out } = await begun;
    assert.equal(code, 3, out);
    assert.equal((await booted.run('cat', `${data}/text`)).out.trim(), 'as it was');
  });

  test('the worker that came up with the machine is stopped as the unit is', async () => {
    assert.equal((await site.baton('status')).code, 0);
    await booted.run('systemctl', 'stop', unitName);
    assert.equal((await site.baton('status')).code, 4);
  });
});
