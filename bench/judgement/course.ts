/** The course of an action in a simulated year: it waits, is carried out, helps or does not, and is measured. */
import type { Decided } from '../../domain/decided.ts';
import type { OperationId } from '../../domain/names.ts';
import type { ActionOutcome } from '../../domain/outcome.ts';
import { goesAway, goesWrong, isOver, later, recordOf, type Life, type Place } from './life.ts';
import { againAfterMs, dayMs, hourMs } from './troubles.ts';

type Begun = Decided & { action: NonNullable<Decided['action']> };

/** What a person mends who saw that it did not help. */
const mendedMs = 6 * hourMs;
const answeredMs = hourMs;

export const begin = (life: Life, one: Begun, place: Place, takesMs: number): void => {
  life.decided.push(one);
  recordOf(life, one.proposal.playbook).decided.push(one);
  life.open.set(one.action.operation, one.proposal);
  later(life, waitMs(life, one, place), () => {
    const took = place.random.between(0.2, 0.8) * takesMs;
    // What went away meanwhile leaves nothing to do.
    if (!place.spell) later(life, took, () => isDone(life, one, 'unchanged'));
    else carryOut(life, one, place, took);
  });
};

/** Everybody says yes: within hours, and at night (23 to 7) after it. */
const waitMs = ({ now }: Life, { decision, action }: Begun, { random }: Place): number => {
  if (decision.answer !== 'ask') return Math.max(0, (action.startsAt ?? now) - now);
  const hour = (now % dayMs) / hourMs;
  const asleepMs = (hour >= 23 ? 31 - hour : Math.max(0, 7 - hour)) * hourMs;
  return asleepMs + random.exponential(answeredMs);
};

const isDone = (life: Life, one: Decided, outcome: NonNullable<Decided['ended']>['outcome']): void => {
  one.ended = { at: life.now, outcome };
  if (one.action) life.open.delete(one.action.operation);
};

/** How it may not help: a step fails, it looks no better at its end, or what it mended is back within a day. */
const failures = [
  { how: 'fails', share: 0.4 },
  { how: 'no better', share: 0.35 },
  { how: 'comes back', share: 0.25 },
] as const;

type Fate = 'helps' | (typeof failures)[number]['how'];

const fateOf = (chance: number, { random }: Place): Fate => {
  if (random.chance(chance)) return 'helps';
  let left = random.next();
  return failures.find(({ share }) => (left -= share) < 0)?.how ?? 'comes back';
};

const carryOut = (life: Life, one: Begun, place: Place, took: number): void => {
  const { operation } = one.action;
  const chance = place.chanceOf(one.proposal.playbook, new Date(life.now).getUTCMonth() + 1);
  life.chances.set(operation, chance);
  const fate = fateOf(chance, place);
  goesAway(life, place, Infinity);
  later(life, took, () => {
    isDone(life, one, fate === 'fails' ? 'rolled-back' : 'done');
    const backMs = becomes(life, place, fate);
    if (fate === 'fails') return learn(life, outcomeOf(one, operation, life.now, { failed: true }));
    learn(life, outcomeOf(one, operation, life.now, {}));
    for (const afterMs of [0, ...againAfterMs])
      later(life, afterMs, () => measure(life, operation, afterMs, afterMs < backMs));
  });
};

/** What becomes of the place. @returns for how long it is as it should be, ms. */
const becomes = (life: Life, place: Place, fate: Fate): number => {
  const { random } = place;
  switch (fate) {
    case 'helps':
      isOver(life, place);
      return Infinity;
    case 'fails':
    case 'no better':
      goesAway(life, place, random.exponential(mendedMs));
      return 0;
    case 'comes back': {
      const backMs = random.scale((againAfterMs[0] ?? 0) / 2, 0.95 * dayMs);
      delete place.spell;
      // It is there when it is measured, unless another action is faster: then it was done again.
      later(life, backMs, () => goesWrong(life, place, dayMs + random.exponential(mendedMs)));
      return backMs;
    }
  }
};

const outcomeOf = (
  { proposal: { playbook, target, cause } }: Decided,
  operation: OperationId,
  endedAt: number,
  { failed = false },
): ActionOutcome => ({ operation, playbook, target, cause, endedAt, failed, measurements: [] });

const measure = (life: Life, operation: OperationId, afterMs: number, held: boolean): void => {
  const outcome = life.outcomes.find((one) => one.operation === operation);
  if (!outcome) return;
  outcome.measurements.push({ afterMs, at: life.now, held });
  delete life.cap;
};

const learn = (life: Life, outcome: ActionOutcome): void => {
  life.outcomes.push(outcome);
  recordOf(life, outcome.playbook).outcomes.push(outcome);
  delete life.cap;
};
