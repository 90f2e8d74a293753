/** What `baton guard` and `baton edit` have in common: the plan, the start, and watching it. */
import { join } from 'node:path';
import { checkPlaces, readNamedCheck } from '../compose/named-check.ts';
import { Reader } from '../compose/reader.ts';
import type { Check, NamedCheck } from '../domain/check.ts';
import { plannedGuard, type GuardPlan, type GuardQuestion } from '../domain/guard.ts';
import type { OperationId } from '../domain/names.ts';
import { formatLocation, isError, type Problem } from '../domain/problem.ts';
import type { planGuarded } from '../workflows/questions.ts';
import { outputMode, type OutputOptions } from './commands/shared.ts';
import { ask } from './ask.ts';
import { CommandFailure, exitCode } from './failure.ts';
import { followFile } from './follow-file.ts';
import { guardText } from './guard-text.ts';
import { startGuard, watchOperation } from './operation.ts';
import { print, printJson, printProblems } from './output.ts';
import { withClient } from './temporal.ts';
import { thisHost } from './this-host.ts';

/** Plans it, and unless it is refused or only asked about, does it. @returns the exit code. */
export const runGuard = async (
  question: GuardQuestion,
  options: OutputOptions & { dryRun?: boolean; wait: boolean },
): Promise<number> =>
  await withClient(async (client) => {
    const plan = await ask<typeof planGuarded>(client, question.host, 'planGuarded', [question]);
    if (plan.problems.some(isError) || options.dryRun) return tell(plan, options);
    const request = plannedGuard(question, plan);
    const handle = await startGuard(client, request);
    if (!options.wait) {
      const { operation, stack } = request;
      if (options.json) printJson({ type: 'started', operation, stack, workflowId: handle.workflowId });
      else print(`Operation ${operation} on ${stack} has started. Watch it: baton events ${stack} --follow`);
      return exitCode.done;
    }
    return await watchOperation(client, handle, outputMode(options), outputOf(request));
  });

const tell = (plan: GuardPlan, { json }: OutputOptions): number => {
  if (json) printJson({ type: 'plan', plan });
  else {
    print(guardText(plan));
    printProblems(plan.problems);
  }
  return plan.problems.some(isError) ? exitCode.failed : exitCode.done;
};

/** With those that stand in files of their own read, from here and from what Baton ships. */
export const checksOf = (given: readonly (Check | NamedCheck)[]): Check[] => {
  const reader = new Reader(() => undefined);
  const places = checkPlaces(process.cwd());
  const checks = given.flatMap((check) =>
    check.type === 'named' ? readNamedCheck(reader, check, places) : [check],
  );
  if (reader.problems.length > 0)
    throw new CommandFailure(
      exitCode.usage,
      `${reader.problems.map(toldProblem).join('\n')}\nNothing was changed.`,
    );
  return checks;
};

const toldProblem = ({ at, message }: Problem): string =>
  `${at && at.line > 0 ? `${formatLocation(at)}: ` : ''}${message}`;

/** Its output as it comes, where it runs on this machine; elsewhere its last lines come with the report. */
const outputOf = ({ host, operation }: { host: string; operation: OperationId }) => {
  const here = thisHost();
  return host === here.host
    ? followFile(join(here.stateDirectory, 'operations', operation, 'output.log'))
    : undefined;
};
