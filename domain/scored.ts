/** Promises held against what came of them: decisions joined with the outcomes of their actions. */
import type { Scored } from './calibration.ts';
import type { Decided } from './decided.ts';
import { helped, type ActionOutcome } from './outcome.ts';

export type ScoredAction = Scored & { playbook: string; target: string; endedAt: number };

/** Oldest first. What was not measured is not among them. @param since ms since the epoch: only what ended later. */
export const scoredActions = (
  decided: readonly Pick<Decided, 'action' | 'confidence'>[],
  outcomes: readonly ActionOutcome[],
  since = Number.NEGATIVE_INFINITY,
): ScoredAction[] => {
  const promised = new Map(
    decided.flatMap(({ action, confidence }) => (action ? [[action.operation, confidence.value]] : [])),
  );
  return outcomes
    .filter(({ endedAt }) => endedAt > since)
    .flatMap((outcome) => {
      const { operation, playbook, target, endedAt } = outcome;
      const [promise, kept] = [promised.get(operation), helped(outcome)];
      return promise === undefined || kept === undefined
        ? []
        : [{ promised: promise, kept, playbook, target, endedAt }];
    })
    .sort((a, b) => a.endedAt - b.endedAt);
};
