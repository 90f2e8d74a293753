/** What `baton status` tells: what the engine shows, held against what was recorded. */
import type { ReleaseId } from './names.ts';

export type ServiceStatus = {
  service: string;
  container: string;
  /** The engine's own word, with the exit code where it ended. */
  state: string;
  healthy: 'healthy' | 'unhealthy' | 'unknown';
  /** Why it is thought so, as the probe answered. */
  answer: string;
  /** How long that took; absent where nothing was asked. */
  latencyMs?: number;
  /** When the certificate of its probe expires. ISO 8601, UTC. */
  certificateUntil?: string;
  image: string;
  release?: string;
  /** ISO 8601, UTC. */
  startedAt?: string;
};

export type StackStatus = {
  stack: string;
  host: string;
  /** The release recorded last; absent where Baton never deployed it. */
  release?: ReleaseId;
  committedAt?: string;
  services: ServiceStatus[];
  /** Where the engine and the record disagree, in words. */
  drift: string[];
};
