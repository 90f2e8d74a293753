/** The hold on a host: whether there is one, and how it is told. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { heldBackText, type Hold, type HoldState } from '../domain/hold.ts';
import { holdWorkflowId } from '../domain/ids.ts';
import { print, printJson } from './output.ts';
import { momentText, whenText } from './when.ts';

/** What is known of a hold while no worker answers. */
export type HoldSeen = Hold & Pick<HoldState, 'host' | 'since'> & Partial<HoldState>;

/** A worker that runs answers in tens of milliseconds; one that stopped minutes ago is still listed as there. */
const answerWithinMs = 3_000;

/** @returns `undefined` where the host is not held. */
export const readHoldOf = async (client: Client, host: string): Promise<HoldSeen | undefined> => {
  const handle = client.workflow.getHandle(holdWorkflowId(host));
  try {
    const { status, memo, startTime } = await handle.describe();
    if (status.name !== 'RUNNING') return undefined;
    const first = memo?.['hold'] as Hold;
    // Without a worker it holds all the same; it was perhaps held on since.
    return await client
      .withDeadline(Date.now() + answerWithinMs, async () => await handle.query<HoldState>('hold'))
      .catch(() => ({ ...first, host, since: startTime.toISOString() }));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
};

/** `Held since Thu 14:02 by anna, until Thu 16:02, in 2h: the disk is being replaced`, and what follows from it. */
export const holdLines = (hold: HoldSeen, now: Date): string[] => {
  const { host, by, since, until, reason, heldBack = [], forgotten = 0 } = hold;
  const end = until === undefined ? '' : `, until ${whenText(until, now)}`;
  return [
    `${host} is held by ${by} since ${momentText(since, now)}${end}${reason === undefined ? '' : `: ${reason}`}`,
    '  Nothing begins by itself. End it: baton release',
    ...(heldBack.length === 0 ? [] : [`  Held back so far: ${heldBackText(heldBack, forgotten)}`]),
  ];
};

export const tellHold = (hold: HoldSeen | undefined, { json = false }: { json?: boolean }): void => {
  if (!hold) return;
  if (json) printJson({ type: 'hold', ...hold });
  else for (const line of holdLines(hold, new Date())) print(line);
};
