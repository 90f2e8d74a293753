/** `baton plan FILE`: what would change, without changing it. */
import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { questionWorkflowId } from '../../domain/ids.ts';
import type { OperationRequest } from '../../domain/operation.ts';
import { unmendable } from '../../domain/ecosystem.ts';
import { isNoop } from '../../domain/plan.ts';
import { isError } from '../../domain/problem.ts';
import type { planStack } from '../../workflows/questions.ts';
import { askAs } from '../ask.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print, printJson, printProblems } from '../output.ts';
import { planText } from '../plan-text.ts';
import { withClient } from '../temporal.ts';
import type { SavedPlan } from '../saved-plan.ts';
import { ecosystemOf, fileOptions, fileRequest, type FileOptions } from './deploy.ts';
import { examples } from './shared.ts';

type PlanOptions = FileOptions & { out?: string; detailedExitcode?: boolean };

export const planCommand = (command: Command): void => {
  command
    .argument('<file>', 'a Compose file, or an ecosystem')
    .option('-o, --out <file>', 'save the plan, for `baton deploy`')
    .option('--detailed-exitcode', 'exit with 2 where there are changes');
  fileOptions(command).action(async (file: string, options: PlanOptions) => {
    process.exitCode = await plan(file, options);
  });
  examples(command, [
    'baton plan stacks/immich.yml',
    'baton plan stacks/immich.yml -o plan.json',
    'baton plan stacks/immich.yml --detailed-exitcode',
  ]);
};

const plan = async (file: string, options: PlanOptions): Promise<number> => {
  const ecosystem = await ecosystemOf(file, options);
  if (!ecosystem) return await planOne(await fileRequest(file, options), options);
  if (options.out !== undefined)
    throw new CommandFailure(exitCode.usage, 'A plan can be saved of one stack, not of an ecosystem.');
  const codes: number[] = [];
  for (const [index, { name, members }] of ecosystem.phases.entries())
    for (const { request, after } of members) {
      if (!options.json) print(`\n━━ ${name}: ${request.stack}`);
      codes.push(await planOne(request, options, index > 0 || after.length > 0));
    }
  return [exitCode.failed, exitCode.planHasChanges].find((code) => codes.includes(code)) ?? exitCode.done;
};

/** @param hasEarlier other stacks of the same run may bring what this one lacks. */
const planOne = async (
  request: OperationRequest,
  options: PlanOptions,
  hasEarlier = false,
): Promise<number> => {
  const prepared = await withClient(
    async (client) =>
      await askAs<typeof planStack>(client, request.host, 'planStack', {
        workflowId: questionWorkflowId(request.host, `plan-${request.stack}`, request.operation),
        args: [request],
        staticSummary: `plan ${request.stack}`,
      }),
  );
  const errors = unmendable(prepared.problems, hasEarlier);
  if (options.json) printJson({ type: 'plan', ...prepared });
  if (!prepared.plan) {
    if (!options.json) printProblems(prepared.problems);
    throw new CommandFailure(exitCode.failed, `Stack "${request.stack}" cannot be planned.`);
  }
  if (!options.json) {
    print(planText(prepared.plan));
    printProblems([...errors, ...prepared.problems.filter((problem) => !isError(problem))]);
  }
  if (options.out !== undefined) {
    const saved: SavedPlan = {
      format: 'baton-plan/1',
      digest: prepared.digest,
      request,
      plan: prepared.plan,
    };
    await writeFile(options.out, `${JSON.stringify(saved, null, 2)}\n`);
    if (!options.json) print(`Saved to ${options.out}. Apply it: baton deploy ${options.out}`);
  }
  if (errors.length > 0) return exitCode.failed;
  return options.detailedExitcode && !isNoop(prepared.plan) ? exitCode.planHasChanges : exitCode.done;
};
