/** Which engine this host uses: what set-up chose, or the variables of today. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostConfig } from '../domain/host.ts';

type EngineKind = 'podman' | 'docker';
export type EngineChoice = { kind: EngineKind; socket?: string; environment?: Record<string, string> };

/** `BATON_ENGINE` and `BATON_ENGINE_SOCKET` win over `engine.json`, which set-up writes. */
export const readEngineChoice = async (
  { configDirectory }: HostConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<EngineChoice> => {
  const kind = environment['BATON_ENGINE'];
  const socket = environment['BATON_ENGINE_SOCKET'];
  if (kind === 'podman' || kind === 'docker') return { kind, ...(socket === undefined ? {} : { socket }) };
  const file = join(configDirectory, 'engine.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as EngineChoice;
  } catch (error) {
    throw new Error(
      `No engine is set up for Baton on this host (${file} cannot be read). Type: baton doctor`,
      { cause: error },
    );
  }
};

/** The engine's own command line, with what it needs to reach the engine that Baton uses. */
export const engineCommand = async (
  config: HostConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ command: EngineKind; args: string[]; environment: Record<string, string> }> => {
  const { kind, socket, environment: own = {} } = await readEngineChoice(config, environment);
  const flag = kind === 'podman' ? '--url' : '--host';
  return { command: kind, args: socket === undefined ? [] : [flag, `unix://${socket}`], environment: own };
};
