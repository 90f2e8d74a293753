/** The commands port: a person's own command, run at most once for one operation. */
import type { CommandEnd, GuardedCommand } from '../../domain/commands.ts';
import type { OperationId } from '../../domain/names.ts';

export interface Commands {
  /**
   * Runs it to its end in a process group of its own, its output kept in a file as it comes. Asked again, it never starts it a
   * second time: it tells how it ended or, where an earlier try did not see the end, ends what is left of it and says `lost`.
   * @param signal ends it, and rejects.
   */
  run(operation: OperationId, command: GuardedCommand, signal: AbortSignal): Promise<CommandEnd>;
  /** @returns where the program lies; undefined where there is none, or where the directory is none. */
  whereIs(command: Pick<GuardedCommand, 'args' | 'shell' | 'directory'>): Promise<string | undefined>;
}
