/** What is done with copies besides making them: a target made ready, looked after, and a copy brought back. Each is one step. */
import { isCancellation } from '@temporalio/workflow';
import type { CheckReport, CheckRequest, Copy, CopyRequest } from '../domain/copy.ts';
import type { SnapshotName } from '../domain/snapshot.ts';
import { copying } from './activities.ts';
import { ChangeSteps, ended } from './change.ts';
import { reasonOf } from './saga.ts';

/** Looks whether what is there is whole. What is wrong is told, and noted on the host. */
export async function checkCopies(request: CheckRequest): Promise<CheckReport> {
  const { operation, name, readPercent } = request;
  const report = (outcome: CheckReport['outcome'], problems: string[]): CheckReport => ({
    name,
    ...ended(request, outcome),
    problems,
  });
  try {
    const { problems } = await inOneStep(`Check copies ${name}`, async () =>
      copying.checkCopies.executeWithOptions({ summary: name }, [{ operation, name }, readPercent]),
    );
    return report(problems.length > 0 ? 'incomplete' : 'done', problems);
  } catch (error) {
    return isCancellation(error) ? report('stopped', []) : report('refused', [reasonOf(error)]);
  }
}

/** Makes ready a target that has never been one. */
export async function initCopies({ operation, name }: CopyRequest): Promise<void> {
  await inOneStep(`Make ready ${name}`, async () =>
    copying.initCopies.executeWithOptions({ summary: name }, [{ operation, name }]),
  );
}

/** @param directory absolute, not there yet. @returns the copy that is there now. */
export async function restoreCopy(
  { operation, name }: CopyRequest,
  path: string,
  directory: string,
  snapshot?: SnapshotName,
): Promise<Copy> {
  const summary = `${path} to ${directory}`;
  return await inOneStep(`Bring back ${summary}`, async () =>
    copying.restoreCopy.executeWithOptions({ summary }, [{ operation, name }, path, directory, snapshot]),
  );
}

const inOneStep = async <T>(title: string, work: () => Promise<T>): Promise<T> => {
  const steps = new ChangeSteps('How far it is.');
  const step = steps.begin(title, title);
  try {
    const result = await work();
    steps.note(step, { state: 'done' });
    return result;
  } catch (error) {
    steps.note(step, { state: 'failed', note: reasonOf(error) });
    throw error;
  } finally {
    steps.note(step, { endedAt: Date.now() });
  }
};
