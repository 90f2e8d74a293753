/** What the door says to who may read: the report of this moment, and the questions that its holder is asked anyway. */
import type { Client } from '@temporalio/client';
import { bodyOf } from '../domain/briefing/html.ts';
import { briefingOf } from '../domain/briefing/briefing.ts';
import { briefingKinds, type Waits } from '../domain/briefing/facts.ts';
import { titleOf } from '../domain/operation.ts';
import type { Ticket, Tickets } from '../domain/ticket.ts';
import type { briefingFacts } from '../workflows/questions.ts';
import { ask } from './ask.ts';
import { Refusal } from './door-http.ts';

export type ReportAnswer = { body: string; questions: { title: string; ticket: string }[] };

/** @throws Refusal where there is no such kind. */
export const reportFor = async (
  client: Client,
  host: string,
  tickets: Tickets,
  ticket: Ticket,
  { kind: asked }: Record<string, unknown>,
): Promise<ReportAnswer> => {
  const kind = briefingKinds.find((one) => one === asked);
  if (kind === undefined) throw new Refusal(400, `A report is one of ${briefingKinds.join(', ')}.`);
  const facts = await ask<typeof briefingFacts>(client, host, 'briefingFacts', [kind]);
  const questions = ticket.asks === true ? facts.waits : [];
  return {
    body: bodyOf(briefingOf(facts), facts),
    questions: (
      await Promise.all(questions.map(async (one) => await questionFor(tickets, ticket, one)))
    ).flat(),
  };
};

/** A way to the question's own page; good no longer than the question, nor than what led there. */
const questionFor = async (
  tickets: Tickets,
  { by, channel, expires }: Ticket,
  wait: Waits,
): Promise<ReportAnswer['questions']> => {
  const { workflowId, runId, operation, waiting } = wait;
  if (waiting?.for !== 'approval') return [];
  const look = {
    workflowId,
    runId,
    operation,
    plan: waiting.plan,
    by,
    channel,
    may: 'look',
    expires: Math.min(expires, Date.parse(waiting.expiresAt)),
  } as const;
  return [{ title: `${titleOf(wait)}?`, ticket: await tickets.issue(look) }];
};
