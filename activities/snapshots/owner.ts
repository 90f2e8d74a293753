import type { Run } from './run.ts';

/** Gives `path` the owner, group and mode of `model`. */
export const likeItsOwner = async (run: Run, model: string, path: string): Promise<void> => {
  await run('chown', [`--reference=${model}`, '--', path]);
  await run('chmod', [`--reference=${model}`, '--', path]);
};
