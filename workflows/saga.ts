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
export const reasonOf = (error: unknown): string => {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return current instanceof Error ? current.message : String(current);
};

/** The step that failed, why, and the log tail that came with it. */
export const failureOf = (error: unknown, operation: Operation): Failure => {
  let current = error;
  let logTail: string | undefined;
  while (current instanceof Error) {
    const details =
      current instanceof ApplicationFailure
        ? (current.details?.[0] as { logTail?: string } | undefined)
        : undefined;
    logTail ??= details?.logTail;
    current = current.cause;
  }
  return {
    step: operation.failedStep ?? 'Operation',
    message: reasonOf(error),
    ...(logTail === undefined ? {} : { logTail }),
  };
};
