/** What `baton.yml` says of this host: what waits for whom, and when changes are welcome. */
import type { GateRule } from './gate.ts';
import type { Channel } from './notice.ts';
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
};
