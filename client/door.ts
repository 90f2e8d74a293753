/**
 * The door: a small HTTP server behind which one question at a time can be looked at and answered by whoever holds a ticket
 * for it. Opening a link changes nothing. It listens on the host itself; a proxy of the owner's leads to it.
 */
import {
  isGrpcServiceError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Answer, AnswerKind } from '../domain/gate.ts';
import type { AnyPlan } from '../domain/action.ts';
import { titleOf } from '../domain/operation.ts';
import { outcomeTitles, renderReport } from '../domain/report.ts';
import { ticketHeader, type Ticket, type Tickets } from '../domain/ticket.ts';
import type { deployStack } from '../workflows/deploy-stack.ts';
import { jsonObject, rateLimit, readBody, Refusal, sendJson, sendPage } from './door-http.ts';
import { doorPage } from './door-page.ts';
import { reportFor } from './door-report.ts';
import type { DoorSettings } from './door-settings.ts';
import { CommandFailure, exitCode } from './failure.ts';
import type { Handle } from './operation.ts';
import { reportPage } from './report-page.ts';
import { anyPlanText } from './any-plan-text.ts';
import { hearWebhook, type WebhookLimits } from './webhook.ts';
import { whenText } from './when.ts';
import { progressOf } from './worker.ts';

export type DoorOptions = {
  /** This host; its name is part of workflow ids. */
  host: string;
  /** Connected by now. @throws CommandFailure where no server answers. */
  client: () => Promise<Client>;
  tickets: Tickets;
  settings: DoorSettings;
  /** Addresses under which it is reached, as `https://baton.example`; others are refused. */
  origins: () => Promise<readonly string[]>;
  /** One line for each request; never a ticket. */
  log: (line: string) => void;
};

/** A body is a comment of a thousand characters at most. */
const bodyLimit = 8_192;
const minuteMs = 60_000;
/** A worker that is there hears an answer within a second. */
const answerPatienceMs = 15_000;
/** A button on the page is good as long as a person may take to decide. */
const buttonMs = 30 * minuteMs;
const buttons: { answer: AnswerKind; label: string; hours?: number }[] = [
  { answer: 'approve', label: 'Approve' },
  { answer: 'reject', label: 'Reject' },
  { answer: 'defer', label: 'Ask again in 2 hours', hours: 2 },
];

