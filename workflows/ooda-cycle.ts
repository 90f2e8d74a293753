/** One turn of the loop: observe, orient, forecast, decide, and begin what was decided. Read it aloud. */
import {
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { announcedOf, type ActionRequest } from '../domain/action.ts';
import { cannotDecideEvent, levelEvent } from '../domain/autonomy-event.ts';
import { deliberationText, mostDone, type Deliberation } from '../domain/decided.ts';
import { actionWorkflowId } from '../domain/ids.ts';
import { lookText, type Look } from '../domain/look.ts';
import { reading } from './activities.ts';
import type { carryOut } from './carry-out.ts';
import { startDetached } from './detached.ts';
import { reasonOf } from './saga.ts';
import { memberSearchAttributes, searchAttribute } from './search-attributes.ts';
import { announceEvent } from './tell-people.ts';

export type Cycle = Look & { deliberation: Deliberation };

export async function oodaCycle(): Promise<Cycle> {
  // A cycle that is run again after a crash is the same look.
  const { runId } = workflowInfo();
  const look = await reading.keepLook.executeWithOptions({ summary: 'every source' }, [runId]);
  setCurrentDetails(lookText(look).join('\n\n'));
  await reading.keepForecasts.executeWithOptions(
    { summary: 'one a day; those that came due are scored' },
    [],
  );
  const deliberation = await decide(runId, look);
  await CancellationScope.nonCancellable(async () => {
    for (const request of deliberation.begin) await begin(request);
    await tell(look, deliberation);
  });
  return { ...look, deliberation };
}

/** What cannot be written down is not done: without its decisions the cycle ends here. */
const decide = async (runId: string, look: Look): Promise<Deliberation> => {
  try {
    return await reading.decide.executeWithOptions({ summary: 'what is to be done' }, [runId, look]);
  } catch (error) {
    if (!isCancellation(error))
      await announceEvent(cannotDecideEvent(look.host, reasonOf(error), Date.now()));
    throw error;
  }
};

/** It outlives the cycle. What was begun before is not begun again. */
const begin = async (request: ActionRequest): Promise<void> => {
  const { host, operation, answer, playbook, target } = request;
  await startDetached<typeof carryOut>('carryOut', {
    workflowId: actionWorkflowId(host, operation),
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    staticSummary: `${answer}: ${playbook} on ${target}`,
    staticDetails: request.plan.lines.join('\n\n'),
    typedSearchAttributes: memberSearchAttributes(announcedOf(request)),
    args: [request],
  });
};

/** A quiet cycle has nothing to tell, and costs no event for it. */
const tell = async (look: Look, deliberation: Deliberation): Promise<void> => {
  const { decided, lowered } = deliberation;
  setCurrentDetails([...lookText(look), ...deliberationText(deliberation)].join('\n\n'));
  if (decided.length > 0)
    upsertSearchAttributes([{ key: searchAttribute.outcome, value: mostDone(decided) }]);
  if (lowered) await announceEvent(levelEvent(look.host, lowered.mandate, lowered.cap, Date.now()));
};
