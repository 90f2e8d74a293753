/** Actions: what is asked before one begins, and what is kept of how it ended. */
import type { ActionEnd, ActionPlan, ActionRequest } from '../domain/action.ts';
import { confidenceText } from '../domain/confidence.ts';
import { decidedWhy, type Decided } from '../domain/decided.ts';
import { defaultExpiryMs, type Gate } from '../domain/gate.ts';
import { whyNotNow } from '../domain/mandate.ts';
import type { ActionOutcome, Measurement } from '../domain/outcome.ts';
import type { Playbook } from '../domain/playbook.ts';
import { beating, permanent } from './activity.ts';
import { entryOf } from './decide.ts';
import type { Known } from './facts.ts';
import { contentHash } from './hash.ts';
import type { Ports } from './ports/index.ts';
import type { Records } from './ports/records.ts';
import { demandSettings } from './settings.ts';

export const actionActivities = (ports: Ports) => ({
  /** @param session in which it was decided. @returns `null` where it may begin. */
  async whyMayNotBegin(session: string): Promise<string | null> {
    return await beating(async () => whyNotNow(session, await ports.standing.mandate(ports.host)) ?? null);
  },

  /** The decision says how its action ended. */
  async keepEnd(decision: string, { at, outcome, why }: ActionEnd): Promise<void> {
    await beating(async () => {
      const records = await ports.records();
      const [entry] = await records.entries({ kind: 'decision', id: decision });
      if (!entry) throw permanent('NoDecision', `There is no decision ${decision} in the records.`);
      const ended = { at, outcome, ...(why === undefined ? {} : { why }) };
      await records.write({ entries: [entryOf({ ...(entry.body as Decided), ended })] });
    });
  },

  async keepOutcome(outcome: ActionOutcome): Promise<void> {
    await beating(async () => {
      await writeOutcome(await ports.records(), outcome);
    });
  },

  /** @returns the outcome with a measurement of later; one of the same time takes the place of what was there. */
  async keepMeasurement(outcome: ActionOutcome, measured: Measurement): Promise<ActionOutcome> {
    return await beating(async () => {
      const records = await ports.records();
      const held = measured.held && !(await wasDoneAgain(records, outcome));
      const earlier = outcome.measurements.filter(({ afterMs }) => afterMs !== measured.afterMs);
      const next = { ...outcome, measurements: [...earlier, { ...measured, held }] };
      await writeOutcome(records, next);
      return next;
    });
  },
});

const writeOutcome = async (records: Records, outcome: ActionOutcome): Promise<void> => {
  const { operation: id, endedAt: at, playbook, target } = outcome;
  const entry = { kind: 'outcome' as const, id, at, about: `${playbook} ${target}`, body: outcome };
  await records.write({ entries: [entry] });
};

/** What had to be done again has not helped for long, though by now it looks well. */
const wasDoneAgain = async (
  records: Records,
  { operation, playbook, target, cause, endedAt }: ActionOutcome,
): Promise<boolean> =>
  (await records.entries({ kind: 'outcome', about: `${playbook} ${target}`, from: endedAt })).some(
    ({ body }) => {
      const other = body as ActionOutcome;
      return other.operation !== operation && other.cause === cause && other.endedAt > endedAt;
    },
  );

/** Of the channels that want to hear of questions; `baton pending` tells them where none can be read. */
export const questionChannels = async (ports: Ports): Promise<string[]> => {
  const settings = await demandSettings(ports).catch(() => undefined);
  return (settings?.channels ?? [])
    .filter(({ events }) => events.includes('question'))
    .map(({ name }) => name);
};

/** @returns `undefined` for a decision of which nothing begins. */
export const actionRequest = (
  host: string,
  decided: Decided,
  { mandate, playbooks }: Known,
  tells: string[],
): ActionRequest | undefined => {
  const { id, action, proposal, decision } = decided;
  const { answer } = decision;
  const playbook = playbooks.find(({ name }) => name === proposal.playbook);
  if (!action || !mandate || !playbook || answer === 'nothing' || answer === 'watch') return undefined;
  const plan = planOf(playbook, decided);
  const gate = gateOf(decided, tells);
  return {
    operation: action.operation,
    host,
    playbook: playbook.name,
    hash: playbook.hash,
    target: proposal.target,
    cause: proposal.cause,
    ...(proposal.image === undefined ? {} : { image: proposal.image }),
    decision: id,
    answer,
    session: mandate.session,
    plan,
    digest: contentHash([plan, playbook.hash]),
    ...(gate ? { gate } : {}),
    againAfterMs: playbook.success.againAfterMs,
  };
};

const gateOf = ({ decision, action }: Decided, tells: string[]): Gate | undefined => {
  const common = { expiresMs: defaultExpiryMs, windows: [], tells };
  switch (decision.answer) {
    case 'ask':
      return { ...common, approvals: 1 };
    case 'schedule':
      return { ...common, approvals: 0, notBefore: new Date(action?.startsAt ?? 0).toISOString() };
    case 'act':
    case 'watch':
    case 'nothing':
      return undefined;
  }
};

const planOf = ({ name, title, undo, risk }: Playbook, decided: Decided): ActionPlan => {
  const { proposal, confidence } = decided;
  return {
    kind: 'playbook',
    playbook: name,
    target: proposal.target,
    lines: [
      `${title}: ${name} on ${proposal.target}`,
      ...proposal.evidence.map(({ what, value }) => `because ${what}: ${value ?? 'not known'}`),
      `why it is asked: ${decidedWhy(decided)}`,
      `likely to help: ${confidenceText(confidence)}`,
      `risk: ${risk}; way back: ${undo.how}`,
    ],
  };
};
