/** What is wrong with an input or a plan, said so that a person can mend it. Problems are values; nothing is thrown for them. */
import type { Location } from './stack.ts';

export type Problem = {
  severity: 'error' | 'warning';
  /** Stable, kebab-case: `unknown-key`, `port-taken`. */
  code: string;
  /** What is wrong, on which thing, with which values. One sentence or two. */
  message: string;
  at?: Location;
  /** What to do next; a command where there is one. */
  next?: string;
};

export const isError = (problem: Problem): boolean => problem.severity === 'error';

/** `stacks/photos.yml:14:5`, as compilers and editors write it. */
export const formatLocation = (at: Location): string => `${at.file}:${at.line}:${at.column}`;

/** What is wrong, after the place where it is. */
export const problemText = ({ at, message }: Pick<Problem, 'at' | 'message'>): string =>
  at ? `${formatLocation(at)}: ${message}` : message;

/** What is answered to what cannot be begun. */
export const refusal = (code: string, message: string, next: string): { problems: Problem[] } => ({
  problems: [{ severity: 'error', code, message: `${message} Nothing was changed.`, next }],
});
