/** Reading a stack's file on this machine: for `validate`, and to know a stack's name before its operation starts. */
import { loadStack } from '../compose/load.ts';
import { renderProblem } from '../compose/render.ts';
import type { StackName } from '../domain/names.ts';
import type { Problem } from '../domain/problem.ts';
import type { StackSpec } from '../domain/stack.ts';
import { resolve } from 'node:path';
import { CommandFailure, exitCode } from './failure.ts';

export type Reading = { set: Record<string, string>; envFile: string[]; profile: string[] };

/** @throws CommandFailure with every problem, each with its line and a caret. */
export const readStack = async (
  file: string,
  { set, envFile, profile }: Reading,
): Promise<{ stack: StackSpec; warnings: Problem[] }> => {
  const loaded = await loadStack({
    file: resolve(file),
    envFiles: envFile.map((name) => resolve(name)),
    variables: set,
    environment: process.env,
    profiles: profile,
  });
  if (loaded.ok) return loaded;
  const errors = loaded.problems.filter(({ severity }) => severity === 'error');
  throw new CommandFailure(
    exitCode.failed,
    (await Promise.all(errors.map((problem) => renderProblem(problem)))).join('\n\n'),
  );
};

export const readStackName = async (file: string, reading: Reading): Promise<StackName> =>
  (await readStack(file, reading)).stack.name;
