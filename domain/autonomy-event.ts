/** What people are told of what Baton did by itself, and of what it stopped doing. */
import type { ActionRequest } from './action.ts';
import { figureText } from './measure.ts';
import type { Cap } from './autonomy.ts';
import type { BatonEvent } from './event.ts';
import { firstOf } from './lines.ts';
import type { Mandate } from './mandate.ts';
import type { PlaybookReport } from './playbook.ts';

const longestLine = 240;

/** @returns `undefined` for what was not done, and for what failed: the playbook's own run tells that. */
export const actionEvent = (
  { answer, decision }: ActionRequest,
  { operation, playbook, target, host, outcome, figures }: PlaybookReport,
  { workflowId, runId }: { workflowId: string; runId: string },
  now: number,
): BatonEvent | undefined =>
  outcome === 'done'
    ? {
        id: `${operation}/done-by-itself`,
        kind: 'done',
        host,
        title: `${playbook} on ${target} (${host}) is done${answer === 'ask' ? '' : ', unasked'}`,
        lines: firstOf(figures.map(figureText), 6, longestLine),
        end: `Why: baton decisions ${decision}.`,
        at: new Date(now).toISOString(),
        operation: { workflowId, runId, operation },
      }
    : undefined;

/** Once for each level of each mandate. */
export const levelEvent = (
  host: string,
  { since }: Mandate,
  { level, why }: Cap,
  now: number,
): BatonEvent => ({
  id: `auto/${since}/${level}`,
  kind: 'failed',
  host,
  title: `Baton has lowered its level on ${host} to ${level}`,
  lines: firstOf([why], 1, longestLine),
  end: 'Look at it: baton record. Once you have: baton auto on --level LEVEL.',
  at: new Date(now).toISOString(),
});

/** At most once a day. */
export const cannotDecideEvent = (host: string, why: string, now: number): BatonEvent => {
  const at = new Date(now).toISOString();
  return {
    id: `auto/cannot-decide/${at.slice(0, 'YYYY-MM-DD'.length)}`,
    kind: 'failed',
    host,
    title: `Baton cannot decide on ${host}, and does nothing by itself`,
    lines: firstOf([why], 1, longestLine),
    end: 'See: baton auto status.',
    at,
  };
};
