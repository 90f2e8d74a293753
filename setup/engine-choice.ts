/** Which engine this host uses: what set-up chose, or the variables of today. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml } from '../compose/parse.ts';
import { ConfigFailure, type HostConfig } from '../domain/host.ts';

type EngineKind = 'podman' | 'docker';
export type EngineChoice = { kind: EngineKind; socket?: string; environment?: Record<string, string> };

/**
 * `BATON_ENGINE` and `BATON_ENGINE_SOCKET` win over `engine.json`, which set-up writes.
 * @throws ConfigFailure where what is set cannot be used; NoEngine where nothing is set yet.
 */
export const readEngineChoice = async (
  { configDirectory }: HostConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<EngineChoice> => {
  const kind = environment['BATON_ENGINE'];
  const socket = environment['BATON_ENGINE_SOCKET'];
  if (kind !== undefined || socket !== undefined) {
    if (!isEngine(kind))
      throw new ConfigFailure(
        kind === undefined
          ? 'BATON_ENGINE_SOCKET is set, and BATON_ENGINE is not: podman or docker.'
          : `BATON_ENGINE is ${JSON.stringify(kind)}; Baton knows podman and docker.`,
      );
    if (socket !== undefined && !socket.startsWith('/'))
      throw new ConfigFailure(
        `BATON_ENGINE_SOCKET is ${JSON.stringify(socket)}; a socket is named by its absolute path.`,
      );
    return { kind, ...(socket === undefined ? {} : { socket }) };
  }
  const file = join(configDirectory, 'engine.json');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new NoEngine(
      `No engine is set up for Baton on this host (${file} cannot be read). Type: baton doctor`,
      { cause },
    );
  });
  return parseChoice(file, text);
};

/** Set-up has not chosen an engine yet. */
export class NoEngine extends Error {
  override readonly name = 'NoEngine';
}

const isEngine = (kind: unknown): kind is EngineKind => kind === 'podman' || kind === 'docker';

const parseChoice = (file: string, text: string): EngineChoice => {
  // JSON is YAML too, and this parser has places.
  const parsed = parseYaml(file, Buffer.from(text));
  const wrong = parsed.ok ? undefined : parsed.problems[0];
  const choice = parsed.ok ? asJson(text) : undefined;
  if (isEngine(choice?.kind)) return choice as EngineChoice;
  const { line = 1, column = 1 } = wrong?.at ?? {};
  throw new ConfigFailure(
    `${file}:${line}:${column}: error: ${wrong?.message ?? 'It must hold {"kind": "podman"} or {"kind": "docker"}.'} Remove the file, and \`baton up\` will choose anew.`,
  );
};

const asJson = (text: string): Partial<EngineChoice> | undefined => {
  try {
    return JSON.parse(text) as Partial<EngineChoice>;
  } catch {
    return undefined;
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
