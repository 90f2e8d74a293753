/** Undo steps, registered before the steps they take back, run in reverse. A failed undo is recorded; the rest still runs. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { Failure } from '../domain/operation.ts';
import type { Operation } from './operation.ts';

type UndoStep = { id: string; title: string; undo: () => Promise<void> };

export class Saga {
  readonly #undoSteps: UndoStep[] = [];
  readonly #operation: Operation;
  /** What is not as it was, in words: failed undo steps, and what verification finds. */
  readonly left: string[] = [];

  constructor(operation: Operation) {
    this.#operation = operation;
  }

  /** Register *before* the step: a crash between the two must find the undo. The undo does nothing where the step never happened. */
  register(id: string, title: string, undo: () => Promise<void>): void {
    this.#undoSteps.push({ id, title, undo });
  }

  /** Runs every undo step, last registered first. What cannot be undone is added to `left`. */
  async unwind(): Promise<void> {
    for (const { id, title, undo } of this.#undoSteps.reverse()) {
      try {
        await this.#operation.step(`undo-${id}`, title, undo, { running: 'undoing', done: 'undone' });
      } catch (error) {
        this.left.push(`${title}: ${reasonOf(error)}`);
      }
    }
  }
}

/** The innermost message: Temporal wraps what an activity threw. */
export const reasonOf = (error: unknown): string =>
  causesOf(error)
    .map(({ message }) => message)
    .at(-1) as string;

/** The error and what it came from, outermost first. */
const causesOf = (error: unknown): Error[] =>
  error instanceof Error ? [error, ...causesOf(error.cause)] : [];

/** The step that failed, why, and the log tail that came with it. */
export const failureOf = (error: unknown, operation: Operation): Failure => {
  const details = causesOf(error).flatMap((cause) =>
    cause instanceof ApplicationFailure ? cause.details : [],
  );
  const told = details.find((detail) => (detail as { logTail?: string } | null)?.logTail !== undefined);
  return {
    step: operation.failedStep ?? 'Operation',
    message: reasonOf(error),
    ...(told as { logTail: string } | undefined),
  };
};
