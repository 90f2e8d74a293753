/** Pages of reports in the state directory: written whole, read back, and the oldest removed. */
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Briefing } from '../../domain/briefing/briefing.ts';
import type { BriefingKind } from '../../domain/briefing/facts.ts';
import { whyNotWhole } from '../../domain/briefing/whole.ts';
import { hostConfig } from '../../domain/host.ts';
import type { Ports } from '../ports/index.ts';

/** A report tells what runs on a host: its owner alone reads it. */
const mode = 0o600;
/** Of each kind: a quarter of nights, and eight years of months. */
const mostKept = 100;

/**
 * Kept again for the same day, it takes the place of what was there.
 * @returns the file. @throws where what is on the disk is not the whole of it.
 */
export const keepPage = async (
  ports: Ports,
  kind: BriefingKind,
  day: string,
  briefing: Briefing,
  page: string,
): Promise<string> => {
  const directory = join(stateDirectory(ports), 'reports');
  const file = join(directory, `${kind}-${day}.html`);
  await ports.files.replace(file, Buffer.from(page), { mode });
  const why = whyNotWhole((await ports.files.read(file))?.content.toString() ?? '', briefing);
  if (why !== undefined) throw new Error(`The report in ${file} is no report: ${why}.`);
  const kept = (await readdir(directory)).filter((name) => isOf(kind, name)).sort();
  for (const name of kept.slice(0, -mostKept)) await ports.files.remove(join(directory, name));
  return file;
};

const stateDirectory = ({ environment, host }: Ports): string =>
  hostConfig(environment, { hostname: host, home: homedir() }).stateDirectory;

const isOf = (kind: BriefingKind, name: string): boolean =>
  name.startsWith(`${kind}-`) && /-\d{4}-\d\d-\d\d\.html$/.test(name);
