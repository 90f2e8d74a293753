/** `webhooks:` of `baton.yml`: who may send what, and what it becomes. What is done stands here, whole; nothing of a delivery gets into it. */
import { z } from 'zod';
import { webhookKinds, type Webhook, type WebhookAction, type WebhookRule } from '../domain/webhook.ts';
import { stackName } from './names.ts';
import type { Reader } from './reader.ts';
import { locate } from './schema.ts';
import type { Node } from './tree.ts';
import { milliseconds, someTime } from './window.ts';

/** Guessing a shorter one is no work. */
const shortestSecret = 16;

const absolute = z.string().regex(/^\/[^\p{Cc}]*$/u, { error: 'must be an absolute path' });
const header = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,60}$/, { error: 'must be the name of a header, as X-Signature' });

const value = z.union([
  // Each star more multiplies the time that a comparison may take.
  z
    .string()
    .max(200)
    .regex(/^(?!(?:[^*]*\*){3})/, { error: 'may have two * at most' }),
  z.number(),
  z.boolean(),
]);

const when = z
  .record(
    z.string().regex(/^[^.\s]+(?:\.[^.\s]+){0,9}$/, { error: 'must be a field, as repository.full_name' }),
    z.union([value, z.array(value).min(1).max(50)]),
  )
  .refine((conditions) => Object.keys(conditions).length > 0, { error: 'must name a field' });

const rule = z
  .strictObject({
    when: when.optional().describe('Fields of the payload, and what they must be; default: any payload.'),
    deploy: z
      .union([
        absolute,
        z.strictObject({ file: absolute, pull: z.boolean().optional(), build: z.boolean().optional() }),
      ])
      .optional(),
    undo: z
      .union([stackName, z.strictObject({ stack: stackName, with_data: z.boolean().optional() })])
      .optional(),
    guard: z
      .strictObject({
        title: z.string().min(1).max(100).optional(),
        command: z.array(z.string()).min(1),
        data: z.array(absolute).min(1),
        stack: stackName.optional(),
        timeout: someTime.optional(),
      })
      .optional(),
  })
  .refine(
    ({ deploy, undo, guard }) => [deploy, undo, guard].filter((one) => one !== undefined).length === 1,
    {
      error: 'must say one thing to do: deploy, undo or guard',
    },
  );

/** The schema of one entry. */
export const webhookKeys = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, { error: 'must be a name of a-z, 0-9, _ and -' }),
    kind: z.enum(webhookKinds),
    secret: z.string().min(shortestSecret, {
      error: `must have ${shortestSecret} characters at least; write it as \${VARIABLE}`,
    }),
    user: z
      .string()
      .regex(/^[^:\p{Cc}]+$/u)
      .optional()
      .describe('Only of alertmanager: basic authentication.'),
    signature: header
      .optional()
      .describe('Only of generic: header with the HMAC-SHA-256 of the body, in hex.'),
    delivery: header
      .optional()
      .describe('Only of generic with a bearer token: header that names the delivery.'),
    rules: z.array(rule).min(1).describe('The first that fits counts.'),
  })
  .refine(({ kind, user }) => user === undefined || kind === 'alertmanager', {
    error: '"user" goes with kind: alertmanager',
  })
  .refine(({ kind, signature, delivery }) => kind === 'generic' || (signature ?? delivery) === undefined, {
    error: '"signature" and "delivery" go with kind: generic',
  })
  .refine(({ signature, delivery }) => signature === undefined || delivery === undefined, {
    error: 'has a signature, which holds for the body and not for another header: leave out "delivery"',
  });

export const toWebhooks = (
  reader: Reader,
  all: readonly z.infer<typeof webhookKeys>[],
  root: Node,
): Webhook[] => {
  for (const [index, { name }] of all.entries())
    if (all.findIndex((other) => other.name === name) < index)
      reader.error(locate(root, ['webhooks', index, 'name']), 'baton.yml', 'Two webhooks have this name.');
  return all.map(({ name, kind, secret, user, signature, delivery, rules }) => ({
    name,
    kind,
    secret,
    ...(user === undefined ? {} : { user }),
    ...(signature === undefined ? {} : { signature: signature.toLowerCase() }),
    ...(delivery === undefined ? {} : { delivery: delivery.toLowerCase() }),
    rules: rules.map((one): WebhookRule => ({ when: conditionsOf(one), does: actionOf(one, name) })),
  }));
};

type RuleKeys = z.infer<typeof rule>;

const conditionsOf = ({ when: conditions = {} }: RuleKeys): WebhookRule['when'] =>
  Object.entries(conditions).map(([field, values]) => ({ field, values: [values].flat() }));

/** A command that nobody watches ends some time. */
const defaultTimeout = '1h';

const actionOf = ({ deploy, undo, guard }: RuleKeys, name: string): WebhookAction => {
  if (guard) {
    const { title = `webhook ${name}`, command, data, stack: locked, timeout = defaultTimeout } = guard;
    const stackOf = locked === undefined ? {} : { stack: locked };
    return { do: 'guard', title, command, data, ...stackOf, timeoutMs: milliseconds(timeout) };
  }
  if (undo !== undefined)
    return typeof undo === 'string'
      ? { do: 'undo', stack: undo, withData: false }
      : { do: 'undo', stack: undo.stack, withData: undo.with_data ?? false };
  const { file, pull = false, build = false } = typeof deploy === 'object' ? deploy : { file: deploy ?? '' };
  return { do: 'deploy', file, pull, build };
};
