/** What differs between kinds of databases: how they are asked, dumped, checked and restored. Each is a table of scripts. */
import type { DumpManifest, DumpPart } from '../../domain/dump.ts';
import type { Inside } from './inside.ts';

export type Dumped = Pick<DumpManifest, 'parts' | 'server' | 'contents'>;

export type DumpSource = {
  manifest: DumpManifest;
  pathOf: (part: DumpPart) => string;
};

export interface DatabaseTool {
  /** See {@link Inside.prelude}. */
  prelude: string;
  /** Bytes that it holds. Rejects with why, where it could not be dumped. Reads only. */
  size(inside: Inside): Promise<number>;
  /** Writes each part into the directory and checks it. What it held is told by the same moment as the parts, or it rejects. */
  dump(inside: Inside, directory: string): Promise<Dumped>;
  /** False while a server only makes itself. @param server of the manifest */
  isReady(inside: Inside, server: string): Promise<boolean>;
  /** Into a server that has just made itself, empty. @param restart stops and starts it, and waits until it is ready */
  restore(inside: Inside, source: DumpSource, restart: () => Promise<void>): Promise<void>;
  /** @returns what is not as the dump has it, in words. */
  differences(inside: Inside, manifest: DumpManifest): Promise<string[]>;
  /** Absent where it tends itself. */
  maintenance?: DatabaseMaintenance;
}

export type DatabaseMaintenance = {
  /** Every row is kept. @param indexes whether they are built anew, too. */
  run: (inside: Inside, indexes: boolean) => Promise<void>;
  /** Ends what an earlier `run` left working in the server. */
  end: (inside: Inside) => Promise<void>;
  /** Share of the rows that were replaced or deleted, and whose room is not free again, in percent. Reads only. */
  deadPercent: (inside: Inside) => Promise<number>;
};
