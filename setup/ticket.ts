/** Tickets, sealed with a key that only this host's worker and its `baton serve` can read. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { openMemory } from '../activities/memory.ts';
import type { Ticket, Tickets } from '../domain/ticket.ts';

/** Longer is no ticket of ours. */
const longestTicket = 2_000;

export const openTickets = (stateDirectory: string, now: () => number = Date.now): Tickets => {
  const memory = openMemory(stateDirectory);
  // The key seals other things too; none of these is a ticket.
  const seal = async (text: string): Promise<Buffer> =>
    createHmac('sha256', await memory.hostKey())
      .update(`ticket ${text}`)
      .digest();
  return {
    async issue(ticket) {
      const whole: Ticket = { ...ticket, id: randomBytes(9).toString('base64url') };
      const text = Buffer.from(JSON.stringify(whole)).toString('base64url');
      return `${text}.${(await seal(text)).toString('base64url')}`;
    },
    async read(given) {
      const [text = '', mark = '', ...more] = given.length > longestTicket ? [] : given.split('.');
      const [expected, actual] = [await seal(text), Buffer.from(mark, 'base64url')];
      if (more.length > 0 || actual.length !== expected.length || !timingSafeEqual(actual, expected))
        return undefined;
      const ticket = JSON.parse(Buffer.from(text, 'base64url').toString()) as Ticket;
      return ticket.expires > now() ? ticket : undefined;
    },
  };
};
