/**
 * Deliveries of webhooks at the door: who sends is proved, what is sent is read as data, and a rule of `baton.yml` says what
 * is started. Everything that is wrong with one is refused before anything is.
 */
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { deliveryWorkflowId, hostTaskQueue } from '../domain/ids.ts';
import { defaultOutputLimitBytes } from '../domain/commands.ts';
import { plannedGuard, type GuardQuestion } from '../domain/guard.ts';
import { isError } from '../domain/problem.ts';
import { askedBy, isTooDeep, type Asked, type Delivery, type Webhook } from '../domain/webhook.ts';
import { defaultCopyLimitBytes, workflowTaskTimeout } from '../domain/operation.ts';
import type { planGuarded } from '../workflows/questions.ts';
import type { takeDelivery, Taken } from '../workflows/take-delivery.ts';
import { ask } from './ask.ts';
import { ecosystemOf, fileRequest, type FileOptions } from './commands/deploy.ts';
import { jsonObject, readBody, Refusal } from './door-http.ts';
import type { DoorSettings } from './door-settings.ts';
import { CommandFailure } from './failure.ts';
import { newOperationId } from './operation.ts';
import { hostSearchAttribute } from './search-attributes.ts';
import { demandWorker } from './worker.ts';

/** A push of a few hundred commits. */
const bodyLimit = 2 ** 20;
/** Until the operation is started; senders wait for 10 s (GitHub, Gitea's default is 5). */
const patienceMs = 4_000;

export type WebhookLimits = {
  tries: (address: string) => boolean;
  deliveries: (webhook: string) => boolean;
};

type Options = {
  host: string;
  client: () => Promise<Client>;
  settings: DoorSettings;
  log: (line: string) => void;
};

type Heard = { status: number; body: Record<string, unknown> };

/** @throws Refusal where nothing is started. */
export const hearWebhook = async (
  { host, client: connected, settings, log }: Options,
  { tries, deliveries }: WebhookLimits,
  name: string,
  request: IncomingMessage,
): Promise<Heard> => {
  const webhook = (await currentSettings(settings)).webhooks.find((one) => one.name === name);
  demandPlain(request.headers);
  const body = webhook && (await provenBody(webhook, request));
  if (!body) {
    if (!tries(request.socket.remoteAddress ?? ''))
      throw new Refusal(429, 'Too many requests; wait a minute.');
    // One answer for all: which names there are is not told.
    throw new Refusal(401, 'This is not known here, or not proved.');
  }
  if (!deliveries(name)) throw new Refusal(429, 'Too many deliveries; wait a minute.');
  const text = textOf(body);
  const payload = { event: eventOf(request.headers), ...jsonObject(text) };
  const asked = askedBy(webhook, payload, text, deliveryName(webhook, request.headers));
  if (!asked) return { status: 200, body: { message: 'No rule fits. Nothing was started.' } };
  const client = await connected();
  await demandWorker(client, host);
  return await take(client, host, {
    webhook: name,
    occasion: createHash('sha256').update(asked.occasion).digest('hex').slice(0, 32),
    because: asked.because,
    start: await startOf(client, host, asked, log),
  });
};

const currentSettings = async (settings: DoorSettings) => {
  try {
    return await settings();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw new Refusal(503, 'The settings of this host have a mistake; try again when it is mended.');
  }
};

/** JSON in UTF-8 as it is (RFC 8259), and nothing that would first be unpacked. */
const demandPlain = ({
  'content-type': type = '',
  'content-encoding': encoding,
}: IncomingHttpHeaders): void => {
  if (encoding !== undefined && encoding !== 'identity') throw new Refusal(415, 'Send it as it is.');
  if (!/^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i.test(type.trim()))
    throw new Refusal(415, 'Send JSON in UTF-8.');
};

/** @returns `undefined` where the sender does not know the secret. Where a token proves it, nothing is read before. */
const provenBody = async (webhook: Webhook, request: IncomingMessage): Promise<Buffer | undefined> => {
  const { headers } = request;
  const signed = signatureHeaders(webhook);
  if (signed.length === 0)
    return isSame(headers.authorization ?? '', expectedAuthorization(webhook))
      ? await readBody(request, bodyLimit)
      : undefined;
  const given = signed.map((header) => headers[header]).find((value) => typeof value === 'string');
  if (given === undefined) return undefined;
  const body = await readBody(request, bodyLimit);
  const expected = createHmac('sha256', webhook.secret).update(body).digest('hex');
  return isSame(given.replace(/^sha256=/, '').toLowerCase(), expected) ? body : undefined;
};

/** @see https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries https://forgejo.org/docs/latest/user/webhooks/ */
const signatureHeaders = ({ kind, signature }: Webhook): string[] => {
  switch (kind) {
    case 'github':
      return ['x-hub-signature-256'];
    case 'gitea':
      return ['x-gitea-signature'];
    case 'forgejo':
      return ['x-forgejo-signature', 'x-gitea-signature'];
    case 'generic':
      return signature === undefined ? [] : [signature];
    case 'alertmanager':
      return [];
  }
};

