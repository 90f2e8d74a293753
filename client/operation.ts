/** Starting an operation and watching it. Watching is only looking: Ctrl-C leaves the operation running. */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { randomBytes } from 'node:crypto';
import { ecosystemWorkflowId, hostTaskQueue, stackWorkflowId } from '../domain/ids.ts';
import { parseOperationId, parseStackName, type OperationId } from '../domain/names.ts';
import {
  exitCodes,
  workflowTaskTimeout,
  type Announced,
  type OperationRequest,
  type Progress,
  type Report,
  type ResumeRequest,
} from '../domain/operation.ts';
import type { Waiting } from '../domain/gate.ts';
import type { EcosystemRequest } from '../domain/ecosystem.ts';
import type { GuardRequest } from '../domain/guard.ts';
import type { guardOperation } from '../workflows/guard-operation.ts';
import type { deployEcosystem } from '../workflows/deploy-ecosystem.ts';
import type { deployStack } from '../workflows/deploy-stack.ts';
import type { resumeUnwind } from '../workflows/resume-unwind.ts';
import { CommandFailure, exitCode } from './failure.ts';
import { print, printJson, printReport, stepDisplay, type OutputMode, type StepDisplay } from './output.ts';
import { nextLook } from './next-look.ts';
import { webLink } from './temporal.ts';
import { waitingText } from './waiting-text.ts';
import { searchAttributesOf } from './search-attributes.ts';
import { demandWorker, progressOf } from './worker.ts';

export const newOperationId = (): OperationId => randomBytes(4).toString('hex') as OperationId;

export type Handle = WorkflowHandle<typeof deployStack>;

/** @throws CommandFailure where another operation holds the stack; it is named. */
export const startOperation = async (client: Client, request: OperationRequest): Promise<Handle> => {
  const { host, stack, source } = request;
  return await start(client, request, source.from === 'file' ? source.file : undefined, (options) =>
    client.workflow.start<typeof deployStack>('deployStack', {
      ...options,
      workflowId: stackWorkflowId(host, stack),
      args: [request],
    }),
  );
};

/** As {@link startOperation}, for an unwind that needed a person. */
export const startResume = async (client: Client, request: ResumeRequest): Promise<Handle> =>
  await start(client, request, undefined, (options) =>
    client.workflow.start<typeof resumeUnwind>('resumeUnwind', {
      ...options,
      staticSummary: `resume the unwind of ${request.kind} ${request.stack}`,
      workflowId: stackWorkflowId(request.host, request.stack),
      args: [request],
    }),
  );

/** As {@link startOperation}, for a guarded command. */
export const startGuard = async (client: Client, request: GuardRequest): Promise<Handle> =>
  await start(client, request, undefined, (options) =>
    client.workflow.start<typeof guardOperation>('guardOperation', {
      ...options,
      staticSummary: `guard ${request.stack}: ${request.title}`,
      workflowId: stackWorkflowId(request.host, request.stack),
      args: [request],
    }),
  );

/** As {@link startOperation}, for an ecosystem. */
export const startEcosystem = async (client: Client, request: EcosystemRequest): Promise<Handle> =>
  await start(client, request, request.file, (options) =>
    client.workflow.start<typeof deployEcosystem>('deployEcosystem', {
      ...options,
      workflowId: ecosystemWorkflowId(request.host, request.stack),
      args: [request],
    }),
  );

