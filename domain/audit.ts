/**
 * The audit log: what people decided, and what came of it. Lines are only ever added, and each names the hash of the one before, so a line
 * that was altered, removed or put in between shows. That the newest lines were cut off shows only beside a hash that was written down.
 */
import type { AnswerKind } from './gate.ts';
import type { Announced, Outcome } from './operation.ts';

export type AuditEvent = Pick<Announced, 'operation' | 'host'> & {
  /** Of a hold, and of what was said to Baton's loop, there is no stack. */
  kind: Announced['kind'] | 'hold' | 'auto';
  stack?: Announced['stack'];
  /** Unique within the operation, so that one that is told twice is kept once. */
  event: string;
  /** ISO 8601, UTC. */
  at: string;
  /** An answer, what came of the operation, or what was said to a whole host. */
  what: AnswerKind | Outcome | 'hold' | 'release' | 'auto-on' | 'auto-stop' | 'looked-at';
  by?: string;
  channel?: string;
  plan?: string;
  text?: string;
  until?: string;
  /** Why it changed nothing. */
  refused?: string;
};

export type AuditLine = AuditEvent & { n: number; before: string; hash: string };

/** Before the first line. */
export const noHash = '0'.repeat(64);

/** @param hash SHA-256 of a value in canonical form, in hex. */
export const chained = (
  last: AuditLine | undefined,
  event: AuditEvent,
  hash: (value: unknown) => string,
): AuditLine => {
  const line = { ...event, n: (last?.n ?? 0) + 1, before: last?.hash ?? noHash };
  return { ...line, hash: hash(line) };
};

/** @returns the first place where the chain does not hold; `undefined` where it holds to its end. */
export const chainFault = (
  lines: readonly AuditLine[],
  hash: (value: unknown) => string,
): string | undefined => {
  for (const [index, line] of lines.entries()) {
    const { hash: told, ...rest } = line;
    if (line.n !== index + 1) return `After line ${index} comes line ${line.n}.`;
    if (line.before !== (lines[index - 1]?.hash ?? noHash))
      return `Line ${line.n} does not follow line ${index}.`;
    if (told !== hash(rest)) return `Line ${line.n} was altered.`;
  }
  return undefined;
};

/** `2026-11-26T00:12:14Z · deploy immich (1f0c9a2e) · anna: approve, plan f7c83b4e41cf, by phone: looks good`. */
export const auditText = ({
  at,
  kind,
  stack,
  host,
  operation,
  by,
  what,
  plan,
  until,
  channel,
  text,
  refused,
}: AuditEvent): string =>
  [
    `${at.replace(/\.\d+Z$/, 'Z')} · ${kind} ${stack ?? host} (${operation}) · ${by === undefined ? '' : `${by}: `}${what}`,
    ...(until === undefined ? [] : [` until ${until}`]),
    ...(plan === undefined ? [] : [`, plan ${plan}`]),
    ...(channel === undefined ? [] : [`, by ${channel}`]),
    ...(text === undefined ? [] : [`: ${text}`]),
    ...(refused === undefined ? [] : [` — it changed nothing: ${refused}`]),
  ].join('');