const expectedAuthorization = ({ user, secret }: Webhook): string =>
  user === undefined ? `Bearer ${secret}` : `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;

/** Takes as long whatever is different, and however long it is. */
const isSame = (given: string, expected: string): boolean => {
  const [one, other] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
};

const textOf = (body: Buffer): string => {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new Refusal(400, 'That is no UTF-8.');
  }
  if (isTooDeep(text)) throw new Refusal(400, 'That is nested too deep.');
  return text;
};

/** Which event a forge tells of stands beside the payload. Where the payload has such a field too, that counts: it is signed. */
const eventOf = (headers: IncomingHttpHeaders): unknown =>
  headers['x-forgejo-event'] ?? headers['x-gitea-event'] ?? headers['x-github-event'];

/** What a sender calls a delivery is not signed: only where the secret comes along with it does it count for more than the body. */
const deliveryName = ({ delivery }: Webhook, headers: IncomingHttpHeaders): string | undefined => {
  if (delivery === undefined) return undefined;
  const value = headers[delivery];
  if (typeof value === 'string' && value.length > 0 && value.length <= 200) return value;
  throw new Refusal(400, `Name the delivery in the header ${delivery}.`);
};

const options: FileOptions = { set: {}, envFile: [], profile: [], copyLimit: defaultCopyLimitBytes };
const outputLimitBytes = defaultOutputLimitBytes;

/** All of it stands in the rule; of the delivery there is nothing in it. */
const startOf = async (
  client: Client,
  host: string,
  { rule: { does } }: Asked,
  log: Options['log'],
): Promise<Delivery['start']> => {
  const operation = newOperationId();
  switch (does.do) {
    case 'deploy': {
      const { file, pull, build } = does;
      const how = { ...options, host, pull, build };
      try {
        const ecosystem = await ecosystemOf(file, how);
        return ecosystem
          ? { workflow: 'deployEcosystem', request: ecosystem }
          : { workflow: 'deployStack', request: await fileRequest(file, how) };
      } catch (error) {
        if (!(error instanceof CommandFailure)) throw error;
        log(`failed: ${error.message}`);
        throw new Refusal(500, 'What is to be deployed cannot be read. Nothing was started.');
      }
    }
    case 'undo': {
      const { stack, withData } = does;
      const how = { copyLimitBytes: options.copyLimit, build: false, pull: false };
      const source = { from: 'release', withData } as const;
      return {
        workflow: 'deployStack',
        request: { operation, kind: 'undo', stack, host, source, options: how },
      };
    }
    case 'guard': {
      const { title, command, data, stack, timeoutMs } = does;
      const question: GuardQuestion = {
        operation,
        kind: 'guard',
        host,
        title,
        data,
        ...(stack === undefined ? {} : { stack }),
        command: { args: command, shell: false, directory: '/', variables: [], timeoutMs, outputLimitBytes },
        checks: [],
        onFailure: 'roll-back',
        onCrash: 'fail',
        copyLimitBytes: options.copyLimit,
      };
      const plan = await ask<typeof planGuarded>(client, host, 'planGuarded', [question]);
      if (plan.problems.some(isError)) {
        log(`failed: ${plan.problems.map(({ message }) => message).join(' ')}`);
        throw new Refusal(500, 'The command cannot be run as it is. Nothing was started.');
      }
      return { workflow: 'guardOperation', request: plannedGuard(question, plan) };
    }
  }
};

const take = async (client: Client, host: string, delivery: Delivery): Promise<Heard> => {
  const { webhook, occasion, start } = delivery;
  const { stack, kind } = start.request;
  const workflowId = deliveryWorkflowId(host, webhook, occasion);
  try {
    const handle = await client.withDeadline(
      Date.now() + patienceMs,
      async () =>
        await client.workflow.start<typeof takeDelivery>('takeDelivery', {
          workflowId,
          taskQueue: hostTaskQueue(host),
          workflowTaskTimeout,
          workflowIdConflictPolicy: 'FAIL',
          // What found the stack busy may come again.
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
          staticSummary: `webhook ${webhook}: ${kind} ${stack}`,
          typedSearchAttributes: hostSearchAttribute(host),
          args: [delivery],
        }),
    );
    const taken = await resultWithin(client, handle);
    if (!taken) return { status: 202, body: { message: 'Taken; it starts when the host has time.' } };
    const { did, operation } = taken;
    return did === 'started'
      ? { status: 202, body: { message: `Started: ${kind} ${stack}.`, operation, stack } }
      : repeated(operation);
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return repeated();
    const why = error instanceof WorkflowFailedError ? whyNot(error) : undefined;
    if (why === undefined) throw error;
    const what = why === 'Held' ? 'This host is held' : `${stack} is busy`;
    throw new Refusal(503, `${what}. Nothing was started; send it again.`);
  }
};

const repeated = (operation?: string): Heard => ({
  status: 200,
  body: {
    message: 'This was delivered before. Nothing was started.',
    ...(operation === undefined ? {} : { operation }),
  },
});

const whyNot = ({ cause }: WorkflowFailedError): 'Busy' | 'Held' | undefined =>
  cause instanceof ApplicationFailure
    ? (['Busy', 'Held'] as const).find((type) => type === cause.type)
    : undefined;

/** @returns `undefined` where it takes longer; it goes on all the same. */
const resultWithin = async (
  client: Client,
  handle: WorkflowHandle<typeof takeDelivery>,
): Promise<Taken | undefined> => {
  const leaving = new AbortController();
  const timer = setTimeout(() => leaving.abort(), patienceMs);
  try {
    return await client.withAbortSignal(leaving.signal, async () => await handle.result());
  } catch (error) {
    if (leaving.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
};
