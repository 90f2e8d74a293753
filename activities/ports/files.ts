/** The files port: configuration outside the containers (`x-baton.files`). */
import type { OperationId } from '../../domain/names.ts';

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
  /**
   * Keeps the file as it is, beside itself, so that putting it back takes no space. Asked again, it does nothing.
   * @returns false where there is no file.
   */
  keep(path: string, operation: OperationId): Promise<boolean>;
  /** The kept file, the very same, is at its path again. No-op where none is kept any more. */
  putBack(path: string, operation: OperationId): Promise<void>;
  /** Nothing needs the kept file any more. No-op where it is gone. */
  dropKept(path: string, operation: OperationId): Promise<void>;
}
