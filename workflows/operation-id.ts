/** Ids of operations that workflows begin: drawn from the history, so that a replay draws the same. */
import { uuid4 } from '@temporalio/workflow';
import type { OperationId } from '../domain/names.ts';

/** @returns 8 hex digits, as a command draws them too. */
export const newOperationId = (): OperationId => uuid4().slice(0, 8) as OperationId;
