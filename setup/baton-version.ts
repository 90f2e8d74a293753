/** Which Baton was measured or put to the test. */
import { execa } from 'execa';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** @param results where what came of it is kept: that is no change. @returns a commit, and `+` where files differ from it. */
export const batonVersion = async (results: string): Promise<string> => {
  const git = async (...args: string[]): Promise<string> => (await execa('git', args, { cwd: root })).stdout;
  const changed = await git('status', '--porcelain', '--', '.', ':!docs', `:!${results}`);
  return (await git('rev-parse', '--short', 'HEAD')) + (changed === '' ? '' : '+');
};
