/** A real browser with a profile of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';

export type Screen = { viewport: { width: number; height: number }; deviceScaleFactor?: number };

export const phone: Screen = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
export const desk: Screen = { viewport: { width: 1280, height: 900 } };

/** Closed, it leaves nothing behind. */
export const openBrowser = async (screen: Screen): Promise<BrowserContext> => {
  const profile = await mkdtemp(join(tmpdir(), 'baton-browser-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    ...screen,
  });
  const close = browser.close.bind(browser);
  browser.close = async () => {
    await close();
    await rm(profile, { recursive: true, force: true });
  };
  return browser;
};
