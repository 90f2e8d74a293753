/** What `baton.yml` lays down for the door, at this moment: it is read again where the file has changed. */
import { stat } from 'node:fs/promises';
import { readBatonFile } from '../compose/baton-file.ts';
import { problemText } from '../domain/problem.ts';
import type { Settings } from '../domain/settings.ts';
import { CommandFailure, exitCode } from './failure.ts';

/** @throws CommandFailure with the first mistake. Who asks decides whether it goes on with what was there before. */
export type DoorSettings = () => Promise<Settings>;

/** @param environment for `${VARIABLE}` below `webhooks`. */
export const openDoorSettings = (file: string, environment: NodeJS.ProcessEnv): DoorSettings => {
  let last: { mark: string; settings: Settings } | undefined;
  return async () => {
    const mark = await markOf(file);
    if (last?.mark === mark) return last.settings;
    const read = await readBatonFile(file, environment, 'webhooks');
    if (!read.ok) {
      const [first] = read.problems;
      throw new CommandFailure(exitCode.usage, first ? problemText(first) : `${file} cannot be read.`);
    }
    last = { mark, settings: read.settings };
    return read.settings;
  };
};

/** What changes when the file does, whether it is written in place or exchanged. */
const markOf = async (file: string): Promise<string> => {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    // It need not be there; where it cannot be read, reading it says so.
    return 'none';
  }
};
