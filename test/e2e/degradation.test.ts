/** A release that makes a service slower: it is noticed, told on the phone, and undone with one tap. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { BrowserContext } from 'playwright-core';
import { freePort } from '../../setup/local.ts';
import { openBrowser, phone } from '../web/browser.ts';
import { Door } from '../web/door-process.ts';
import { openNtfy, type Ntfy } from '../web/ntfy.ts';
import { Caretaker } from './caretaker.ts';
import { Clock, dayMs, minuteMs } from './clock.ts';
import { Site, until } from './site.ts';

const token = 'tk_canary_51ow';

/** A page that takes as long as `PAUSE` says, in seconds. */
const shop = `
services:
  web:
    image: \${IMAGE}
    command:
      - sh
      - -c
      - |
        mkdir -p /www/cgi-bin
        printf '#!/bin/sh\\nsleep %s\\nprintf "Content-Type: text/plain\\\\r\\\\n\\\\r\\\\nok\\\\n"\\n' $$PAUSE > /www/cgi-bin/page
        chmod +x /www/cgi-bin/page
        exec httpd -f -p 80 -h /www
    stop_signal: SIGKILL
    environment: {PAUSE: "\${PAUSE}"}
    x-baton: {probe: {http: ":80/cgi-bin/page"}}
x-baton: {min_healthy_time: 100ms}
`;

describe('a release that makes a service slower', () => {
  const clock = new Clock();
  let site: Site;
  let caretaker: Caretaker;
  let ntfy: Ntfy;
  let door: Door;
  let browser: BrowserContext;
  let stack: string;

  before(async () => {
    ntfy = await openNtfy(token);
    const port = await freePort();
    site = await Site.open('podman', 'btrfs', { NTFY_TOKEN: token, ...clock.environment });
    caretaker = new Caretaker(site);
    stack = `shop-${site.host}`;
    await site.write(
      '.config/baton/baton.yml',
      `notify:
  - {name: phone, person: anna, ntfy: {url: '${ntfy.url}/baton', token: '\${NTFY_TOKEN}'}}
serve: {url: 'http://127.0.0.1:${port}'}
`,
    );
    await site.write('shop.yml', `name: ${stack}${shop}`);
    door = await Door.open(site, port);
    browser = await openBrowser(phone);
  });
  after(async () => {
    await site.baton('auto', 'stop', '--unwind');
    await browser.close();
    await door.close();
    ntfy.close();
    await site.close();
    await clock.close();
  });

  const deploy = async (pause: string): Promise<string> =>
    await caretaker.type('deploy', 'shop.yml', '--set', `PAUSE=${pause}`);
  const look = async (movedMs: number): Promise<void> => {
    clock.moveTo(movedMs);
    await site.baton('auto', 'once');
  };
  /** In minutes from now, `daysAgo` days ago. */
  const watch = async (from: number, to: number, every: number, daysAgo = 0): Promise<void> => {
    for (let minutes = from; minutes <= to; minutes += every)
      await look(minutes * minuteMs - daysAgo * dayMs);
  };

  test('is found against the same hour of the days before', async () => {
    await deploy('0');
    for (const daysAgo of [3, 2, 1]) await watch(10, 85, 15, daysAgo);
    clock.moveTo(0);
    await deploy('0.2');
    await caretaker.type('auto', 'on', '--level', 'moderate');
    await watch(5, 45, 5);
    assert.match(
      await caretaker.type('incidents'),
      new RegExp(
        `slower-since-deploy@${stack}/web: since release [0-9a-f]{12}: 2\\d\\d ms now, .* of the 3 days before`,
      ),
    );
  });

  test('is asked about on the phone, with what speaks for it', async () => {
    await until('the notice', () => ntfy.messages.length > 0);
    const [notice = assert.fail()] = ntfy.messages;
    assert.equal(notice.title, `undo-recent-deploy ${stack} on ${site.host}?`);
    const page = await browser.newPage();
    await page.goto(notice.click ?? '');
    const yes = page.getByRole('button', { name: 'Approve' });
    await yes.waitFor();
    const text = await page.locator('body').innerText();
    assert.match(text, /2\d\d ms now, .* at that hour of the 3 days before/);
    assert.match(text, /likely to help: 50 %: \(0 of 0 here \+ 1\) \/ \(0 \+ 2\)/);
    assert.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= window.innerWidth'));
    await yes.click();
    await page.getByText('Approved.').waitFor();
    await page.close();
  });

  test('is undone, and was measured to be quicker then', async () => {
    const { id } = (await caretaker.decisions()).findLast(({ action }) => action) ?? assert.fail();
    await caretaker.helps(id);
    assert.match(await caretaker.type('record'), /1 action, 100 % helped where 50 % were promised/);
    assert.match(
      await caretaker.type('similar', `slower-since-deploy@${stack}/web`),
      new RegExp(`undo-recent-deploy: ask, helped \\(baton decisions ${id}\\)`),
    );
  });

  test('is over once it was seen to be', async () => {
    await watch(55, 90, 5);
    assert.equal((await caretaker.type('incidents')).includes('slower-since-deploy'), false);
  });

  test('is held against that release: who deploys it again is told', async () => {
    const told = /undo-recent-deploy: slower-since-deploy \(baton decisions [0-9a-f]{8}\)/;
    assert.match(await caretaker.type('releases', stack), told);
    const plan = await caretaker.type('plan', 'shop.yml', '--set', 'PAUSE=0.2');
    assert.match(plan, new RegExp(`Release [0-9a-f]{12} was taken back at .*: ${told.source}`));
    assert.equal(
      (await caretaker.type('plan', 'shop.yml', '--set', 'PAUSE=0')).includes('taken back'),
      false,
    );
  });
});
