/** The ports of a host whose engine is in memory; what it keeps, lies below one directory. */
import { join } from 'node:path';
import { openAudit } from '../../activities/audit-log.ts';
import { openCommands } from '../../activities/commands.ts';
import { openCopies } from '../../activities/copies/index.ts';
import { openDisk } from '../../activities/disk/index.ts';
import { openFiles } from '../../activities/files.ts';
import { openMemory } from '../../activities/memory.ts';
import type { Ports } from '../../activities/ports/index.ts';
import { recordsWhenAsked } from '../../activities/records/index.ts';
import { openRegistry } from '../../activities/registry.ts';
import { openSnapshots } from '../../activities/snapshots/index.ts';
import { openStanding } from '../../activities/standing.ts';
import { openSystemd } from '../../activities/systemd.ts';
import { readBatonFile } from '../../compose/baton-file.ts';
import { readPlaybooks } from '../../compose/playbooks.ts';
import { readPreferencesFile } from '../../compose/preferences.ts';
import { openTickets } from '../../setup/ticket.ts';
import { memoryEngineInfo, type MemoryEngine } from './engine.ts';

export const memoryPorts = (host: string, directory: string, engine: MemoryEngine): Ports => {
  const state = join(directory, 'state');
  const commands = openCommands(state, {});
  return {
    host,
    engine,
    engineInfo: memoryEngineInfo,
    snapshots: openSnapshots(),
    memory: openMemory(state),
    records: recordsWhenAsked(join(directory, 'records.db')),
    files: openFiles(),
    copies: openCopies(state, { name: host, environment: {} }),
    commands,
    settings: async () => await readBatonFile(join(directory, 'baton.yml'), {}),
    playbooks: async () => await readPlaybooks(join(directory, 'playbooks')),
    tickets: openTickets(state),
    disk: openDisk({ home: directory, state, others: [] }),
    systemd: openSystemd(),
    registry: openRegistry(commands),
    audit: openAudit(join(state, 'audit.jsonl')),
    standing: openStanding([]),
    preferences: async (playbooks) =>
      await readPreferencesFile(join(directory, 'preferences.yml'), playbooks),
    environment: {},
  };
};
