/** What a person said to Baton's loop, for the audit log, and for the records where it counts there. */
import { changing } from './activities.ts';
import type { Saying } from '../domain/saying.ts';

export async function noteSaying(saying: Saying): Promise<void> {
  await changing.keepSaying.executeWithOptions({ summary: saying.what }, [saying]);
}
