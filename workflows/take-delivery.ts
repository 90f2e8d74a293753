/**
 * A delivery of a webhook becomes an operation, once. The operation has the stack's own id and lock, and goes its own way;
 * rules for approvals and windows hold for it as for any other.
 */
import { ApplicationFailure } from '@temporalio/workflow';
import { ecosystemWorkflowId, stackWorkflowId } from '../domain/ids.ts';
import type { OperationId } from '../domain/names.ts';
import type { Delivery } from '../domain/webhook.ts';
import { changing } from './activities.ts';
import { startDetached } from './detached.ts';
import { isHeldBack } from './held.ts';
import { memberSearchAttributes } from './search-attributes.ts';

export type Taken = { did: 'started' | 'repeated'; operation: OperationId };

/** @throws an ApplicationFailure, `Busy` where another operation holds the stack, `Held` where the host is held: then the same delivery may come again. */
export async function takeDelivery({ webhook, occasion, because, start }: Delivery): Promise<Taken> {
  const { workflow, request } = start;
  const { host, stack, kind, operation } = request;
  if (await isHeldBack(host, { what: `webhook ${webhook}: ${kind} ${stack}`, at: new Date().toISOString() }))
    throw ApplicationFailure.nonRetryable(`${host} is held; nothing was started.`, 'Held');
  const delivery = `${webhook}/${occasion}`;
  const summary = `webhook ${webhook}`;
  // Noted before it is started: what comes again after years, when Temporal has forgotten, starts nothing either.
  const first = await changing.noteDelivery.executeWithOptions({ summary }, [delivery, operation]);
  if (first !== operation) return { did: 'repeated', operation: first };

  const started = await startDetached(workflow, {
    workflowId:
      workflow === 'deployEcosystem' ? ecosystemWorkflowId(host, stack) : stackWorkflowId(host, stack),
    args: [request],
    staticSummary: `${kind} ${stack}, for webhook ${webhook}`,
    staticDetails: [
      `Operation \`${operation}\`: ${kind} of **${stack}** on **${host}**, for webhook **${webhook}**.`,
      ...because.map((line) => `- \`${line}\``),
    ].join('\n'),
    typedSearchAttributes: memberSearchAttributes({ host, stack, kind, operation }),
  });
  if (started) return { did: 'started', operation };
  await changing.forgetDelivery.executeWithOptions({ summary }, [delivery, operation]);
  throw ApplicationFailure.nonRetryable(`${stack} is busy; nothing was started.`, 'Busy');
}
