/** A report of a host where something broke, as it is typed, sent, kept, and read in a real browser. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { withRecords } from '../e2e/caretaker.ts';
import { oneService, Site, until } from '../e2e/site.ts';
import { freePort } from '../../setup/local.ts';
import { desk, openBrowser } from './browser.ts';
import { Door } from './door-process.ts';
import { openNtfy, type Ntfy } from './ntfy.ts';

/** `BATON_SCREENSHOTS=docs/images npm test -- test/web` renews the pictures of the docs. */
const pictures = process.env['BATON_SCREENSHOTS'];
const token = 'tk_canary_77aa';

describe('a report', () => {
  let site: Site;
  let ntfy: Ntfy;
  let browser: BrowserContext;
  let page: Page;
  let door: Door;
  let port: number;

  before(async () => {
    ntfy = await openNtfy(token);
    port = await freePort();
    site = await Site.open('docker', 'btrfs', {
      NTFY_TOKEN: token,
      ...(pictures === undefined ? {} : { BATON_HOST: 'homelab' }),
    });
    const configuration = join(site.environment['XDG_CONFIG_HOME'] ?? '', 'baton');
    await mkdir(configuration, { recursive: true });
    await writeFile(
      join(configuration, 'baton.yml'),
      `notify:
  - {name: phone, person: anna, ntfy: {url: '${ntfy.url}/baton', token: '\${NTFY_TOKEN}'}}
serve: {url: 'http://127.0.0.1:${port}'}
schedules:
  coffee: {cron: '0 4 1 1 *', report: morning}
`,
    );
    door = await Door.open(site, port);
    await site.write('photos.yml', oneService('photos'));
    browser = await openBrowser(desk);
    page = browser.pages()[0] ?? (await browser.newPage());
  });
  after(async () => {
    await browser.close();
    await site.baton('schedule', 'remove', 'coffee');
    await site.baton('auto', 'stop');
    await door.close();
    ntfy.close();
    await site.close();
  });

  type Told = { headline: string; needsYou: { text: string }[]; ended: { what: string; outcome: string }[] };
  const told = async (): Promise<Told> => {
    const { out, err } = await site.baton('report', '--json');
    assert.equal(err, '');
    return JSON.parse(out) as Told;
  };
  /** Three weeks of it: most in the evening, least from 4 to 6. */
  const recordTraffic = async (place: string): Promise<void> => {
    const hourMs = 3_600_000;
    const now = Math.floor(Date.now() / hourMs) * hourMs;
    const hours = Array.from({ length: 21 * 24 }, (_, ago) => {
      const at = now - (ago + 1) * hourMs;
      const hour = new Date(at).getHours();
      const mean = hour >= 4 && hour < 6 ? 1 : 10 + 40 * Math.max(0, Math.sin(((hour - 8) / 14) * Math.PI));
      return { measure: 'traffic.requests', place, at, count: 12, mean, least: mean, most: mean };
    });
    await withRecords(site, async (records) => {
      await records.write({ hours });
    });
  };
  /** The disks of the machine that runs this may be full, and that is none of its business. */
  const own = ({ needsYou }: Told): string[] =>
    needsYou.map(({ text }) => text).filter((text) => !text.startsWith('disk-') && !/is full in/.test(text));

  test('of a host that nobody looked at says that first', async () => {
    const { headline } = await told();
    assert.match(headline, /^Nobody looked at this host all that time\./);
    const { out, code } = await site.baton('report');
    assert.equal(code, 0);
    assert.equal(out.split('\n')[0], headline);
  });

  test('tells what was deployed, what is wrong, and what waits for somebody', async () => {
    assert.equal((await site.baton('deploy', 'photos.yml')).code, 0);
    assert.equal((await site.baton('auto', 'dry-run')).code, 0);
    await site.baton('auto', 'once');
    await site.cli('stop', 'photos-web-1');
    await site.baton('auto', 'once');
    assert.equal((await site.baton('deploy', 'photos.yml', '--set', 'X=1', '--approve')).code, 6);
    await until('the operation to be listed', async () => (await told()).ended.length > 0);
    const report = await told();
    assert.deepEqual(
      report.ended.map(({ what, outcome }) => [what, outcome]),
      [['deploy photos', 'done']],
    );
    const needs = own(report);
    assert.equal(needs.length, 2, needs.join('\n'));
    assert.match(needs[0] ?? '', /^deploy photos waits for an approval until /);
    assert.match(needs[1] ?? '', /^service-down at photos\/web since /);
  });

  test('is one file that a browser shows on a phone and on a desk, in light and in dark', async () => {
    const file = join(site.files, 'morning.html');
    assert.equal((await site.baton('report', '--html', file)).code, 0);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const sizes = { phone: [390, 844], desktop: [1280, 900] } as const;
    for (const [size, [width, height]] of Object.entries(sizes))
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme });
        await page.goto(`file://${file}`);
        assert.match(await page.locator('.headline').innerText(), /things? needs? you/);
        assert.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= window.innerWidth'));
        const picture = await page.locator('svg').first().boundingBox();
        assert.ok(picture && picture.width > 250 && picture.height > 80);
        // The picture is drawn: text in it can be read, and is not cut.
        const image = await page.screenshot();
        assert.ok(image.length > 10_000);
        if (pictures !== undefined)
          await writeFile(join(pictures, `report-${size}-${colorScheme}.png`), image);
      }
    assert.deepEqual([...new Set(asked)], [`file://${file}`], 'it needs nothing else');
  });

  test('of a week draws the traffic that is usual, with the quiet hours that are chosen', async () => {
    await recordTraffic('photos/web');
    const file = join(site.files, 'weekly.html');
    assert.equal((await site.baton('report', 'weekly', '--html', file)).code, 0);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(`file://${file}`);
    const told = /photos\/web: \w{3} 04:00 to 06:00, with \d+ % of its usual traffic/;
    await page.locator('li', { hasText: told }).waitFor();
    const picture = page.getByRole('img', { name: /^Requests for photos\/web by the hour of the week/ });
    assert.equal(await picture.locator('rect.chosen').count(), 2);
    assert.equal(await picture.locator('rect.bar').count(), 7 * 24 - 2);
    if (pictures !== undefined)
      await page.screenshot({ path: join(pictures, 'report-weekly.png'), fullPage: true });
  });

  let link = '';
  test('that a schedule makes is kept as a page, and told once with its first line', async () => {
    assert.equal((await site.baton('apply', '--yes')).code, 0);
    ntfy.messages.length = 0;
    assert.equal((await site.baton('schedule', 'trigger', 'coffee')).code, 0);
    await until('the notice', () => ntfy.messages.some(({ title }) => title.includes('in the morning')));
    const notice = ntfy.messages.find(({ title }) => title.includes('in the morning'));
    assert.match(notice?.message ?? '', /things? needs? you(?:.|\n)*All of it: baton report morning/);
    link = notice?.click ?? '';
    const kept = join(site.environment['XDG_STATE_HOME'] ?? '', 'baton', 'reports');
    const [name = assert.fail('nothing was kept'), ...more] = await readdir(kept);
    assert.match(name, /^morning-\d{4}-\d\d-\d\d\.html$/);
    assert.equal(more.length, 0);
    assert.match(await readFile(join(kept, name), 'utf8'), /<\/html>\n$/);
  });

  test('is read through the door by whoever has its link, which leads to the questions and answers none', async () => {
    assert.match(link, /\/report#/);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(link);
    await page.locator('.headline').waitFor();
    assert.equal(page.url(), `http://127.0.0.1:${port}/report`);
    assert.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= window.innerWidth'));
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, 'report-door.png') });
    await page.getByRole('button', { name: 'weekly' }).click();
    await page.getByText('By playbook').waitFor();
    await page.getByRole('link', { name: 'deploy photos?' }).click();
    await page.getByRole('button', { name: 'Approve' }).waitFor();
  });

  test('has a link for reading alone, which is good for nothing else', async () => {
    const { out } = await site.baton('report', '--link');
    await page.goto('about:blank');
    await page.goto(out);
    await page.locator('.headline').waitFor();
    assert.equal(await page.getByRole('link').count(), 0);
    const ticket = out.split('#')[1] ?? '';
    const send = async (path: string, body: string, bearer = ticket): Promise<number> =>
      (
        await fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'Baton-Ticket': bearer },
          body,
        })
      ).status;
    assert.equal(await send('/api/report', '{"kind":"night"}'), 200);
    assert.equal(await send('/api/report', '{"kind":"yearly"}'), 400);
    assert.equal(await send('/api/report', '{"kind":"night"}', `${ticket.slice(0, -4)}AAAA`), 401);
    for (const path of ['/api/question', '/api/answer']) assert.equal(await send(path, '{}'), 401);
    assert.ok(!door.said.includes(ticket));
  });

  test('is Markdown for who wants that, and a mistake is told', async () => {
    const { out } = await site.baton('report', 'weekly', '--markdown', '-');
    assert.match(out, /^\*\*.*need.* you.*\*\*\n\n# (?:.|\n)*## By playbook/);
    assert.equal((await site.baton('report', 'yearly')).code, 64);
    const { code, err } = await site.baton('report', '--html', '/nowhere/at/all.html');
    assert.equal(code, 1);
    assert.match(err, /could not be written/);
  });
});
