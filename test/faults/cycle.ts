/** A cycle that acts: how it is prepared and begun, and what must be true of its decisions afterwards. */
import { WorkflowFailedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { budgetOf, keptDecisions } from '../../activities/facts.ts';
import { stopActions } from '../../client/actions.ts';
import { startChange } from '../../client/change.ts';
import { removeMandate, writeMandate } from '../../client/mandate.ts';
import { newOperationId, type Handle } from '../../client/operation.ts';
import type { Decided } from '../../domain/decided.ts';
import { actionWorkflowId, cycleWorkflowId } from '../../domain/ids.ts';
import type { OperationId, StackName } from '../../domain/names.ts';
import type { Report } from '../../domain/operation.ts';
import type { carryOut } from '../../workflows/carry-out.ts';
import type { oodaCycle } from '../../workflows/ooda-cycle.ts';
import { recordOutcomes, withRecords } from '../e2e/caretaker.ts';
import type { Site } from '../e2e/site.ts';

const playbook = 'service-restart';
/** More than is ever needed of one matter. */
const budget = 3;

/** Whatever else the machine suffers from is no part of the run. */
const preferences = `
autonomy:
  schedule: {weekday: {max_actions: ${budget}}, weekend: {max_actions: ${budget}}}
  opt_out: {'*': [disk-*, snapshot-*, memory-*, cascade-*, drift-*, undo-*, database-*]}
`;

/** A service is down, and its restart has helped so often that nobody need be asked. */
export const prepareCycle = async (client: Client, site: Site, stack: string): Promise<void> => {
  await site.cli('stop', `${stack}-app-1`);
  await site.write('.config/baton/preferences.yml', preferences);
  await recordOutcomes(site, playbook, `${stack}/app`, new Array<boolean>(40).fill(true));
  await writeMandate(client, site.host, {
    level: 'moderate',
    by: 'root',
    since: new Date().toISOString(),
    session: newOperationId(),
  });
};

/** Its end is that of what it began, if it began something; its cancel is `baton auto stop --unwind`. */
export const beginCycle = async (client: Client, site: Site, stack: string): Promise<Handle> => {
  const { host } = site;
  const cycle = await startChange<typeof oodaCycle>(client, {
    host,
    workflow: 'oodaCycle',
    workflowId: cycleWorkflowId(host),
    summary: 'look and decide once',
    args: [],
  });
  return {
    ...(cycle as unknown as Handle),
    result: async () => await endOf(client, site, stack, cycle.result()),
    cancel: async () => {
      await removeMandate(client, host);
      return await stopActions(client, host, true);
    },
  };
};

const endOf = async (client: Client, site: Site, stack: string, cycle: Promise<unknown>): Promise<Report> => {
  const failed = await cycle.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof WorkflowFailedError) return error;
      throw error;
    },
  );
  const nothing: Report = {
    operation: newOperationId(),
    kind: 'guard',
    stack: stack as StackName,
    host: site.host,
    outcome: 'cancelled',
    startedAt: new Date().toISOString(),
    durationMs: 0,
    changes: [],
    data: [],
    problems: [],
    left: [],
    notes: [],
    ...(failed ? { failure: { step: 'cycle', message: String(failed.cause) } } : {}),
  };
  const [begun] = await actionsOf(site);
  if (!begun?.action) return nothing;
  const id = actionWorkflowId(site.host, begun.action.operation);
  try {
    return { ...(await client.workflow.getHandle<typeof carryOut>(id).result()), kind: 'guard' };
  } catch (error) {
    // It was decided on, and the cycle ended before it was begun.
    if (error instanceof WorkflowNotFoundError && failed) return nothing;
    throw error;
  }
};

const actionsOf = async (site: Site): Promise<Decided[]> =>
  await withRecords(site, async (records) =>
    (await keptDecisions(records)).filter(({ action }) => action !== undefined),
  );

/** Records that are away for good keep no end. */
const saysSo = async (client: Client, workflowId: string): Promise<boolean> => {
  const { notes } = await client.workflow.getHandle<typeof carryOut>(workflowId).result();
  return notes.some((note) => note.includes('could not be kept in the records'));
};

/** No action twice, none without a record, none beyond the budget, and none whose end is neither kept nor told to be lost. */
export const decidedOnce = async (client: Client, site: Site): Promise<string[]> => {
  const decided = await actionsOf(site);
  const begun = new Set(decided.flatMap(({ action }) => action?.operation ?? []));
  const reserved = await withRecords(site, async (records) => await records.reserved(budgetOf(Date.now())));
  const found: string[] = [];
  if (decided.length > 1) found.push(`${decided.length} actions were decided on about one matter`);
  if (reserved > budget) found.push(`${reserved} places of ${budget} of the budget are taken`);
  if (reserved < decided.length) found.push('an action has no place in the budget');
  const query = `BatonHost = "${site.host}" AND WorkflowType = "carryOut"`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    const operation = workflowId.split('/').at(-1) as OperationId;
    const record = decided.find(({ action }) => action?.operation === operation);
    if (!begun.has(operation)) found.push(`${workflowId} was begun without a record`);
    else if (!record?.ended && !(await saysSo(client, workflowId)))
      found.push(`the end of ${workflowId} is not on record`);
  }
  return found;
};
