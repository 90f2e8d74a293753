/** The disk port: how full filesystems are, what is old below a path, and the system's journal. */
import type { DiskUsage } from '../../domain/cleanup-target.ts';
import type { JournalRule } from '../../domain/cleanup.ts';

/** What of a directory is too old. */
export type Sweep = {
  root: string;
  /** By the later of mtime and ctime: what was just unpacked, moved or changed in any way is new. */
  olderThanMs: number;
  /** Only files of these names, and no directories; absent: everything. */
  names?: readonly string[];
  /** Names, or paths below the root, that stay with all that is in them; `*` stands for anything. */
  keep: readonly string[];
  /** For people: why these stay. */
  keepWhy: string;
};

/** What was found, or removed. */
export type Swept = {
  files: number;
  /** Of blocks; of a file with several names none, because the others keep it. */
  bytes: number;
  /** How many things stay, by the reason. */
  left: Record<string, number>;
  /** What resisted: the first of them, and how many there were in all. */
  failed: string[];
  failures: number;
};

/** What is kept of the system's journal. */
export type JournalState =
  | { here: false; why: string }
  | { here: true; directories: string[]; bytes: number; archived: { bytes: number; from: number }[] };

/** Directories of Baton's own. */
export type Places = {
  /** State, cache and configuration. */
  own: readonly string[];
  /** Of operations, one each, with what their commands printed. */
  operations: string;
  /** What its processes print. */
  logs: string;
};

export interface Disk {
  readonly places: Places;
  /** @returns undefined where nothing is at that path. @param settle whether to wait a while for what is being freed. */
  usage(path: string, settle: boolean): Promise<DiskUsage | undefined>;
  /** The path with every link followed; undefined where nothing is there. */
  realPath(path: string): Promise<string | undefined>;
  /** Home directories of this host's users. */
  homes(): Promise<string[]>;
  /** Read-only. Nothing where the root is not there. */
  findOld(sweep: Sweep, signal?: AbortSignal): Promise<Swept>;
  /**
   * Removes what {@link findOld} finds, each looked at again at that moment through its directory's descriptor: never through a
   * link, never on another filesystem, never what a process has open. Asked to stop, it stops after the file that it is at.
   */
  removeOld(sweep: Sweep, signal?: AbortSignal): Promise<Swept>;
  /** @param directory of another one than the system's. */
  journal(directory?: string): Promise<JournalState>;
  /** Removes archived files of the journal until the rule holds. What is written to is never touched. */
  vacuumJournal(rule: JournalRule): Promise<void>;
}
