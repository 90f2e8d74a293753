/** A `baton.yml` in a directory of its own, for the suite that asks for it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { readBatonFile, type SettingsRead } from '../../compose/baton-file.ts';

type Reading = Parameters<typeof readBatonFile>;

/** Call it where a suite begins. @returns what reads a text as `baton.yml`, and where it stands. */
export const batonYml = (environment: Reading[1] = {}) => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-yml-'));
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });
  return {
    directory: (): string => directory,
    read: async (text: string, reads?: Reading[2]): Promise<SettingsRead> => {
      const file = join(directory, 'baton.yml');
      await writeFile(file, text);
      return await readBatonFile(file, environment, reads);
    },
  };
};
