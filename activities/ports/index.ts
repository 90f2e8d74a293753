/** Everything through which effects reach the world. A test can wrap each to stop the world between any two effects. */
import type { PreferencesRead } from '../../compose/preferences.ts';
import type { SettingsRead } from '../../compose/baton-file.ts';
import type { ReadPlaybooks } from '../../domain/playbook.ts';
import type { Tickets } from '../../domain/ticket.ts';
import type { Audit } from './audit.ts';
import type { Commands } from './commands.ts';
import type { Copies } from './copies.ts';
import type { Disk } from './disk.ts';
import type { Engine, EngineInfo } from './engine.ts';
import type { Files } from './files.ts';
import type { Memory } from './memory.ts';
import type { Records } from './records.ts';
import type { Registry } from './registry.ts';
import type { Snapshots } from './snapshots.ts';
import type { Standing } from './standing.ts';
import type { Systemd } from './systemd.ts';

export type Ports = {
  host: string;
  engine: Engine;
  /** Asked once when the worker starts. */
  engineInfo: EngineInfo;
  snapshots: Snapshots;
  memory: Memory;
  files: Files;
  commands: Commands;
  copies: Copies;
  disk: Disk;
  systemd: Systemd;
  registry: Registry;
  /** What `baton.yml` lays down at this moment. */
  settings: () => Promise<SettingsRead>;
  /** Shipped ones and the owner's, at this moment. */
  playbooks: () => Promise<ReadPlaybooks>;
  tickets: Tickets;
  audit: Audit;
  /** What was observed and decided; opened when it is asked for, so that nothing else depends on it. */
  records: () => Promise<Records>;
  /** What is known of the host where its workflows are kept. */
  standing: Standing;
  /** `preferences.yml` at this moment. @param playbooks that there are, by name. */
  preferences: (playbooks: readonly string[]) => Promise<PreferencesRead>;
  /** Variables of the worker's own environment, for `${VAR}`. */
  environment: Readonly<Record<string, string | undefined>>;
};
