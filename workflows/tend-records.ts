/** The records, looked after by a person. One at a time; the loop goes on meanwhile. */
import type { RecordsTask, RecordsTended } from '../domain/records-task.ts';
import { lengthy } from './activities.ts';

export async function tendRecords(task: RecordsTask): Promise<RecordsTended> {
  return await lengthy.tendRecords.executeWithOptions({ summary: task.do }, [task]);
}
