/** Tickets: what lets somebody without an account on the host look at one question, or give one answer to it. */
import type { AnswerKind } from './gate.ts';
import type { OperationId } from './names.ts';

export type Ticket = {
  /** Its own name: it is good for one answer. */
  id: string;
  workflowId: string;
  /** The very operation: the next one on the same stack has the same workflow id. */
  runId: string;
  operation: OperationId;
  /** Digest of the plan that was shown. */
  plan: string;
  /** Who it was given to, and through which channel. */
  by: string;
  channel: string;
  /** `read`: reports. It is of no operation. */
  may: 'look' | 'read' | AnswerKind;
  /** Only to read: whoever holds it is asked what waits, so that a report leads to it. */
  asks?: true;
  /** Ms since the epoch. */
  expires: number;
};

/** In which a ticket comes; a header of its own, so that a proxy may ask for a password in the usual one. */
export const ticketHeader = 'Baton-Ticket';

/** What lets somebody read reports. @param expires ms since the epoch. */
export const readingTicket = (by: string, channel: string, expires: number): Omit<Ticket, 'id'> => ({
  workflowId: '',
  runId: '',
  operation: '' as OperationId,
  plan: '',
  by,
  channel,
  may: 'read',
  expires,
});

/** Links to what has ended, and to reports, stay good so long. */
export const linkMs = 7 * 86_400_000;

/** Given out and read by whoever holds the host's key. */
export type Tickets = {
  /** @returns text for a header or the fragment of a link: letters, digits, `-`, `_` and one dot. */
  issue: (ticket: Omit<Ticket, 'id'>) => Promise<string>;
  /** @returns `undefined` where it was not issued here, was altered, or has expired. */
  read: (text: string) => Promise<Ticket | undefined>;
};
