/** How a command fails: a message, what to type next, and an exit code. Caught in `client/main.ts` and nowhere else. */
import type { Problem } from '../domain/problem.ts';

export const exitCode = {
  done: 0,
  failed: 1,
  planHasChanges: 2,
  rolledBack: 3,
  noTemporal: 4,
  needsHuman: 5,
  waiting: 6,
  usage: 64,
  interrupted: 130,
} as const;

export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;
  /** What to do next; a command where there is one. */
  readonly next: string | undefined;
  /** What the message tells, for programs. */
  readonly problems: readonly Problem[] | undefined;
  constructor(
    exitCode: number,
    message: string,
    next?: string,
    { problems, ...options }: ErrorOptions & { problems?: readonly Problem[] } = {},
  ) {
    super(message, options);
    this.exitCode = exitCode;
    this.next = next;
    this.problems = problems;
  }
}