const start = async <H>(
  client: Client,
  request: Announced,
  file: string | undefined,
  begin: (options: Omit<WorkflowStartOptions, 'workflowId' | 'args'>) => Promise<H>,
): Promise<H> => {
  const { host, stack, kind, operation } = request;
  await demandWorker(client, host);
  try {
    return await begin({
      taskQueue: hostTaskQueue(host),
      workflowTaskTimeout,
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `${kind} ${stack}`,
      staticDetails: `Operation \`${operation}\`: ${kind} of **${stack}** on **${host}**${file === undefined ? '' : `, from \`${file}\``}.`,
      typedSearchAttributes: searchAttributesOf(request),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const running = await progressOf(client.workflow.getHandle(error.workflowId));
    const what = running ? `${running.kind} (operation ${running.operation})` : 'another operation';
    const state = running?.waiting ? `waits for ${waitsFor[running.waiting.for]}` : 'is under way';
    throw new CommandFailure(
      exitCode.failed,
      `"${stack}" is busy: ${what} ${state} on ${host}. Nothing was changed.`,
      `baton events ${stack}, or: baton cancel ${stack}`,
    );
  }
};

const waitsFor: Record<Waiting['for'], string> = {
  approval: 'an approval',
  hour: 'its hour',
  release: 'the release of its host',
};

/**
 * Shows the operation until it ends. @returns the exit code that its outcome asks for.
 * @param output what a command of the operation has printed since the last call.
 */
export const watchOperation = async (
  client: Client,
  handle: Handle,
  mode: OutputMode,
  output?: (all?: boolean) => Promise<string[]>,
): Promise<number> => {
  const display = await stepDisplay(mode);
  const stop = detachOnInterrupt(handle.workflowId, () => {
    display.end();
  });
  // Where this command leaves earlier, the long poll for the result must not keep it alive.
  const leaving = new AbortController();
  const ended = client.withAbortSignal(leaving.signal, () => handle.result());
  const link = linkOf(client, handle);
  // Where this command leaves earlier, nobody asks for it.
  link.catch(() => undefined);
  let result: Report | undefined;
  ended.then(
    (report) => (result = report),
    () => undefined,
  );
  try {
    // What is over at once need not be watched.
    result = await Promise.race([ended, nextLook()]);
    while (!result) {
      const asked = performance.now();
      const progress = await progressOf(handle);
      const tookMs = performance.now() - asked;
      if (output) display.say(await output());
      display.show(progress?.steps);
      if (progress?.waiting) return tellWaiting(progress, progress.waiting, mode, display);
      if (progress?.held) return tellHeld(progress, mode, display);
      result ??= await Promise.race([ended, nextLook(tookMs)]);
    }
    if (output) display.say(await output(true));
    // What is over at once has no steps worth telling beside its report.
    const last = result.outcome === 'unchanged' ? undefined : await progressOf(handle);
    if (last) display.show(last.steps);
  } finally {
    leaving.abort();
    stop();
    display.end();
  }
  const page = await link;
  if (mode === 'json')
    printJson({ type: 'report', ...result, ...(page === undefined ? {} : { link: page }) });
  else printReport(result, page);
  return exitCodes[result.outcome];
};

/** It waits for a person, or for its hour, which may be a day away; this command does not. */
const tellWaiting = (
  { operation, stack }: Progress,
  waiting: Waiting,
  mode: OutputMode,
  display: StepDisplay,
): number => {
  display.end();
  if (mode === 'json') printJson({ type: 'waiting', operation, stack, waiting });
  else for (const line of waitingText(stack, waiting, new Date())) print(line);
  return waiting.for === 'approval' ? exitCode.waiting : exitCode.done;
};

/** As {@link tellWaiting}, after a failure. */
const tellHeld = ({ stack, held, kind }: Progress, mode: OutputMode, display: StepDisplay): number => {
  display.end();
  if (mode === 'json') printJson({ type: 'held', stack, failure: held });
  else
    print(
      kind === 'guard'
        ? `\nFailed, and waits for an answer · ${stack}\n  ${held?.step ?? ''}: ${held?.message ?? ''}\n  Put the data back: baton cancel ${stack} · Keep it as it is: baton keep ${stack}`
        : `\nHeld, as x-baton.rollback says · ${stack}\n  ${held?.step ?? ''}: ${held?.message ?? ''}\n  Look at it: baton logs ${stack} · Put everything back: baton cancel ${stack}`,
    );
  return exitCode.needsHuman;
};

/** The Web UI's page of the very run that was watched; the next operation of the stack has the same workflow id. */
export const linkOf = async (client: Client, handle: Handle): Promise<string | undefined> => {
  const { runId } = await handle.describe();
  return await webLink({ workflowId: handle.workflowId, runId }, client.options.namespace);
};

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
  if (!stack) throw new CommandFailure(exitCode.usage, `"${name}" is neither an operation nor a stack.`);
  for (const workflowId of [stackWorkflowId(host, stack), ecosystemWorkflowId(host, stack)]) {
    const handle = client.workflow.getHandle<typeof deployStack>(workflowId);
    try {
      await handle.describe();
      return handle;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
  throw new CommandFailure(
    exitCode.failed,
    `No operation "${name}" is known, and none has changed a stack of that name on ${host}.`,
    'baton status',
  );
};
