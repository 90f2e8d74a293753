/** One turn of the loop: observe, orient, forecast. What is decided and done of it is to come. */
import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { lookText, type Look } from '../domain/look.ts';
import { reading } from './activities.ts';

export async function oodaCycle(): Promise<Look> {
  // A cycle that is run again after a crash is the same look.
  const id = workflowInfo().runId;
  const look = await reading.keepLook.executeWithOptions({ summary: 'every source' }, [id]);
  setCurrentDetails(lookText(look).join('\n\n'));
  await reading.keepForecasts.executeWithOptions(
    { summary: 'one a day; those that came due are scored' },
    [],
  );
  return look;
}
