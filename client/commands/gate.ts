/** `baton pending`, and what can be said to an operation that waits: `approve`, `reject`, `defer`, `start`. */
import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { Option, type Command } from 'commander';
import { userInfo } from 'node:os';
import { waitingKinds, type Answer, type AnswerKind, type Waiting } from '../../domain/gate.ts';
import { titleOf, type Progress } from '../../domain/operation.ts';
import type { AnyPlan } from '../../domain/action.ts';
import { searchAttributeName } from '../../domain/search-attributes.ts';
import { confirm } from '../confirm.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { readHoldOf, tellHold } from '../hold.ts';
import { findOperation, watchOperation, type Handle } from '../operation.ts';
import { print, printJson } from '../output.ts';
import { keyword } from '../search-attributes.ts';
import { anyPlanText } from '../any-plan-text.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { unreachableChannels, unreachableText } from '../unreachable.ts';
import { waitingText } from '../waiting-text.ts';
import { progressOf } from '../worker.ts';
import {
  durationArgument,
  examples,
  hostOption,
  jsonOption,
  outputMode,
  timeArgument,
  waitOption,
  type OutputOptions,
} from './shared.ts';

/** Steps at which an operation waits for somebody, or for its hour. */
const waitingSteps: readonly string[] = [...waitingKinds, 'hold'];

export const pendingCommand = (command: Command): void => {
  command
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: OutputOptions & { host?: string }) => {
      await withClient(async (client) => {
        const hold = await readHoldOf(client, options.host ?? thisHost().host);
        tellHold(hold, options);
        const { pending, silent } = await pendingOperations(client, options.host);
        if (options.json) {
          for (const progress of pending) printJson({ type: 'pending', ...progress });
          for (const one of silent) printJson({ type: 'silent', ...one });
        } else {
          if (pending.length + silent.length === 0 && !hold) print('Nothing waits for anybody.');
          for (const progress of pending) print(pendingText(progress, new Date()));
          for (const { workflowId, host } of silent)
            print(
              `? ${workflowId} waits, and for whom cannot be told: no worker of ${host} answers. baton up`,
            );
        }
        for (const one of await unreachableChannels(client, options.host))
          if (options.json) printJson({ type: 'unreachable', ...one });
          else print(`! ${unreachableText(one)}`);
      });
    });
  examples(command, ['baton pending', 'baton pending --json', 'baton pending --host nas']);
};

/** Asked all at once: one whose worker is gone takes its time. */
const pendingOperations = async (
  client: Client,
  host: string | undefined,
): Promise<{ pending: Progress[]; silent: { workflowId: string; host: string }[] }> => {
  const steps = waitingSteps.map((step) => `"${step}"`).join(', ');
  const here = host === undefined ? '' : ` AND ${searchAttributeName.host} = "${host}"`;
  const found = client.workflow.list({
    query: `ExecutionStatus = "Running" AND ${searchAttributeName.step} IN (${steps})${here}`,
  });
  const all: WorkflowExecutionInfo[] = [];
  for await (const one of found) all.push(one);
  const asked = await Promise.all(
    all.map(async ({ workflowId, runId, typedSearchAttributes: told }) => ({
      workflowId,
      host: told.get(keyword(searchAttributeName.host)) ?? '',
      progress: await progressOf(client.workflow.getHandle(workflowId, runId)),
    })),
  );
  return {
    pending: asked.flatMap(({ progress }) => ((progress?.waiting ?? progress?.held) ? [progress] : [])),
    silent: asked.flatMap(({ workflowId, host: of, progress }) =>
      progress ? [] : [{ workflowId, host: of }],
    ),
  };
};

const pendingText = (progress: Progress, now: Date): string => {
  const { operation, stack, waiting, held } = progress;
  const lines = waiting
    ? waitingText(stack, waiting, now)
    : [
        `Failed, and waits for an answer: ${held?.message ?? ''}`,
        `baton cancel ${stack} · baton keep ${stack}`,
      ];
  return [`${titleOf(progress)} · operation ${operation}`, ...lines.map((line) => `  ${line}`)].join('\n');
};

type Options = OutputOptions & { host?: string; wait: boolean; comment?: string };

export const approveCommand = (command: Command): void => {
  shared(command)
    .option(
      '--plan <digest>',
      'the plan that is approved, as `baton pending` names it; asked for where this is no terminal',
    )
    .action(async (operation: string, options: Options & { plan?: string }) => {
      process.exitCode = await answer('approve', operation, options, async ({ waiting, plan, stack }) => {
        if (options.plan !== undefined) return { plan: options.plan };
        await demandApproval(plan, waiting, stack);
        return { plan: waiting.plan };
      });
    });
  examples(command, [
    'baton approve immich',
    'baton approve immich --plan 1f0c9a2e41b7 --comment "read the changelog"',
  ]);
};

