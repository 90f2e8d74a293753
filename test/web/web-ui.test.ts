/** The Temporal Web UI is the dashboard: read in a real browser, during a deploy and after it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { freePort } from '../../setup/local.ts';
import { Site, until, get } from '../e2e/site.ts';
import { needed } from '../host/environment.ts';
import { desk, openBrowser } from './browser.ts';

/** `BATON_SCREENSHOTS=docs/images npm test -- test/web` renews the pictures of the docs. */
const pictures = process.env['BATON_SCREENSHOTS'];

describe('the Temporal Web UI', () => {
  let site: Site;
  let context: BrowserContext;
  let page: Page;
  let port: number;
  const stack = (): string => `
name: gallery
services:
  db:
    image: \${IMAGE}
    command: [httpd, -f, -p, "5432", -h, /data]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/gallery:/data"]
    x-baton: {probe: {tcp: 5432}}
  web:
    image: \${IMAGE}
    command: [sh, -c, "mkdir /www; echo \${VERSION:-1} > /www/index.html; \${BREAK:-true}; exec httpd -f -p 80 -h /www"]
    stop_signal: SIGKILL
    depends_on: {db: {condition: service_healthy}}
    ports: ["127.0.0.1:${port}:80"]
    x-baton: {probe: {http: ":80/"}}
x-baton: {min_healthy_time: "\${SOAK:-300ms}", healthy_deadline: 3s}
`;
  const open = async (link: string): Promise<void> => {
    // The page of a run that began a moment ago is at times answered with an error; a person reloads it.
    await until('the Web UI', async () => {
      await page.goto(link);
      // A page of a run that moves may never be idle.
      await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined);
      return !(await page.locator('body').innerText()).includes('Internal Error');
    });
  };
  /** The text of the page and of the frames in which the Web UI renders Markdown. */
  const text = async (): Promise<string> => {
    const texts = page.frames().map(
      async (frame) =>
        await frame
          .locator('body')
          .innerText()
          .catch(() => ''),
    );
    return (await Promise.all(texts)).join('\n');
  };
  /** That text, once it holds all of these. */
  const shows = async (...wanted: string[]): Promise<string> => {
    let now = '';
    let lastSeen = Date.now();
    const holds = async (): Promise<boolean> => {
      await page.keyboard.press('r');
      now = await text();
      if (now.trim() !== '' && !now.includes('Internal Error')) lastSeen = Date.now();
      // Chromium drops what it loads whenever a network interface comes or goes, as with every container: a page stays white,
      // or says that something failed. A person reloads it.
      else if (Date.now() - lastSeen > 5_000) {
        await page.reload({ timeout: 10_000 }).catch(() => undefined);
        lastSeen = Date.now();
      }
      return wanted.every((part) => now.includes(part));
    };
    await until('the page', holds, 30_000).catch(() => {
      assert.fail(
        `The page does not show ${wanted.filter((part) => !now.includes(part)).join(' / ')}, but:\n${now}`,
      );
    });
    return now;
  };
  const picture = async (name: string): Promise<void> => {
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`) });
  };
  const linkIn = (text: string): string => {
    const link = /Web UI: (\S+)/.exec(text)?.[1];
    assert.ok(link, text);
    return link;
  };

  before(async () => {
    site = await Site.open('podman', 'btrfs', pictures === undefined ? {} : { BATON_HOST: 'homelab' });
    port = await freePort();
    await site.write('gallery.yml', stack());
    context = await openBrowser(desk);
    page = context.pages()[0] ?? (await context.newPage());
    // A browser's first page takes long on a busy machine; the deploy does not wait for it.
    await page.goto(needed('BATON_TEST_TEMPORAL_UI'));
  });
  after(async () => {
    await context.close();
    await site.close();
  });

  test('shows the checklist as the deploy moves, and the report when it has ended', async () => {
    const started = await site.report('deploy', 'gallery.yml', '--set', 'SOAK=30s', '--wait=false');
    assert.equal(started.code, 0, started.err);
    await until(
      'the new version',
      async () => (await get(`http://127.0.0.1:${port}/`).catch(() => '')) === '1\n',
    );
    const events = await site.baton('events', 'gallery');
    await open(linkIn(events.out));
    await shows(
      'Snapshot data',
      '✓ Start web',
      '▸ Validate and soak',
      '· Record the release',
      'deploy gallery',
    );
    await picture('deploy-running');
    await shows('✓ Drop what was replaced', 'Next');
    const ended = await shows('baton undo gallery', 'Changed');
    assert.match(ended, /web: create/);
    await picture('deploy-done');
  });

  test('shows what failed, the end of its log, and what to type next', async () => {
    const { code, out } = await site.baton(
      'deploy',
      'gallery.yml',
      '--set',
      'VERSION=2',
      '--set',
      'BREAK=echo no table photos; exit 3',
    );
    assert.equal(code, 3);
    await open(linkIn(out));
    const text = await shows(
      'What failed',
      'no table photos',
      'Verify that everything is as before',
      'baton logs gallery',
    );
    assert.match(text, /Failed and rolled back: everything is as it was/);
    await picture('deploy-rolled-back');
  });

  test('shows what waits for an approval, and its own dialog gives it', async () => {
    const waiting = await site.report('deploy', 'gallery.yml', '--set', 'VERSION=3', '--approve');
    assert.equal(waiting.code, 6, waiting.out + waiting.err);
    const { plan } = (waiting.report as { waiting: { plan: string } }).waiting;
    await open(linkIn((await site.baton('events', 'gallery')).out));
    await shows('▸ Wait for approval', `plan ${plan}`, 'baton approve gallery');
    await picture('approval');
    await page.getByRole('button', { name: 'More Actions' }).click();
    await page.getByRole('menuitem', { name: 'Update' }).click();
    const dialog = page.getByRole('dialog').filter({ hasText: 'Update ID' });
    await dialog.getByTestId('update-select-button').click();
    await dialog.getByRole('option', { name: /^\s*approve/ }).click();
    await dialog.locator('[contenteditable=true]').fill(JSON.stringify({ by: 'anna', plan }));
    await picture('approval-dialog');
    // The dialog grows while it is left, and a click would miss the button.
    await dialog.getByRole('button', { name: 'Submit' }).press('Enter');
    const ended = await shows('baton undo gallery', 'Answers');
    assert.match(ended, /anna: approve \(plan [0-9a-f]{12}\), by web-ui/);
  });

  test('lists operations with their summary, and filters them by search attribute', async () => {
    const base = site.environment['BATON_WEB_UI'] ?? '';
    const filter = encodeURIComponent(
      `\`BatonHost\`="${site.host}" AND \`BatonStack\`="gallery" AND \`BatonOutcome\`="rolled-back"`,
    );
    await open(`${base}/namespaces/default/workflows?query=${filter}`);
    const text = await shows(`stack/${site.host}/gallery`, 'deployStack');
    const listed = text.split(`stack/${site.host}/gallery`).length - 1;
    // Pictures are taken with a host's name that earlier pictures had too.
    if (pictures === undefined) assert.equal(listed, 1, 'one operation was rolled back');
    await picture('operations');
  });

  test('names each activity by what it does', async () => {
    const { out } = await site.baton('events', 'gallery');
    await open(linkIn(out).replace(/user-metadata$/, 'history'));
    await shows('rollOutService', 'replace web: configuration changed');
  });
});
