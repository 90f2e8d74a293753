/** What `baton.yml` says of this host: what waits for whom, when changes are welcome, and what is kept. */
import type { CleanupRules } from './cleanup.ts';
import type { CopyRule } from './copy.ts';
import type { DataSet } from './data-set.ts';
import type { GateRule } from './gate.ts';
import type { Channel } from './notice.ts';
import type { Prometheus } from './prometheus.ts';
import type { RetentionRule } from './retention.ts';
import type { Schedule } from './schedule.ts';
import type { TrafficSource } from './traffic.ts';
import type { Webhook } from './webhook.ts';
import type { Window } from './window.ts';

export type Settings = {
  /** Absolute; it need not exist. */
  file: string;
  gates: GateRule[];
  windows: Record<string, Window>;
  /** Whom to tell what waits, and where. */
  channels: Channel[];
  /** Where `baton serve` can be reached from outside, without a slash at its end. */
  door?: string;
  /** Only as the door reads it. */
  webhooks: Webhook[];
  /** Without one that fits, no snapshot is ever removed. */
  snapshots: RetentionRule[];
  sets: DataSet[];
  /** Which snapshots are copied elsewhere. */
  copies: CopyRule[];
  /** What begins by itself. */
  schedules: Schedule[];
  cleanup: CleanupRules;
  prometheus?: Prometheus;
  /** Where requests are counted, if anywhere. */
  traffic?: TrafficSource;
};
