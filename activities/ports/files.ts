/** The files port: configuration outside the containers (`x-baton.files`). */

export type FileState = { content: Buffer; mode: number; uid: number; gid: number };

export interface Files {
  /** @returns undefined where there is no file. */
  read(path: string): Promise<FileState | undefined>;
  isWritable(path: string): Promise<boolean>;
  /** Written beside, flushed, renamed: a reader such as Traefik's file watcher never sees half a file. Directories above are made. */
  replace(
    path: string,
    content: Buffer,
    how: { mode: number; owner?: { uid: number; gid: number } },
  ): Promise<void>;
  /** No-op where it is gone. */
  remove(path: string): Promise<void>;
}