export const rejectCommand = (command: Command): void => {
  shared(command).action(async (operation: string, options: Options) => {
    process.exitCode = await answer('reject', operation, options);
  });
  examples(command, ['baton reject immich', 'baton reject immich --comment "not before the holidays"']);
};

type Deferral = { for?: number; until?: string; window?: string };

export const deferCommand = (command: Command): void => {
  shared(command)
    .addOption(
      new Option(
        '--for <duration>',
        'for so long, such as 2h; what waits for an hour begins so much later',
      ).argParser(durationArgument),
    )
    .addOption(new Option('--until <time>', 'until 02:30, or 2026-11-26T02:30').argParser(timeArgument))
    .option('--window <name>', 'until this window of baton.yml opens next')
    .action(async (operation: string, options: Options & Deferral) => {
      if ([options.for, options.until, options.window].filter((said) => said !== undefined).length !== 1)
        throw new CommandFailure(
          exitCode.usage,
          'Say for how long (--for 2h), until when (--until 02:30), or until which window opens (--window night).',
        );
      // Who defers does not stay to watch.
      process.exitCode = await answer('defer', operation, { ...options, wait: false }, ({ waiting }) => {
        if (options.window !== undefined) return Promise.resolve({ window: options.window });
        const from = waiting.for === 'hour' ? Date.parse(waiting.startsAt) : Date.now();
        return Promise.resolve({ until: options.until ?? new Date(from + (options.for ?? 0)).toISOString() });
      });
    });
  examples(command, [
    'baton defer immich --for 2h',
    'baton defer immich --until 02:30',
    'baton defer immich --window night',
  ]);
};

export const startCommand = (command: Command): void => {
  shared(command).action(async (operation: string, options: Options) => {
    process.exitCode = await answer('start', operation, options);
  });
  examples(command, ['baton start immich']);
};

const shared = (command: Command): Command =>
  command
    .argument('<operation>', 'an operation that waits, or the stack it changes')
    .option('--comment <text>', 'what is kept with the answer')
    .addOption(hostOption())
    .addOption(waitOption())
    .addOption(jsonOption());

type Asked = { stack: string; waiting: Waiting; plan: AnyPlan };

/** @param more what the answer says besides who gives it. */
const answer = async (
  kind: AnswerKind,
  operation: string,
  options: Options,
  more: (asked: Asked) => Promise<Partial<Answer>> = () => Promise.resolve({}),
): Promise<number> =>
  await withClient(async (client) => {
    const handle = await findOperation(client, options.host ?? thisHost().host, operation);
    const said = {
      by: userInfo().username,
      channel: 'baton',
      ...(options.comment === undefined ? {} : { text: options.comment }),
      ...(await more(await askedOf(handle, operation))),
    };
    const heard = await tell(handle, kind, said, operation);
    if (options.json) printJson({ type: 'answer', answer: kind, ...said, heard });
    else print(heard);
    return options.wait ? await watchOperation(client, handle, outputMode(options)) : exitCode.done;
  });

const askedOf = async (handle: Handle, operation: string): Promise<Asked> => {
  const progress = await progressOf(handle);
  const plan = await handle.query<AnyPlan | undefined>('plan').catch(() => undefined);
  if (!progress) throw new CommandFailure(exitCode.noTemporal, 'No worker answers.', 'baton up');
  if (!progress.waiting || !plan)
    throw new CommandFailure(
      exitCode.failed,
      `The last operation of "${operation}" does not wait for an answer. Nothing was changed.`,
      `baton events ${operation}, or: baton pending`,
    );
  return { stack: progress.stack, waiting: progress.waiting, plan };
};

const tell = async (handle: Handle, kind: AnswerKind, said: Answer, operation: string): Promise<string> => {
  try {
    return await handle.executeUpdate<string, [Answer]>(kind, { args: [said] });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new CommandFailure(
        exitCode.failed,
        `The operation has ended. Nothing was changed.`,
        `baton events ${operation}`,
      );
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new CommandFailure(
      exitCode.failed,
      `${error.cause?.message ?? error.message} The answer changed nothing.`,
      'baton pending',
    );
  }
};

/** What is approved has been seen: on the screen here, or named. */
const demandApproval = async (plan: AnyPlan, waiting: Waiting, stack: string): Promise<void> => {
  const shown = [anyPlanText(plan), ...waitingText(stack, waiting, new Date())];
  await confirm([...shown, 'Approve this plan?'].join('\n'), {
    unattended: new CommandFailure(
      exitCode.usage,
      `Say which plan is approved: --plan ${waiting.plan}. Nothing was changed.`,
      'baton pending',
    ),
    no: 'Not approved; it goes on waiting. Nothing was changed.',
  });
};
