/** What an operation waits for, in words, and what can be typed. */
import type { Waiting } from '../domain/gate.ts';
import { needText } from '../domain/need.ts';
import { momentText, whenText } from './when.ts';

export const waitingText = (stack: string, waiting: Waiting, now: Date): string[] => {
  const who = waiting.who ? ` of ${waiting.who.join(', ')}` : '';
  if (waiting.for === 'hour')
    return [
      `Starts ${whenText(waiting.startsAt, now)}${waiting.windows.length > 0 ? ` (${windowText(waiting, now)})` : ''}`,
      `Sooner: baton start ${stack} · Later: baton defer ${stack} --for 1h · Not at all: baton cancel ${stack}`,
    ];
  if (waiting.for === 'release')
    return [
      'Its hour has come, and its host is held: baton release',
      `All the same: baton start ${stack} · Not at all: baton cancel ${stack}`,
    ];
  const { approvals, approvedBy, plan, expiresAt, deferredUntil } = waiting;
  const left = approvals - approvedBy.length;
  return [
    `Waits for ${left === 1 ? 'an approval' : `${left} approvals`}${who}; without, nothing is done after ${whenText(expiresAt, now)}`,
    ...(approvedBy.length > 0 ? [`Approved so far by ${approvedBy.join(', ')}`] : []),
    ...(deferredUntil === undefined ? [] : [`Deferred until ${whenText(deferredUntil, now)}`]),
    `Plan ${plan}: baton approve ${stack} · baton reject ${stack} · baton defer ${stack} --for 2h`,
  ];
};

/** `night, until Tue 04:30; 12m needed, as the last deploy took`. */
const windowText = ({ windows, closesAt, need }: Waiting & { for: 'hour' }, now: Date): string =>
  [
    `${windows.join(', ')}${closesAt === undefined ? '' : `, until ${momentText(closesAt, now)}`}`,
    ...(need ? [needText(need)] : []),
  ].join('; ');
