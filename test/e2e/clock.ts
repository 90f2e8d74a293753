/** The clock of a site's worker, to be moved as a test goes on. The engine's clock, Temporal's and the command line's stay as they are. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const minuteMs = 60_000;
export const dayMs = 24 * 60 * minuteMs;

export class Clock {
  readonly #file = join(mkdtempSync(join(tmpdir(), 'baton-clock-')), 'moved-ms');

  constructor() {
    this.moveTo(0);
  }

  /** For the environment of the site whose clock it is. */
  get environment(): Record<string, string> {
    return { BATON_TEST_CLOCK: this.#file };
  }

  /** @param ms ahead of the machine's clock; behind it where negative. */
  moveTo(ms: number): void {
    writeFileSync(this.#file, String(Math.round(ms)));
  }

  async close(): Promise<void> {
    await rm(dirname(this.#file), { recursive: true });
  }
}
