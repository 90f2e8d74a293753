/** The audit log of a host: lines are only ever added. */
import type { AuditEvent, AuditLine } from '../../domain/audit.ts';

export interface Audit {
  /** On the disk when it returns. An event that is there already is not added again. */
  append(events: AuditEvent[]): Promise<void>;
  /** Oldest first. @throws where a line is none. */
  read(): Promise<AuditLine[]>;
}
