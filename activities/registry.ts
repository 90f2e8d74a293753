/** The registry port through skopeo(1), which asks with the logins that the worker's user has, and pulls nothing. */
import { execa } from 'execa';
import { parseTagged } from '../domain/image-tag.ts';
import { cut } from '../domain/lines.ts';
import type { Commands } from './ports/commands.ts';
import type { Registry } from './ports/registry.ts';

/** Three answers of a registry far away, with a login before; the look waits for twice as long. */
const patienceMs = 10_000;

export const openRegistry = ({ whereIs }: Pick<Commands, 'whereIs'>): Registry => ({
  canAsk: async () => (await whereIs({ args: ['skopeo'], shell: false, directory: '/' })) !== undefined,

  async tagged(reference, platform) {
    const answer = await execa(
      'skopeo',
      // Without the list of all tags, which is long, and counted.
      [...overrides(platform), 'inspect', '--no-tags', `docker://${reference}`],
      { reject: false, stdin: 'ignore', timeout: patienceMs, env: { LC_ALL: 'C' } },
    );
    if (answer.timedOut) throw new Error(`no answer within ${patienceMs / 1_000} s`);
    if (answer.exitCode !== 0) throw new Error(reasonIn(answer.stderr) || String(answer.shortMessage));
    const tagged = parseTagged(answer.stdout);
    if (!tagged) throw new Error('what skopeo answers names no digest');
    return tagged;
  },
});

/** `linux/arm/v7` */
const overrides = (platform: string | undefined): string[] => {
  const parts = platform?.split('/') ?? [];
  return ['os', 'arch', 'variant'].flatMap((name, index) =>
    parts[index] === undefined ? [] : [`--override-${name}=${parts[index]}`],
  );
};

const longestReason = 200;

/** `time="…" level=fatal msg="Error parsing image name \"docker://…\": reading manifest 2: manifest unknown"`: what follows the name. */
const reasonIn = (stderr: string): string => {
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const said = (/ msg="(.*)"$/.exec(last)?.[1] ?? last).replaceAll('\\"', '"');
  return cut(said.replace(/^Error parsing image name "[^"]*": /, ''), longestReason);
};
