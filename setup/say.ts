/** Progress of set-up, on standard error so that standard output stays clean for programs. */

export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Tells that something began, and how long it took; nothing is told of what takes less than half a second. */
export const withProgress = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const began = performance.now();
  const timer = setTimeout(() => {
    say(`▸ ${what} …`);
  }, 500);
  try {
    const result = await work();
    const tookMs = performance.now() - began;
    if (tookMs > 500) say(`✓ ${what} (${(tookMs / 1000).toFixed(1)} s)`);
    return result;
  } finally {
    clearTimeout(timer);
  }
};

/** Set-up cannot go on: what is missing, and the one command that mends it. */
export class SetupFailure extends Error {
  override readonly name = 'SetupFailure';
}
