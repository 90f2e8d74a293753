/** Starting an operation and watching it. Watching is only looking: Ctrl-C leaves the operation running. */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { randomBytes } from 'node:crypto';
import { hostTaskQueue, stackWorkflowId } from '../domain/ids.ts';
import { parseOperationId, parseStackName, type OperationId } from '../domain/names.ts';
import { exitCodes, type OperationRequest, type Progress, type Report } from '../domain/operation.ts';
import type { deployStack } from '../workflows/deploy-stack.ts';
import { CommandFailure, exitCode } from './failure.ts';
import { print, printJson, printReport, stepDisplay, type OutputMode } from './output.ts';
import { webLink } from './temporal.ts';
import { searchAttributesOf } from './search-attributes.ts';

export const newOperationId = (): OperationId => randomBytes(4).toString('hex') as OperationId;

/** How often a watcher looks. A query costs the worker a few ms and leaves nothing in the history. */
const lookEveryMs = 250;

type Handle = WorkflowHandle<typeof deployStack>;

/** @throws CommandFailure where another operation holds the stack; it is named. */
export const startOperation = async (client: Client, request: OperationRequest): Promise<Handle> => {
  const { host, stack, kind, operation } = request;
  await demandWorker(client, host);
  const workflowId = stackWorkflowId(host, stack);
  try {
    return await client.workflow.start<typeof deployStack>('deployStack', {
      workflowId,
      taskQueue: hostTaskQueue(host),
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      args: [request],
      staticSummary: `${kind} ${stack}`,
      staticDetails: `Operation \`${operation}\`: ${kind} of stack **${stack}** on **${host}**${request.source.from === 'file' ? `, from \`${request.source.file}\`` : ''}.`,
      typedSearchAttributes: searchAttributesOf(request),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const running = await progressOf(client.workflow.getHandle(workflowId));
    const what = running ? `${running.kind} (operation ${running.operation})` : 'another operation';
    throw new CommandFailure(
      exitCode.failed,
      `Stack "${stack}" is busy: ${what} is under way on ${host}. Nothing was changed.`,
      `baton events ${stack}, or: baton cancel ${stack}`,
    );
  }
};

/** @returns `undefined` where no worker answers. */
export const progressOf = async (handle: WorkflowHandle): Promise<Progress | undefined> => {
  try {
    return await handle.query<Progress>('progress');
  } catch {
    return undefined;
  }
};

/** Without a worker an operation would wait for ever; better to say so before it is started. */
export const demandWorker = async (client: Client, host: string): Promise<void> => {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: hostTaskQueue(host) },
  });
  if (pollers.length > 0) return;
  throw new CommandFailure(
    exitCode.noTemporal,
    `No Baton worker serves host "${host}". Nothing was changed.`,
    'baton up',
  );
};

/** Shows the operation until it ends. @returns the exit code that its outcome asks for. */
export const watchOperation = async (client: Client, handle: Handle, mode: OutputMode): Promise<number> => {
  const display = stepDisplay(mode);
  const stop = detachOnInterrupt(handle.workflowId, () => {
    display.end();
  });
  const ended = handle.result();
  let result: Report | undefined;
  ended.then(
    (report) => (result = report),
    () => undefined,
  );
  try {
    while (!result) {
      const progress = await progressOf(handle);
      if (progress) display.show(progress.steps);
      result ??= await Promise.race([ended, delay(lookEveryMs)]);
    }
    const last = await progressOf(handle);
    if (last) display.show(last.steps);
  } finally {
    stop();
    display.end();
  }
  const link = await linkOf(client, handle);
  if (mode === 'json') printJson({ type: 'report', ...result, ...(link === undefined ? {} : { link }) });
  else printReport(result, link);
  return exitCodes[result.outcome];
};

/** The Web UI's page of the very run that was watched; the next operation of the stack has the same workflow id. */
export const linkOf = async (client: Client, handle: Handle): Promise<string | undefined> => {
  const { runId } = await handle.describe();
  return await webLink({ workflowId: handle.workflowId, runId }, client.options.namespace);
};

const delay = async (ms: number): Promise<undefined> =>
  await new Promise((resolve) => setTimeout(resolve, ms, undefined));

const detachOnInterrupt = (workflowId: string, before: () => void): (() => void) => {
  const detach = (): void => {
    before();
    const stack = workflowId.split('/').at(-1) ?? workflowId;
    print(
      `\nDetached; the operation goes on. Watch it again: baton events ${stack} --follow · Stop it: baton cancel ${stack}`,
    );
    process.exit(exitCode.interrupted);
  };
  process.once('SIGINT', detach);
  return () => process.removeListener('SIGINT', detach);
};

/**
 * The operation of that id, or the one that changes (or last changed) the stack of that name.
 * @throws CommandFailure where there is neither.
 */
export const findOperation = async (client: Client, host: string, name: string): Promise<Handle> => {
  const operation = parseOperationId(name);
  if (operation) {
    const found = client.workflow.list({ query: `BatonOperation = "${operation}"`, pageSize: 1 });
    for await (const { workflowId, runId } of found)
      return client.workflow.getHandle<typeof deployStack>(workflowId, runId);
  }
  const stack = parseStackName(name);
  const handle = stack && client.workflow.getHandle<typeof deployStack>(stackWorkflowId(host, stack));
  try {
    await handle?.describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CommandFailure(
      exitCode.failed,
      `No operation "${name}" is known, and none has changed a stack of that name on ${host}.`,
      'baton status',
    );
  }
  if (!handle) throw new CommandFailure(exitCode.usage, `"${name}" is neither an operation nor a stack.`);
  return handle;
};
