/** Where the dev server of this machine listens. A file of its own: every command reads it, and should read little else. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostConfig } from '../domain/host.ts';

export type LocalServer = { address: string; ui: string };

export const serverFile = ({ stateDirectory }: HostConfig): string => join(stateDirectory, 'server.json');

/** Where the dev server listens, if `baton up` has ever started one. */
export const readServer = async (config: HostConfig): Promise<LocalServer | undefined> => {
  const text = await readFile(serverFile(config), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as LocalServer);
};
