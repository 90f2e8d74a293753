/** What can be asked of a running operation, from `baton`, from the Web UI, or from another system. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { StackName } from '../domain/names.ts';
import type { BatonEvent } from '../domain/event.ts';
import { answerKinds, type Answer } from '../domain/gate.ts';
import type { HeldBack, Hold, HoldState, Release } from '../domain/hold.ts';
import type { AnyPlan } from '../domain/action.ts';
import type { Progress } from '../domain/operation.ts';

export const progressQuery = defineQuery<Progress>('progress');
export const planQuery = defineQuery<AnyPlan | undefined>('plan');
/** Stop and put everything back. The caller of the update is told whether that is still possible. */
export const rollBackUpdate = defineUpdate<string, [reason: string]>('rollBack');
export const rollBackSignal = defineSignal<[reason: string]>('requestRollBack');
/** To a guarded command that failed and is held: leave everything as it is. */
export const keepUpdate = defineUpdate<string, [reason: string]>('keep');
export const keepSignal = defineSignal<[reason: string]>('requestKeep');
/** To an operation that waits for people or for its hour: the update tells what came of it, the signal does not. */
export const answerUpdates = answerKinds.map((kind) => ({
  kind,
  update: defineUpdate<string, [Answer]>(kind),
}));
export const answerSignals = answerKinds.map((kind) => ({
  kind,
  signal: defineSignal<[Answer]>(`request${kind.charAt(0).toUpperCase()}${kind.slice(1)}`),
}));
/** To a stack of an ecosystem that waits: all of them are healthy. */
export const commitSignal = defineSignal('commit');
/** From a stack to its ecosystem. */
export const memberReadySignal = defineSignal<[stack: StackName]>('memberReady');
/** To a host's hold: hold it on; it was held back; end it. */
export const holdQuery = defineQuery<HoldState>('hold');
export const holdUpdate = defineUpdate<string, [Hold]>('hold');
export const holdSignal = defineSignal<[Hold]>('requestHold');
export const heldBackSignal = defineSignal<[HeldBack]>('heldBack');
export const releaseUpdate = defineUpdate<string, [Release]>('release');
export const releaseSignal = defineSignal<[Release]>('requestRelease');
/** From a hold that has ended, to what waits for that. */
export const releasedSignal = defineSignal('released');
/** To what tells people through one channel: this too. */
export const tellSignal = defineSignal<[event: BatonEvent]>('tell');
