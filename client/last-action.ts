/** What `baton undo --last-auto` undoes. */
import type { Client } from '@temporalio/client';
import { decidedTitle } from '../domain/decided.ts';
import { lastAction, stackOfAction, whyNotUndone } from '../domain/last-action.ts';
import type { StackName } from '../domain/names.ts';
import type { decisions, playbookList, stackReleases } from '../workflows/questions.ts';
import { ask } from './ask.ts';
import { CommandFailure, exitCode } from './failure.ts';

/** An action that is not among so many of the newest is no longer the last one. */
const mostDecisions = 500;

/** @throws CommandFailure where it is not an undo's to take back, with what is. */
export const stackOfLastAction = async (client: Client, host: string): Promise<StackName> => {
  const last = lastAction(await ask<typeof decisions>(client, host, 'decisions', [mostDecisions]));
  if (!last)
    throw new CommandFailure(exitCode.failed, 'Baton has done nothing by itself yet.', 'baton decisions');
  const stack = stackOfAction(last);
  const history = stack ? await ask<typeof stackReleases>(client, host, 'stackReleases', [stack]) : [];
  const { playbooks } = await ask<typeof playbookList>(client, host, 'playbookList', []);
  const why = whyNotUndone(last, history, playbooks);
  if (stack !== undefined && why === undefined) return stack;
  throw new CommandFailure(
    exitCode.failed,
    `${decidedTitle(last)}: ${why ?? 'it changed no stack.'} Nothing was changed.`,
    `baton decisions ${last.id}`,
  );
};
