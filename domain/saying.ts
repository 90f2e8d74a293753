/** What people say to Baton's loop: how far it may go, that it is to stop, and that they have looked at what failed. */
import type { AuditEvent } from './audit.ts';
import type { OperationId } from './names.ts';

export type Saying = {
  operation: OperationId;
  host: string;
  /** ISO 8601, UTC. */
  at: string;
  by: string;
  channel: string;
} & (
  | { what: 'auto-on' | 'auto-stop'; text: string }
  /** From then on its failures there count no more. */
  | { what: 'looked-at'; playbook: string; target: string }
);

/** As it stands in the audit log. */
export const sayingEvent = (saying: Saying): AuditEvent => {
  const { operation, host, at, by, channel, what } = saying;
  const text = what === 'looked-at' ? `${saying.playbook} on ${saying.target}` : saying.text;
  return { operation, kind: 'auto', host, event: what, at, what, by, channel, text };
};
