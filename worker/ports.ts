/** The composition root: the real ports, from the host's configuration. */
import { hostname, homedir } from 'node:os';
import { join } from 'node:path';
import { openAudit } from '../activities/audit-log.ts';
import { connectEngine } from '../activities/engines/connect.ts';
import type { Ports } from '../activities/ports/index.ts';
import { openCommands } from '../activities/commands.ts';
import { openCopies } from '../activities/copies/index.ts';
import { openDisk } from '../activities/disk/index.ts';
import { openFiles } from '../activities/files.ts';
import { openMemory } from '../activities/memory.ts';
import { openRegistry } from '../activities/registry.ts';
import { recordsWhenAsked } from '../activities/records/index.ts';
import { openStanding } from '../activities/standing.ts';
import { openSnapshots } from '../activities/snapshots/index.ts';
import { openSystemd } from '../activities/systemd.ts';
import { readBatonFile } from '../compose/baton-file.ts';
import { readPlaybooks } from '../compose/playbooks.ts';
import { readPreferencesFile } from '../compose/preferences.ts';
import { batonFileOf, hostConfig, playbooksOf, preferencesFileOf } from '../domain/host.ts';
import { readEngineChoice } from '../setup/engine-choice.ts';
import { temporalProfile } from '../setup/temporal-profile.ts';
import { openTickets } from '../setup/ticket.ts';

/** Where Temporal's own clients look where nothing else is said. */
const defaultAddress = '127.0.0.1:7233';

/** Of addresses on this very host; what runs elsewhere is none of its stacks. */
const ownPorts = (...addresses: (string | undefined)[]): number[] =>
  addresses.flatMap((address) => {
    const url = address?.includes('://') ? address : `tcp://${address ?? ''}`;
    if (!URL.canParse(url)) return [];
    const { hostname: name, port } = new URL(url);
    const isHere = ['localhost', '127.0.0.1', '[::1]', hostname()].includes(name);
    return isHere ? [Number(port === '' ? '5432' : port)] : [];
  });

export const openPorts = async (environment: NodeJS.ProcessEnv): Promise<Ports> => {
  const config = hostConfig(environment, { hostname: hostname(), home: homedir() });
  const engine = await connectEngine(await readEngineChoice(config, environment));
  const engineInfo = await engine.info();
  const commands = openCommands(config.stateDirectory, environment);
  return {
    host: config.host,
    engine,
    engineInfo,
    // Files in rootless containers belong to sub-uids, which only the user namespace may touch.
    snapshots: openSnapshots(
      engineInfo.rootless && engine.kind === 'podman' ? { prefix: ['podman', 'unshare'] } : {},
    ),
    memory: openMemory(config.stateDirectory),
    files: openFiles(),
    commands,
    copies: openCopies(config.stateDirectory, { name: config.host, environment }),
    settings: async () => await readBatonFile(batonFileOf(config), environment),
    playbooks: async () => await readPlaybooks(playbooksOf(config)),
    tickets: openTickets(config.stateDirectory),
    disk: openDisk({
      home: homedir(),
      state: config.stateDirectory,
      others: [config.cacheDirectory, config.configDirectory],
    }),
    systemd: openSystemd(),
    registry: openRegistry(commands),
    audit: openAudit(join(config.stateDirectory, 'audit.jsonl')),
    records: recordsWhenAsked(environment['BATON_RECORDS'] ?? join(config.stateDirectory, 'records.db')),
    standing: openStanding(
      ownPorts(temporalProfile(environment).address ?? defaultAddress, environment['BATON_RECORDS']),
    ),
    preferences: async (playbooks) => await readPreferencesFile(preferencesFileOf(config), playbooks),
    environment,
  };
};
