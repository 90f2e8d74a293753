/** `baton health` and `baton auto once` as a person types them: a number with every point that it lost named. */
import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DiskForecast } from '../../domain/disk-forecast.ts';
import type { Look } from '../../domain/look.ts';
import { freePort } from '../../setup/local.ts';
import { Site } from './site.ts';

describe('the health of a host', () => {
  let site: Site;

  before(async () => {
    site = await Site.open('docker', 'btrfs');
    await site.write(
      'shop.yml',
      `
name: shop
services:
  db:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /]
    stop_signal: SIGKILL
  app:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /]
    stop_signal: SIGKILL
    depends_on: [db]
    labels: {traefik.http.routers.shop.rule: "Host(\`shop.example\`)"}
    ports: ["127.0.0.1:${await freePort()}:80"]
    x-baton: {probe: {exec: [wget, -q, -O, /dev/null, "http://db/etc/passwd"]}}
x-baton: {min_healthy_time: 100ms}
`,
    );
    const deployed = await site.baton('deploy', 'shop.yml');
    assert.equal(deployed.code, 0, deployed.out + deployed.err);
  });
  after(async () => {
    await site.close();
  });

  /** What `auto once` has decided stands on lines of its own below the look. */
  const look = async (...words: string[]): Promise<Look & { code: number }> => {
    const { out, code } = await site.baton(...words, '--json');
    // What was decided after it stands in a line of its own.
    const [first = ''] = out.split('\n');
    return { ...(JSON.parse(first) as Look), code };
  };
  /** The disks and the memory of the machine that runs this may be full, its units may have failed, and that is none of its business. */
  const others = ['disk-full', 'unit-failed', 'journal-errors', 'memory-pressure'];
  const own = ({ causes }: Look) => causes.filter(({ incident }) => !others.includes(incident.what));

  test('all is well', async () => {
    const seen = await look('auto', 'once');
    assert.deepEqual(own(seen), []);
    assert.deepEqual(
      seen.asked.flatMap(({ source, state }) => (source === 'systemd' ? [] : [[source, state]])),
      [
        ['services', 'seen'],
        ['containers', 'seen'],
        ['disks', 'seen'],
        ['certificates', 'not here'],
        ['proof', 'not here'],
        ['filesystems', 'not here'],
        ['memory', 'seen'],
        ['leaks', 'seen'],
        ['degradation', 'seen'],
        ['prometheus', 'not here'],
        ['traffic', 'not here'],
        ['images', 'not here'],
      ],
    );
  });

  test('a dead database under an application is one incident with one cause, which stays one', async () => {
    await site.cli('stop', 'shop-db-1');
    const seen = await look('health');
    assert.equal(seen.code, 1);
    const places = own(seen).map(({ incident, effects }) => [
      incident.where,
      effects.map(({ where }) => where),
    ]);
    assert.deepEqual(places, [['shop/db', ['shop/app']]]);
    const [kept, again] = [await look('auto', 'once'), await look('auto', 'once')];
    assert.deepEqual(
      own(again).map(({ incident }) => incident.openedAt),
      own(kept).map(({ incident }) => incident.openedAt),
    );
    const told = await site.baton('health');
    assert.match(told.out, /\(−25\) service-down@shop\/db: exited/);
    assert.match(told.out, /↳ \(−3\) service-down@shop\/app/);
  });

  test('what is on record is told again without a look, and what needs what', async () => {
    const { out } = await site.baton('incidents');
    assert.match(out, /service-down@shop\/db: exited.*\n.*↳ .*service-down@shop\/app/);
    assert.equal((await site.baton('incidents', 'service-down@shop/nobody')).code, 1);
    const tree = await site.baton('graph');
    assert.match(tree.out, /shop\/app\n└─ shop\/db {2}depends_on/);
  });

  test('it is over when it was measured to be, and on record as such', async () => {
    await site.cli('start', 'shop-db-1');
    assert.deepEqual(own(await look('auto', 'once')), []);
    assert.deepEqual(own(await look('health')), []);
    const { out } = await site.baton('incidents', 'service-down@shop/db', '--json');
    const kept = JSON.parse(out) as { turns: { to: string }[] };
    assert.deepEqual(
      kept.turns.map(({ to }) => to),
      ['closed'],
    );
  });

  test('from a few looks no forecast is made, and it says so', async () => {
    const { out, code } = await site.baton('forecast', '--json');
    assert.equal(code, 0);
    const states = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as DiskForecast).forecast.state);
    assert.deepEqual([...new Set(states)], ['not enough']);
  });

  test('it looks by itself until it is told to stop', async () => {
    const looks = async (): Promise<boolean> => {
      const { out } = await site.baton('auto', 'status', '--json');
      return (JSON.parse(out) as { looks: boolean }).looks;
    };
    assert.equal(await looks(), false);
    for (let time = 0; time < 2; time += 1) {
      assert.equal((await site.baton('auto', 'dry-run')).code, 0);
      assert.equal(await looks(), true);
    }
    for (let time = 0; time < 2; time += 1) {
      assert.equal((await site.baton('auto', 'stop')).code, 0);
      assert.equal(await looks(), false);
    }
  });

  test('requests that Traefik logs are counted for the service that has the router', async () => {
    const log = join(site.files, 'access.log');
    await writeFile(log, '');
    await mkdir(join(site.files, '.config', 'baton'), { recursive: true });
    await writeFile(
      join(site.files, '.config', 'baton', 'baton.yml'),
      `traffic: { access_log: ${JSON.stringify(log)} }\n`,
    );
    const traffic = async () => (await look('auto', 'once')).asked.find(({ source }) => source === 'traffic');
    assert.equal((await traffic())?.state, 'seen');
    const written = join(import.meta.dirname, '..', 'domain', 'traefik-3.3-json.txt');
    await appendFile(log, await readFile(written));
    const asked = await traffic();
    assert.ok(asked?.state === 'seen' && asked.samples === 1, JSON.stringify(asked));
    const { out } = await site.baton('windows', '--json');
    assert.equal((JSON.parse(out) as { target: string }).target, 'shop/app');
    const told = await site.baton('incidents', 'traffic-unmapped@traefik');
    assert.match(told.out, /router wiki@file/);
  });
});
