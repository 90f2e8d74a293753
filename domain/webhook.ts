/**
 * Webhooks: deliveries from other systems, and the rules by which they become operations. What a delivery says selects a rule
 * and is shown; what is done stands in the rule.
 */
import type { EcosystemRequest } from './ecosystem.ts';
import type { GuardRequest } from './guard.ts';
import { cut } from './lines.ts';
import type { StackName } from './names.ts';
import type { OperationRequest } from './operation.ts';
import { matches } from './wildcard.ts';

export const webhookKinds = ['alertmanager', 'github', 'gitea', 'forgejo', 'generic'] as const;
export type WebhookKind = (typeof webhookKinds)[number];

export type Webhook = {
  name: string;
  kind: WebhookKind;
  /** Resolved, and secret. */
  secret: string;
  /** Only of `alertmanager`: it comes by basic authentication, as this user. */
  user?: string;
  /** Only of `generic`: header with the HMAC-SHA-256 of the body; without, the secret comes as a bearer token. */
  signature?: string;
  /** Only of `generic`: header that names the delivery; without, its body does. */
  delivery?: string;
  /** The first that fits counts. */
  rules: WebhookRule[];
};

export type WebhookRule = { when: Condition[]; does: WebhookAction };

/** A field of the payload (`repository.full_name`) that is one of these values; in texts `*` stands for anything. */
export type Condition = { field: string; values: Scalar[] };

export type WebhookAction =
  | { do: 'deploy'; file: string; pull: boolean; build: boolean }
  | { do: 'undo'; stack: StackName; withData: boolean }
  | { do: 'guard'; title: string; command: string[]; data: string[]; stack?: StackName; timeoutMs: number };

type Scalar = string | number | boolean;

/** What a delivery leads to. */
export type Delivery = {
  webhook: string;
  /** In hex; tells the occasion from all others of this webhook. */
  occasion: string;
  /** Values from outside, to be read. */
  because: string[];
  start:
    | { workflow: 'deployStack'; request: OperationRequest }
    | { workflow: 'deployEcosystem'; request: EcosystemRequest }
    | { workflow: 'guardOperation'; request: GuardRequest };
};

/** What a delivery asks for. */
export type Asked = {
  rule: WebhookRule;
  /** Tells this occasion from others, besides the name of the webhook. */
  occasion: string;
  /** The fields that the rule looked at, as they came: for people to read. */
  because: string[];
};

/**
 * @param body the delivery as it came.
 * @param named what the sender calls the delivery, where that can be relied on.
 * @returns `undefined` where no rule fits.
 */
export const askedBy = (
  { kind, rules }: Pick<Webhook, 'kind' | 'rules'>,
  payload: Readonly<Record<string, unknown>>,
  body: string,
  named?: string,
): Asked | undefined => {
  const views = kind === 'alertmanager' ? alertViews(payload) : [payload];
  for (const rule of rules) {
    const fitting = views.filter((view) => rule.when.every((condition) => holds(condition, view)));
    const [first] = fitting;
    if (!first) continue;
    const occasion = kind === 'alertmanager' ? alertOccasion(payload, fitting) : (named ?? body);
    return { rule, occasion, because: rule.when.map(({ field }) => told(field, valueAt(first, field))) };
  }
  return undefined;
};

/** Each alert by itself, as `alert` beside what the group has in common: conditions must hold of one and the same. */
const alertViews = (payload: Readonly<Record<string, unknown>>): Record<string, unknown>[] => {
  const { alerts, ...group } = payload;
  return (Array.isArray(alerts) ? alerts : []).map((alert: unknown) => ({ ...group, alert }));
};

/** Alertmanager repeats what it has told until it is over; only an alert that began later is another occasion. */
const alertOccasion = (
  { groupKey, status }: Readonly<Record<string, unknown>>,
  fitting: readonly Record<string, unknown>[],
): string => {
  const begins = fitting.map((view) => String(valueAt(view, 'alert.startsAt'))).sort();
  return JSON.stringify([groupKey, status, begins.at(-1)]);
};

/** A longer one is no name of anything, and would take long to compare with a pattern. */
const longestValue = 1_000;

const holds = ({ field, values }: Condition, view: Readonly<Record<string, unknown>>): boolean => {
  const actual = valueAt(view, field);
  return values.some((wanted) =>
    typeof wanted === 'string' && typeof actual === 'string'
      ? actual.length <= longestValue && matches(wanted, actual)
      : wanted === actual,
  );
};

const valueAt = (view: unknown, field: string): unknown =>
  field.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Record<string, unknown>)[key];
  }, view);

/** A value from outside is shown on one line, and cannot leave the code marks that it stands in. */
const told = (field: string, value: unknown): string =>
  `${field}: ${cut(String(value).replaceAll(/[\p{C}`]/gu, ' '), 100)}`;

/** No sender nests deeper; what does is made to hurt. */
const deepest = 40;

/** Told of the text, before anything reads it. Each character is looked at once. */
export const isTooDeep = (json: string): boolean => {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (character === '"') isText = !isText;
    else if (isText && character === '\\') at += 1;
    else if (isText) continue;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > deepest) return true;
  }
  return false;
};
