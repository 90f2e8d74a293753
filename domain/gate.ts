/**
 * Gates: what an operation waits for after its plan is made and before it changes anything. People who approve, an hour, or
 * both. Nothing but a plan that people have seen gets through: they answer with its digest.
 */
import type { StackName } from './names.ts';
import type { Need } from './need.ts';
import type { Announced } from './operation.ts';
import type { OperationKind } from './plan.ts';
import { matches } from './wildcard.ts';

/** What was asked for with the operation itself; the host's own rules come on top. */
export type GateWish = {
  approve?: boolean;
  /** How long the question stays open. */
  expiresMs?: number;
  /** ISO 8601, UTC: not before. */
  at?: string;
  /** Name of a window of the host. */
  window?: string;
  /** How long it takes: it begins where its windows stay open as long. */
  needsMs?: number;
};

/** A rule of `baton.yml`. The first that fits counts. */
export type GateRule = {
  /** Absent: every kind, every stack. In names `*` stands for anything. */
  kinds?: OperationKind[];
  stacks?: string[];
  /** As many different people must approve; 0: only the window counts. */
  approvals: number;
  /** Whose answers count; absent: anybody's. */
  who?: string[];
  expiresMs: number;
  window?: string;
  needsMs?: number;
};

export type Gate = {
  approvals: number;
  who?: string[];
  expiresMs: number;
  /** ISO 8601, UTC. */
  notBefore?: string;
  /** Names; all of them must be open. */
  windows: string[];
  /** How long somebody has said that it takes. */
  needsMs?: number;
  /** Of an ecosystem: its stacks that change, whose needs add up. */
  stacks?: { stack: StackName; needsMs?: number }[];
  /** Names of the channels through which people are asked. */
  tells: string[];
};

/** A question that nobody has answered after this time is answered with no. */
export const defaultExpiryMs = 24 * 3_600_000;

/** @returns `undefined` where nothing need be waited for. */
export const gateOf = (
  { kind, stack }: Pick<Announced, 'kind' | 'stack'>,
  wish: GateWish | undefined,
  rules: readonly GateRule[],
  tells: readonly string[] = [],
): Gate | undefined => {
  const rule = rules.find(
    ({ kinds, stacks }) =>
      (kinds?.includes(kind) ?? true) && (stacks?.some((pattern) => matches(pattern, stack)) ?? true),
  );
  const approvals = Math.max(rule?.approvals ?? 0, wish?.approve === true ? 1 : 0);
  const windows = [rule?.window, wish?.window].filter((name) => name !== undefined);
  const needsMs = wish?.needsMs ?? rule?.needsMs;
  const expiries = [rule?.expiresMs, wish?.expiresMs].filter((ms) => ms !== undefined);
  if (approvals === 0 && windows.length === 0 && wish?.at === undefined) return undefined;
  return {
    approvals,
    ...(rule?.who ? { who: rule.who } : {}),
    expiresMs: expiries.length > 0 ? Math.min(...expiries) : defaultExpiryMs,
    ...(wish?.at === undefined ? {} : { notBefore: wish.at }),
    windows: [...new Set(windows)],
    ...(needsMs === undefined ? {} : { needsMs }),
    tells: [...tells],
  };
};

/** Whether no more is asked for than has been passed. */
export const asksTheSame = (now: Gate | undefined, before: Gate): boolean =>
  now?.approvals === before.approvals &&
  now.who?.join() === before.who?.join() &&
  now.windows.join() === before.windows.join();

export const answerKinds = ['approve', 'reject', 'defer', 'start', 'comment'] as const;
export type AnswerKind = (typeof answerKinds)[number];

/** As it comes from outside: `by` is what the channel says of the person. */
export type Answer = {
  by: string;
  /** `baton`, `web-ui` … */
  channel: string;
  /** Digest of the plan that the person has seen; a beginning of at least {@link shortestDigest} digits is enough. */
  plan?: string;
  text?: string;
  /** Only to defer. ISO 8601, UTC. */
  until?: string;
  /** Only to defer: until this window opens next. */
  window?: string;
  /** Id of the ticket that it was given with; good for one answer. */
  ticket?: string;
};

/** An answer and what came of it. */
export type AnswerRecord = Answer & {
  answer: AnswerKind;
  /** ISO 8601, UTC, by the workflow's clock. */
  at: string;
  /** Why it changed nothing. */
  refused?: string;
};

/** What an operation waits for; times are ISO 8601, UTC. */
export type Waiting =
  | {
      for: 'approval';
      plan: string;
      approvals: number;
      approvedBy: string[];
      who?: string[];
      expiresMs: number;
      expiresAt: string;
      /** Someone does not want to be asked before. */
      deferredUntil?: string;
    }
  | {
      for: 'hour';
      plan: string;
      startsAt: string;
      who?: string[];
      windows: string[];
      /** Of the windows. */
      closesAt?: string;
      need?: Need;
    }
  /** Its hour has come, and its host is held. */
  | { for: 'release'; plan: string; who?: string[] };