export const openDoor = (options: DoorOptions): Server => {
  const limits = { tries: rateLimit(), answers: rateLimit(), deliveries: rateLimit() };
  const server = createServer((request, response) => {
    void respond(options, limits, request, response);
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 20_000;
  server.maxHeadersCount = 60;
  return server;
};

const respond = async (
  options: DoorOptions,
  limits: Limits,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  // What stands behind "?" is nothing of ours, and may be a secret typed in the wrong place.
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  try {
    demandOurs(await options.origins(), request);
    await route(options, limits, path, request, response);
  } catch (error) {
    const refusal = error instanceof Refusal ? error : refusalOf(error);
    if (refusal !== error) options.log(`failed: ${(error as Error).message}`);
    sendJson(response, refusal.status, { message: refusal.message });
  }
  options.log(
    `${request.method ?? ''} ${/^[\w/.-]{1,40}$/.test(path) ? path : '(other)'} ${response.statusCode}`,
  );
};

const route = async (
  options: DoorOptions,
  limits: Limits,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const asked = `${request.method ?? ''} ${path}`;
  if (asked === 'GET /') sendPage(response, doorPage);
  else if (asked === 'GET /report') sendPage(response, reportPage);
  else if (asked === 'GET /healthz') sendJson(response, 200, { message: 'ok' });
  else if (asked === 'POST /api/question')
    sendJson(response, 200, await question(options, await ticketOf(options, limits, request, ['look'])));
  else if (asked === 'POST /api/report') {
    const ticket = await ticketOf(options, limits, request, ['read']);
    const { client, host, tickets } = options;
    sendJson(response, 200, await reportFor(await client(), host, tickets, ticket, await bodyOf(request)));
  } else if (asked === 'POST /api/answer') {
    const ticket = await ticketOf(options, limits, request, ['approve', 'reject', 'defer']);
    sendJson(response, 200, { message: await answer(options, ticket, await bodyOf(request)) });
  } else if (request.method === 'POST' && path.startsWith('/hook/')) {
    const { status, body } = await hearWebhook(options, limits, path.slice('/hook/'.length), request);
    sendJson(response, status, body);
  } else throw new Refusal(404, 'There is nothing here.');
};

/** A name that leads here by a trick of DNS, and a page of somebody else's, are both refused. */
const demandOurs = (origins: readonly string[], { headers, method }: IncomingMessage): void => {
  const hosts = origins.map((origin) => new URL(origin).host);
  const host = (headers.host ?? '').toLowerCase().replace(/(?<!\]):(?:80|443)$/, '');
  if (!hosts.includes(host)) throw new Refusal(421, 'This door has another name.');
  const { origin } = headers;
  if (origin !== undefined && !origins.includes(origin)) throw new Refusal(403, 'Not from that page.');
  if (method === 'POST' && !/^application\/json\b/.test(headers['content-type'] ?? ''))
    throw new Refusal(415, 'Send JSON.');
};

/** Who guesses is slowed down by address, who holds a ticket by this: strangers can shut the door for nobody. */
const ticketOf = async (
  { tickets }: DoorOptions,
  { tries, answers }: Limits,
  { headers, socket }: IncomingMessage,
  may: readonly Ticket['may'][],
): Promise<Ticket> => {
  const text = headers[ticketHeader.toLowerCase()];
  const ticket = typeof text === 'string' ? await tickets.read(text) : undefined;
  const isGood = ticket !== undefined && may.includes(ticket.may);
  if (!(isGood ? answers(ticket.id) : tries(socket.remoteAddress ?? '')))
    throw new Refusal(429, 'Too many requests; wait a minute.');
  // One answer for all that is wrong with one: nothing is to be learned by trying.
  if (!isGood) throw new Refusal(401, 'This link is not good, or not any more.');
  return ticket;
};

const refusalOf = (error: unknown): Refusal => {
  const isAway =
    (error instanceof CommandFailure && error.exitCode === exitCode.noTemporal) ||
    (isGrpcServiceError(error) && awayCodes.includes(error.code)) ||
    (error instanceof ServiceError &&
      isGrpcServiceError(error.cause) &&
      awayCodes.includes(error.cause.code));
  return isAway
    ? new Refusal(503, 'Temporal does not answer; try again in a minute.')
    : new Refusal(500, 'Something went wrong here. Nothing was changed.');
};

/** gRPC's `CANCELLED`, which a passed deadline of this side may be told as, `DEADLINE_EXCEEDED` and `UNAVAILABLE`. */
const awayCodes = [1, 4, 14];

const question = async ({ client, tickets }: DoorOptions, ticket: Ticket): Promise<unknown> => {
  const handle = handleOf(await client(), ticket);
  const progress = await progressOf(handle);
  if (!progress) throw new Refusal(503, 'The host does not answer; try again in a minute.');
  const { waiting, held, report } = progress;
  const title = `${titleOf(progress)}?`;
  if (waiting?.for !== 'approval') {
    const state = report
      ? [`${outcomeTitles[report.outcome]}.`]
      : held
        ? ['Failed, and waits for an answer at its host.', `${held.step}: ${held.message}`]
        : ['It waits for nobody any more.'];
    return { title, state, plan: report ? renderReport(report) : '', buttons: [] };
  }
  const plan = await handle.query<AnyPlan>('plan');
  const now = new Date();
  const left = waiting.approvals - waiting.approvedBy.length;
  const isNew = waiting.plan === ticket.plan ? [] : ['The plan has changed since you were asked.'];
  return {
    title,
    state: [
      ...isNew,
      left === 1 ? 'Waits for an approval' : `Waits for ${left} approvals`,
      ...(waiting.approvedBy.length > 0 ? [`approved by ${waiting.approvedBy.join(', ')}`] : []),
      ...(waiting.deferredUntil === undefined
        ? []
        : [`deferred until ${whenText(waiting.deferredUntil, now)}`]),
      `until ${whenText(waiting.expiresAt, now)}`,
      `plan ${waiting.plan}`,
    ],
    plan: anyPlanText(plan),
    buttons: await Promise.all(
      buttons.map(async ({ answer: may, ...rest }) => ({
        ...rest,
        answer: may,
        ticket: await tickets.issue({
          ...ticket,
          plan: waiting.plan,
          may,
          expires: Math.min(ticket.expires, now.getTime() + buttonMs),
        }),
      })),
    ),
  };
};

const answer = async (
  { client: connected }: DoorOptions,
  { may, by, channel, plan, id, workflowId, runId }: Ticket,
  body: Record<string, unknown>,
): Promise<string> => {
  const { text } = body;
  const said: Answer = {
    by,
    channel,
    plan,
    ticket: id,
    ...(typeof text === 'string' && text !== '' ? { text } : {}),
    ...(may === 'defer' ? { until: new Date(Date.now() + hoursOf(body) * 60 * minuteMs).toISOString() } : {}),
  };
  const client = await connected();
  try {
    // The same button pressed twice, or sent again by a proxy, is one answer, and hears the same.
    return await client.withDeadline(
      Date.now() + answerPatienceMs,
      async () =>
        await handleOf(client, { workflowId, runId }).executeUpdate<string, [Answer]>(may, {
          args: [said],
          updateId: id,
        }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
      throw new Refusal(503, 'The host does not answer. It may still hear this; look again in a minute.');
    if (error instanceof WorkflowNotFoundError) throw new Refusal(409, 'It has ended. Nothing was changed.');
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new Refusal(409, `${error.cause?.message ?? ''} The answer changed nothing.`);
  }
};

const hoursOf = ({ hours }: Record<string, unknown>): number =>
  typeof hours === 'number' && hours > 0 && hours <= 24 * 7 ? hours : 2;

const bodyOf = async (request: IncomingMessage): Promise<Record<string, unknown>> =>
  jsonObject((await readBody(request, bodyLimit)).toString() || '{}');

const handleOf = (client: Client, { workflowId, runId }: Pick<Ticket, 'workflowId' | 'runId'>): Handle =>
  client.workflow.getHandle<typeof deployStack>(workflowId, runId);

type Limits = WebhookLimits & { answers: (ticket: string) => boolean };
