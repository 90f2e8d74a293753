/** Everything through which effects reach the world. A test can wrap each to stop the world between any two effects. */
import type { Engine, EngineInfo } from './engine.ts';
import type { Releases } from './releases.ts';
import type { Snapshots } from './snapshots.ts';

export type Ports = {
  host: string;
  engine: Engine;
  /** Asked once when the worker starts. */
  engineInfo: EngineInfo;
  snapshots: Snapshots;
  releases: Releases;
  /** Where Baton keeps what is its own (releases, operations, secret files). */
  stateDirectory: string;
  /** Variables of the worker's own environment, for `${VAR}`. */
  environment: Readonly<Record<string, string | undefined>>;
};
