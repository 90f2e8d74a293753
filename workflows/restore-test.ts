/**
 * Restore test: the newest snapshot, or dump, of each set is brought up in a throwaway container and asked; then everything of
 * it is removed. Live data is never touched, so there is nothing to undo.
 *
 * Read `restoreTest` aloud; the order of things is decided here and nowhere else.
 */
import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';
import { restoreTestEvent } from '../domain/event.ts';
import { isError } from '../domain/problem.ts';
import {
  restoreTestOutcome,
  type RestoreProof,
  type RestoreTestOutcome,
  type RestoreTestReport,
  type RestoreTestRequest,
  type SetTest,
  type SetTestPlan,
} from '../domain/restore-test.ts';
import { changing, lengthy, reading, undoing } from './activities.ts';
import { ChangeSteps, ended } from './change.ts';
import { reasonOf } from './saga.ts';
import { announceEvent } from './tell-people.ts';

export async function restoreTest(request: RestoreTestRequest): Promise<RestoreTestReport> {
  const report = await carryOut(request);
  const event = restoreTestEvent(report, workflowInfo(), Date.now());
  if (event) await announceEvent(event);
  return report;
}

const carryOut = async (request: RestoreTestRequest): Promise<RestoreTestReport> => {
  const steps = new ChangeSteps('How far each set has come.');
  // Of a test that somebody ended by force.
  const left = await clear();
  const plan = await reading.planRestoreTests.executeWithOptions(
    { summary: 'what is kept, and who reads it' },
    [request.sets],
  );
  if (plan.problems.some(isError)) return close(request, 'refused', { left, problems: plan.problems });
  const tests: SetTest[] = plan.untestable.map((one) => ({ ...one, result: 'untested' }));
  let stopped = false;
  for (const one of plan.tests) {
    try {
      tests.push(await testOne(request, steps, one));
    } catch (error) {
      if (!isCancellation(error)) throw error;
      stopped = true;
    }
    left.push(...(await CancellationScope.nonCancellable(clear)));
    if (stopped) break;
  }
  const outcome = stopped ? 'stopped' : restoreTestOutcome(tests, left, request.sets.length > 0);
  return close(request, outcome, { tests, left });
};

/** What came of it is noted at once: another set may take hours. */
const testOne = async (
  { operation }: RestoreTestRequest,
  steps: ChangeSteps,
  plan: SetTestPlan,
): Promise<SetTest> => {
  const step = steps.begin(plan.set, `Test ${plan.set}`);
  try {
    const test = await tryOut(operation, plan);
    steps.note(step, {
      state: test.result === 'proven' ? 'done' : 'failed',
      note: test.why ?? plan.snapshot,
    });
    return test.result === 'untested' ? test : await noted(operation, plan, test, test.result);
  } catch (error) {
    steps.note(step, { state: 'skipped' });
    throw error;
  } finally {
    steps.note(step, { endedAt: Date.now() });
  }
};

/** What says nothing of the data, such as an engine that is away for long, leaves it untested. */
const tryOut = async (operation: RestoreTestRequest['operation'], plan: SetTestPlan): Promise<SetTest> => {
  try {
    const summary = `${plan.snapshot}, as ${plan.stack}/${plan.service}`;
    return await lengthy.testRestore.executeWithOptions({ summary }, [operation, plan]);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { set, path, snapshot, question } = plan;
    return { set, path, snapshot, question, result: 'untested', why: reasonOf(error) };
  }
};

/** Beside the snapshot. One that cannot be noted proves nothing to anybody else. */
const noted = async (
  operation: RestoreTestRequest['operation'],
  { path, snapshot, question }: SetTestPlan,
  test: SetTest,
  result: RestoreProof['result'],
): Promise<SetTest> => {
  const { why, tookMs = 0 } = test;
  const at = new Date().toISOString();
  const proof = { result, at, tookMs, operation, snapshot, question, ...(why === undefined ? {} : { why }) };
  try {
    await changing.noteRestoreTest.executeWithOptions({ summary: result }, [path, proof]);
    return test;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const unnoted = `It could not be noted: ${reasonOf(error)}`;
    return { ...test, result: 'untested', why: why === undefined ? unnoted : `${why} ${unnoted}` };
  }
};

/** @returns what could not be removed, in words. */
const clear = async (): Promise<string[]> => {
  try {
    await undoing.clearRestoreTests.executeWithOptions({ summary: 'the container and its copy' }, []);
    return [];
  } catch (error) {
    return [`Something of the test may be left, and the next one removes it: ${reasonOf(error)}`];
  }
};

const close = (
  request: RestoreTestRequest,
  outcome: RestoreTestOutcome,
  rest: Partial<RestoreTestReport>,
): RestoreTestReport => ({ ...ended(request, outcome), tests: [], left: [], problems: [], ...rest });
