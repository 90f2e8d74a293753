/** A real browser with a profile of its own. */
import { chromium, type BrowserContext } from 'playwright-core';

export type Screen = { viewport: { width: number; height: number }; deviceScaleFactor?: number };

export const phone: Screen = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
export const desk: Screen = { viewport: { width: 1280, height: 900 } };

/** Closed, it leaves nothing behind: without a directory Playwright makes one for its profile, and removes it. */
export const openBrowser = async (screen: Screen): Promise<BrowserContext> =>
  await chromium.launchPersistentContext('', {
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