/** What waits for one of these has not begun. */
export const waitingKinds: readonly Waiting['for'][] = ['approval', 'hour', 'release'];

export const shortestDigest = 6;
/** Who does not say who it is. */
export const nobody = 'unnamed';

/** Nobody is asked to wait longer. */
const longestWaitMs = 366 * 24 * 3_600_000;

/**
 * Why an answer changes nothing; `undefined` where it counts.
 * @param now ms since the epoch.
 * @param earlier all that was said to this operation before.
 */
export const refusalOf = (
  waiting: Waiting | undefined,
  answer: AnswerKind,
  { by, plan, until, ticket }: Answer,
  now: number,
  earlier: readonly AnswerRecord[] = [],
): string | undefined => {
  if (ticket !== undefined && earlier.some((one) => one.ticket === ticket && one.refused === undefined))
    return 'This was answered already; a button is good for one answer.';
  if (answer === 'comment') return undefined;
  if (!waiting) return 'Nothing waits for an answer here, or not any more.';
  if (waiting.who && !waiting.who.includes(by))
    return `${by} is not among those whose answer counts: ${waiting.who.join(', ')}.`;
  if (answer === 'approve' && waiting.for !== 'approval')
    return 'It is approved already, and waits for its hour.';
  if (answer === 'start' && waiting.for === 'approval') return 'It waits for an approval, not for an hour.';
  if (waiting.for === 'approval' && now >= Date.parse(waiting.expiresAt))
    return `The question has expired (${waiting.expiresAt}).`;
  // Who presses a button has seen one plan, whatever the button says.
  if (ticket !== undefined && plan !== waiting.plan) return otherPlan(waiting, plan);
  if (answer === 'defer') return deferralProblem(waiting, until, now);
  if (answer !== 'approve' || waiting.for !== 'approval') return undefined;
  if (plan === undefined || plan.length < shortestDigest || !waiting.plan.startsWith(plan))
    return otherPlan(waiting, plan);
  if (by === nobody) return 'Say who approves: "by".';
  if (waiting.approvedBy.includes(by))
    return `${by} has approved already; it takes ${waiting.approvals} different people.`;
  return undefined;
};

/** Without its zone a time is another one on another host. */
export const isTime = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(text) &&
  !Number.isNaN(Date.parse(text));

const otherPlan = (waiting: Waiting, plan: string | undefined): string =>
  `The plan is ${waiting.plan}, and the answer was to ${plan ?? 'none'}. Look at it again.`;

const deferralProblem = (waiting: Waiting, until: string | undefined, now: number): string | undefined => {
  if (waiting.for === 'release') return 'It waits until its host is released, and for no time.';
  if (until === undefined || !isTime(until))
    return 'Say until when, as 2026-11-26T02:30:00Z, or until which window opens.';
  const at = Date.parse(until);
  if (at <= now) return `${until} has passed.`;
  if (waiting.for === 'hour' && at <= Date.parse(waiting.startsAt))
    return `It begins ${waiting.startsAt}, which is later.`;
  return at - now > longestWaitMs ? 'That is more than a year away.' : undefined;
};

const textLimit = 1_000;
const nameLimit = 100;

/**
 * Reads what came from outside. @returns what is wrong with it, as text.
 */
export const readAnswer = (value: unknown, channel = 'web-ui'): Answer | string => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'An answer is an object, as {"by": "anna", "plan": "1f0c9a2e41b7", "text": "why"}.';
  const { by = nobody, channel: through = channel, ...rest } = value as Record<string, unknown>;
  const fields = {
    by,
    channel: through,
    plan: rest['plan'],
    text: rest['text'],
    until: rest['until'],
    window: rest['window'],
    ticket: rest['ticket'],
  };
  for (const [name, field] of Object.entries(fields))
    if (field !== undefined && !isText(field, limitOf(name)))
      return `"${name}" is a text of 1 to ${limitOf(name)} characters on one line.`;
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined)) as Answer;
};

/** The window until which somebody wants to put something off; whatever they sent. A time that is said as well counts. */
export const deferralWindow = (value: unknown): string | undefined => {
  const answer = readAnswer(value);
  return typeof answer === 'string' || answer.until !== undefined ? undefined : answer.window;
};

/** What is printed to terminals and into reports holds no control characters. */
const isText = (value: unknown, most: number): boolean =>
  typeof value === 'string' && value.trim() !== '' && value.length <= most && !/\p{Cc}/u.test(value);

const limitOf = (field: string): number => (field === 'text' ? textLimit : nameLimit);
