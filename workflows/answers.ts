/** The answers of people to an operation that waits: how each is described, heard, and told. */
import type { AnswerKind, Waiting } from '../domain/gate.ts';

/** For whoever sends one from the Web UI. */
export const about: Record<AnswerKind, string> = {
  approve:
    'Approve the plan that it waits with; "plan" is its digest. Argument: {"by": "anna", "plan": "1f0c9a2e41b7"}.',
  reject:
    'Do not do it: the operation ends, and nothing is changed. Argument: {"by": "anna", "text": "why"}.',
  defer:
    'Ask again later, or begin later. Argument: {"by": "anna", "until": "2026-11-26T02:30:00Z"}, or {"by": "anna", "window": "night"} for when that window opens next.',
  start: 'Begin now, and do not wait for the hour. Argument: {"by": "anna"}.',
  comment: 'Say something that is kept with the operation. Argument: {"by": "anna", "text": "what"}.',
};

/** @param until ISO 8601. */
export const defer = (waiting: Waiting, until: string): void => {
  if (waiting.for === 'hour') {
    waiting.startsAt = iso(Date.parse(until));
    // In which opening it begins is found then.
    delete waiting.closesAt;
  }
  if (waiting.for === 'approval') {
    waiting.deferredUntil = iso(Date.parse(until));
    waiting.expiresAt = iso(Date.parse(until) + waiting.expiresMs);
  }
};

/** What whoever answered is told. */
export const heard = (kind: AnswerKind, waiting: Waiting | undefined): string => {
  switch (kind) {
    case 'approve': {
      const left = waiting?.for === 'approval' ? waiting.approvals - waiting.approvedBy.length : 0;
      return left > 0 ? `Approved; it takes ${left} more.` : 'Approved.';
    }
    case 'reject':
      return 'Rejected: nothing is changed.';
    case 'start':
      return 'It begins now.';
    case 'defer':
      return waiting?.for === 'hour'
        ? `It does not begin before ${waiting.startsAt}.`
        : 'It is asked again then.';
    case 'comment':
      return 'Kept with the operation.';
  }
};

const iso = (ms: number): string => new Date(ms).toISOString();
