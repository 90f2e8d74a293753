/** What came of each playbook's actions. */
import { helped, type ActionOutcome } from '../outcome.ts';

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
