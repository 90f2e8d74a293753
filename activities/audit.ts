/** What people decided, kept where it cannot be altered unseen. */
import { chainFault, type AuditEvent, type AuditLine } from '../domain/audit.ts';
import { beating } from './activity.ts';
import { auditHash } from './audit-log.ts';
import type { Ports } from './ports/index.ts';

export type AuditTrail = {
  /** The newest, oldest first. */
  lines: AuditLine[];
  count: number;
  /** Of the newest line; written down elsewhere, it tells later whether lines were cut off. */
  hash?: string;
  /** Where the chain, from its begin, does not hold. */
  fault?: string;
};

export const auditActivities = ({ audit }: Ports) => ({
  async recordDecisions(events: AuditEvent[]): Promise<void> {
    await beating(async () => {
      await audit.append(events);
    });
  },

  /** @param most of these are returned; all are verified. */
  async readAudit(most: number): Promise<AuditTrail> {
    return await beating(async () => {
      const lines = await audit.read();
      const fault = chainFault(lines, auditHash);
      const hash = lines.at(-1)?.hash;
      return {
        lines: lines.slice(-most),
        count: lines.length,
        ...(hash === undefined ? {} : { hash }),
        ...(fault === undefined ? {} : { fault }),
      };
    });
  },
});
