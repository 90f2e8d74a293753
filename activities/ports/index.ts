/** Everything through which effects reach the world. A test can wrap each to stop the world between any two effects. */
import type { Engine } from './engine.ts';
import type { Releases } from './releases.ts';
import type { Snapshots } from './snapshots.ts';

export type Ports = {
  host: string;
  engine: Engine;
  snapshots: Snapshots;
  releases: Releases;
  /** Variables of the worker's own environment, for `${VAR}`. */
  environment: Readonly<Record<string, string | undefined>>;
};
