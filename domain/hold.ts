/** A hold: until it is released, nothing begins by itself on a host. What people type goes on, and so does what only looks. */
import { isTime, nobody } from './gate.ts';
import type { OperationId } from './names.ts';

export type Hold = {
  by: string;
  /** `baton`, `web-ui` … */
  channel: string;
  /** ISO 8601, UTC. It ends by itself then; absent: when somebody releases it. */
  until?: string;
  reason?: string;
};

/** Who ends a hold, as it comes from outside. */
export type Release = { by: string; channel: string };

/** What did not begin because of the hold. */
export type HeldBack = {
  what: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Absent: it was left out, and comes again at its next time. */
  waits?: { workflowId: string; runId: string };
};

/** What `holdQuery` answers. */
export type HoldState = Hold & {
  host: string;
  /** Id of the hold in the audit log. */
  operation: OperationId;
  /** ISO 8601, UTC. */
  since: string;
  /** At most {@link mostHeldBack}; the oldest are forgotten, and counted. */
  heldBack: HeldBack[];
  forgotten: number;
};

/** How a hold ended. */
export type HoldEnd = HoldState & {
  /** Absent: its time was over. */
  releasedBy?: string;
  notes: string[];
};

/** What is told of them fits on a screen. */
export const mostHeldBack = 100;

/** What waits is told when the hold ends, so only what was left out is ever forgotten. */
export const withHeldBack = (state: HoldState, one: HeldBack): HoldState => {
  const heldBack = [...state.heldBack, one];
  const oldest = heldBack.length > mostHeldBack ? heldBack.findIndex(({ waits }) => !waits) : -1;
  return oldest < 0
    ? { ...state, heldBack }
    : { ...state, heldBack: heldBack.toSpliced(oldest, 1), forgotten: state.forgotten + 1 };
};

const textLimit = 1_000;

/**
 * Reads what came from outside.
 * @param said when it was said, or the earliest time at which it can have been (ms since the epoch).
 * @returns what is wrong with it, as text.
 */
export const readHold = (value: unknown, said: number): Hold | string => {
  const release = readRelease(value);
  if (typeof release === 'string') return release;
  const { until, reason } = fieldsOf(value);
  if (until !== undefined && (typeof until !== 'string' || !isTime(until)))
    return '"until" is a time, as 2026-11-26T02:30:00Z.';
  if (until !== undefined && Date.parse(until) <= said) return `${until} has passed.`;
  if (reason !== undefined && !isLine(reason)) return '"reason" is a text on one line.';
  return {
    ...release,
    ...(until === undefined ? {} : { until }),
    ...(reason === undefined ? {} : { reason }),
  };
};

/** As {@link readHold}. */
export const readRelease = (value: unknown): Release | string => {
  const { by = nobody, channel = 'web-ui' } = fieldsOf(value);
  if (!isLine(by)) return '"by" is a text on one line.';
  if (!isLine(channel)) return '"channel" is a text on one line.';
  return { by, channel };
};

/** As {@link readHold}; whoever may reach Temporal may send it. @returns `undefined` where it is none. */
export const readHeldBack = (value: unknown): HeldBack | undefined => {
  const { what, at, waits } = fieldsOf(value);
  if (!isLine(what) || typeof at !== 'string' || !isTime(at)) return undefined;
  if (waits === undefined) return { what, at };
  const { workflowId, runId } = fieldsOf(waits);
  return isLine(workflowId) && isLine(runId) ? { what, at, waits: { workflowId, runId } } : undefined;
};

/** Whatever it is: what is no object has none. */
const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

/** What is printed to terminals holds no control characters. */
const isLine = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= textLimit && !/\p{Cc}/u.test(value);

/** Markdown, for the Web UI. */
export const renderHold = ({ host, by, since, until, reason, heldBack, forgotten }: HoldState): string =>
  [
    `Nothing begins by itself on **${host}** since ${since}, ${until === undefined ? 'until somebody releases it' : `until ${until}`}.`,
    `Held by ${by}${reason === undefined ? '' : `: ${reason}`}. Release it: \`baton release\`, or the update \`release\`.`,
    ...(heldBack.length === 0 ? [] : [`Held back so far: ${heldBackText(heldBack, forgotten)}.`]),
  ].join('\n\n');

/** `nightly (left out), web (waits)`. */
export const heldBackText = (heldBack: readonly HeldBack[], forgotten: number): string =>
  [
    ...(forgotten === 0 ? [] : [`${forgotten} more`]),
    ...heldBack.map(({ what, waits }) => `${what} (${waits ? 'waits' : 'left out'})`),
  ].join(', ');
