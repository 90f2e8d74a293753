/** What was promised and what came of it, of the actions that a period or the whole record holds. */
import type { Scored } from '../calibration.ts';
import type { Decided } from '../decided.ts';
import { helped, type ActionOutcome } from '../outcome.ts';

/** Promises whose action was carried out and measured, oldest first. */
export const scoredOf = (
  promises: readonly Pick<Decided, 'at' | 'confidence' | 'action'>[],
  outcomes: readonly ActionOutcome[],
): Scored[] => {
  const verdicts = new Map(outcomes.map((one) => [one.operation, helped(one)]));
  return [...promises]
    .sort((a, b) => a.at - b.at)
    .flatMap(({ confidence, action }) => {
      const kept = action && verdicts.get(action.operation);
      return kept === undefined ? [] : [{ promised: confidence.value, kept }];
    });
};

export type PlaybookRecord = { playbook: string; helped: number; measured: number; unmeasured: number };

/** In order of their names. */
export const byPlaybook = (outcomes: readonly ActionOutcome[]): PlaybookRecord[] =>
  [...Map.groupBy(outcomes, ({ playbook }) => playbook)]
    .map(([playbook, some]) => {
      const verdicts = some.flatMap((one) => helped(one) ?? []);
      return {
        playbook,
        helped: verdicts.filter(Boolean).length,
        measured: verdicts.length,
        unmeasured: some.length - verdicts.length,
      };
    })
    .sort((a, b) => (a.playbook < b.playbook ? -1 : 1));
