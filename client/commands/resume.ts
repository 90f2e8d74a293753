/** `baton resume OPERATION`: finish an unwind that needed a person, once its cause is mended. */
import type { Command } from 'commander';
import type { AnyPlan } from '../../domain/action.ts';
import { stackAt } from '../../domain/dependency-map.ts';
import type { Report, ResumeRequest } from '../../domain/operation.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { findOperation, startResume, watchOperation } from '../operation.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { progressOf } from '../worker.ts';
import { examples, hostOption, jsonOption, outputMode, waitOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; wait: boolean };

export const resumeCommand = (command: Command): void => {
  command
    .argument('<operation>', 'the operation that needs a person, or the stack it changed')
    .addOption(hostOption())
    .addOption(waitOption())
    .addOption(jsonOption())
    .action(async (name: string, options: Options) => {
      process.exitCode = await withClient(async (client) => {
        const ended = await findOperation(client, options.host ?? thisHost().host, name);
        const progress = await progressOf(ended);
        const request = resumeRequest(name, progress?.report, await ended.query<AnyPlan | undefined>('plan'));
        const handle = await startResume(client, request);
        return options.wait ? await watchOperation(client, handle, outputMode(options)) : 0;
      });
    });
  examples(command, ['baton resume immich', 'baton resume 1f0c9a2e']);
};

/** @throws CommandFailure where there is nothing to finish. */
export const resumeRequest = (
  name: string,
  report: Report | undefined,
  plan: AnyPlan | undefined,
): ResumeRequest => {
  if (report?.stacks) {
    const waiting = report.stacks.filter(({ outcome }) => outcome === 'needs-human');
    throw new CommandFailure(
      exitCode.usage,
      `"${name}" is an ecosystem; its stacks are resumed one by one.`,
      waiting.map(({ stack }) => `baton resume ${stack}`).join('\n  '),
    );
  }
  if (report?.outcome === 'needs-human' && plan?.kind === 'playbook')
    throw new CommandFailure(
      exitCode.usage,
      `"${name}" is a playbook on ${plan.target}; each of its steps is an operation of its own, which is resumed by its stack.`,
      plan.target.startsWith('/') ? `baton events ${name}` : `baton resume ${stackAt(plan.target)}`,
    );
  if (report?.outcome !== 'needs-human' || !plan || plan.kind === 'playbook' || plan.kind === 'ecosystem')
    throw new CommandFailure(
      exitCode.failed,
      `Nothing waits to be finished: the last operation of "${name}" ${report ? `ended in "${report.outcome}"` : 'has not ended'}. Nothing was changed.`,
      `baton events ${name}`,
    );
  const { operation, stack, host, startedAt, ran = [], dataUntouched, failure } = report;
  return {
    operation,
    kind: plan.kind,
    stack,
    host,
    plan,
    startedAt,
    ran,
    ...(dataUntouched ? { dataUntouched } : {}),
    failure: failure ?? { step: 'Operation', message: 'It was asked to stop.' },
  };
};
