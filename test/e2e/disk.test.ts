/** A disk that fills: said days ahead, done something about in the quiet hour, measured, and told in the morning. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SmallDisk } from '../host/small-disk.ts';
import { Caretaker, recordForecasts, recordOutcomes } from './caretaker.ts';
import { Clock, minuteMs } from './clock.ts';
import { oneService, Site } from './site.ts';

const hours = 40;
const perHour = 5 * 2 ** 20;

describe('a disk that fills', () => {
  const clock = new Clock();
  let disk: SmallDisk;
  let site: Site;
  let caretaker: Caretaker;
  let scratch: string;

  before(async () => {
    disk = await SmallDisk.mount(['mkfs.ext4', '-q', '-m', '0'], '500M');
    site = await Site.found('docker', disk.path, clock.environment);
    caretaker = new Caretaker(site);
    await site.startWorker();
    scratch = join(disk.path, 'transcodes');
    await mkdir(scratch);
    await site.write(
      '.config/baton/baton.yml',
      `cleanup: {images: false, build_cache: false, temp: [{path: ${scratch}, older_than: 1s}]}\n`,
    );
    await mkdir(join(site.data, 'films'));
    await site.write(
      'stack.yml',
      oneService(`films-${site.host}`).replace(
        '    stop_signal',
        '    volumes: ["${DATA}/films:/films"]\n    stop_signal',
      ),
    );
    await caretaker.type('deploy', 'stack.yml');
    const right = new Array<boolean>(60).fill(true);
    await recordOutcomes(site, 'disk-cleanup', disk.path, right, 'disk-filling');
    await recordForecasts(site, disk.path, 40);
  });
  after(async () => {
    await site.baton('auto', 'stop', '--unwind');
    await site.close();
    await disk.unmount();
    await clock.close();
  });

  /** A minute or two from now, so that the window opens while one looks on. */
  const soon = (): Date => new Date(Math.ceil((Date.now() + 30_000) / minuteMs) * minuteMs);

  test('is said to be full days before it is', async () => {
    for (let hour = 0; hour < hours; hour += 1) {
      await writeFile(join(scratch, String(hour)), randomBytes(perHour));
      clock.moveTo((hour - hours) * 60 * minuteMs);
      await site.baton('auto', 'once');
    }
    clock.moveTo(0);
    const told = await caretaker.type('forecast');
    assert.match(told, new RegExp(`${disk.path} .* full in 2\\.\\d days`));
  });

  let id = '';
  test('is left until the quiet hour, as there is time', async () => {
    const opens = soon();
    await site.write(
      '.config/baton/preferences.yml',
      `autonomy: {quiet_hours: {opens: "${opens.getMinutes()} ${opens.getHours()} * * *", for: 1h}}\n`,
    );
    await caretaker.type('auto', 'on', '--level', 'moderate');
    await site.baton('auto', 'once');
    const begun = await caretaker.open();
    id = begun.id;
    assert.deepEqual(
      [begun.decision.answer, begun.proposal.playbook, begun.action.startsAt],
      ['schedule', 'disk-cleanup', opens.getTime()],
    );
    assert.match(await caretaker.type('pending', '--host', site.host), /disk-cleanup .*\n.*Starts /);
    const { out } = await site.baton('report', 'night');
    assert.match(out, /What comes\n.*disk-cleanup .*: waits for its hour/);
  });

  test('is cleaned up then, and measured', async () => {
    const before = await disk.usedPercent();
    await caretaker.helps(id, 150_000);
    assert.ok(before > 40 && (await disk.usedPercent()) < 5, `${before} %`);
  });

  test('lasts for days more, and the morning says what was done', async () => {
    await site.baton('auto', 'once');
    assert.match(
      await caretaker.type('forecast'),
      new RegExp(`${disk.path} .*\\(0 %\\) {2}full in [34]\\.\\d days`),
    );
    const { out } = await site.baton('report', 'morning');
    assert.match(
      out,
      new RegExp(`✓ .* disk-cleanup on ${disk.path} \\(disk-filling\\): helped, measured at its end`),
    );
  });
});
