/** Reading a stack's file on this machine: for `validate`, and to know a stack's name before its operation starts. */
import { isEcosystem, loadEcosystem } from '../compose/ecosystem.ts';
import { loadStack, type LoadOptions } from '../compose/load.ts';
import { renderProblems } from '../compose/render.ts';
import type { Ecosystem } from '../domain/ecosystem.ts';
import type { StackName } from '../domain/names.ts';
import { formatLocation, isError, type Problem } from '../domain/problem.ts';
import type { StackSpec } from '../domain/stack.ts';
import { resolve } from 'node:path';
import { CommandFailure, exitCode } from './failure.ts';

export type Reading = { set: Record<string, string>; envFile: string[]; profile: string[] };

const optionsOf = (file: string, { set, envFile, profile }: Reading): LoadOptions => ({
  file: resolve(file),
  envFiles: envFile.map((name) => resolve(name)),
  variables: set,
  environment: process.env,
  profiles: profile,
});

/** @throws CommandFailure with every problem, each with its line and a caret. */
export const readStack = async (
  file: string,
  reading: Reading,
): Promise<{ stack: StackSpec; warnings: Problem[] }> => {
  const loaded = await loadStack(optionsOf(file, reading));
  if (loaded.ok) return loaded;
  throw await refused(loaded.problems);
};

export const readStackName = async (file: string, reading: Reading): Promise<StackName> =>
  (await readStack(file, reading)).stack.name;

/** @returns `undefined` where the file is a stack, not an ecosystem. @throws as {@link readStack}. */
export const readEcosystem = async (
  file: string,
  reading: Reading,
): Promise<{ ecosystem: Ecosystem; warnings: Problem[] } | undefined> => {
  if (!(await isEcosystem(file))) return undefined;
  const loaded = await loadEcosystem(optionsOf(file, reading));
  if (loaded.ok) return loaded;
  throw await refused(loaded.problems);
};

/** A warning at the place of an error is often its cause: a variable that is not set left nothing. */
const refused = async (problems: Problem[]): Promise<CommandFailure> => {
  const places = new Set(problems.filter(isError).map(placeOf));
  const told = problems.filter((problem) => isError(problem) || (problem.at && places.has(placeOf(problem))));
  return new CommandFailure(exitCode.failed, await renderProblems(told), undefined, { problems: told });
};

const placeOf = ({ at }: Problem): string => (at ? formatLocation(at) : '');
