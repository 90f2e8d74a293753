/** What changes that are no operations on a stack have in common (`client/change.ts` starts them): steps that are shown, and how they end. */
import {
  defineQuery,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { OperationId } from '../domain/names.ts';
import type { ChangeProgress, Step } from '../domain/operation.ts';
import { isError, type Problem } from '../domain/problem.ts';
import { renderChecklist } from '../domain/report.ts';
import { searchAttribute } from './search-attributes.ts';

const progressQuery = defineQuery<ChangeProgress>('progress');

/** As the Web UI and the command line show them. */
export class ChangeSteps {
  readonly #steps: Step[] = [];

  /** @param description of the query that tells them. */
  constructor(description: string) {
    setHandler(progressQuery, () => ({ steps: this.#steps }), { description });
  }

  begin(id: string, title: string): Step {
    const step: Step = { id, title, state: 'running', startedAt: Date.now() };
    this.#steps.push(step);
    return step;
  }

  note(step: Step, change: Partial<Step>): void {
    Object.assign(step, change);
    setCurrentDetails(renderChecklist(this.#steps));
  }
}

/** @param seen digest of the plan that somebody has seen. @param next what shows the new one. */
export const problemsOf = (
  seen: string | undefined,
  { digest, problems }: { digest: string; problems: Problem[] },
  next: string,
): Problem[] => {
  if (problems.some(isError) || seen === undefined || seen === digest) return problems;
  const message = `The plan that was seen (${seen}) is out of date: by now another one (${digest}) would be carried out. Nothing was removed.`;
  return [{ severity: 'error', code: 'plan-outdated', message, next }, ...problems];
};

/** What every report begins with, and what the change is found by. */
export const ended = <Outcome extends string>(
  { operation, host }: { operation: OperationId; host: string },
  outcome: Outcome,
) => {
  upsertSearchAttributes([{ key: searchAttribute.outcome, value: outcome }]);
  const { startTime } = workflowInfo();
  return {
    operation,
    host,
    outcome,
    startedAt: startTime.toISOString(),
    durationMs: Date.now() - startTime.getTime(),
  };
};
