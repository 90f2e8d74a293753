/** What Temporal knows of a host at this moment: what people let Baton do, who holds it, and what is under way. Read only. */
import type { Mandate } from '../../domain/mandate.ts';

export type UnderWay = {
  /** `deploy of shop`. */
  what: string;
  /** The stack, or the target of a playbook. */
  on: string;
  /** It changes, or has changed, services of the stack: those may be down because of it. */
  changes: boolean;
  /** By the clock of this machine, ms since the epoch; absent while it runs or waits. */
  endedAt?: number;
};

export interface Standing {
  /** Ports of this host on which Temporal and the records are reached. */
  readonly ownPorts: readonly number[];
  /** @returns `undefined` where nobody lets Baton do anything by itself. */
  mandate(host: string): Promise<Mandate | undefined>;
  /** Names of those who hold the host. */
  heldBy(host: string): Promise<string[]>;
  /** Operations that run or wait, and those that ended no longer than that before this activity was asked for. */
  underWay(host: string, endedWithinMs: number): Promise<UnderWay[]>;
  /** Whether the workflow of that id runs, or waits. */
  isRunning(workflowId: string): Promise<boolean>;
}
