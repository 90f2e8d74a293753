/**
 * Confidence: the chance that a playbook, on a target, reaches its own measured success. Nothing but outcomes goes into it, and how
 * it came about can be shown.
 */
import { helped, type ActionOutcome } from './outcome.ts';

/** What is about to be done, and what it stands on. */
export type Attempt = Pick<ActionOutcome, 'playbook' | 'target' | 'cause'> & {
  /** How far the forecast or the diagnosis that it stands on can be relied on, 0 to 1, by its own record. */
  reliability: number;
};

/** Outcomes, each by the weight that its age leaves it. */
export type Tally = { helped: number; of: number };

export type Confidence = {
  /** 0 to 1. */
  value: number;
  /** Of the same playbook, target and cause. */
  own: Tally;
  /** Of the same playbook elsewhere, or for another cause. */
  wider: Tally;
  /** As what the wider ones were counted. */
  lent: Tally;
  reliability: number;
};

/** A machine changes: an outcome counts half after half a year. A guess, for want of a record of records. */
const halfLifeMs = 182 * 24 * 3_600_000;

/**
 * All that is known from elsewhere counts as no more than so many outcomes of its own. A bound on a power prior (Ibrahim and Chen,
 * 2000, "Power prior distributions for regression models"). A guess.
 */
const mostLent = 4;

/** Laplace's rule adds so many outcomes that nobody saw. */
const unseen = 2;

/**
 * Laplace's rule of succession: (successes + 1) / (trials + 2). 15 of 15 gives 94 %, 0 of 0 gives 50 %.
 * @param chance of the unseen: even where nothing is known. Where the playbook has a record elsewhere it is what that record comes
 * to by the same rule (a beta prior with that mean; Efron and Morris, 1973, "Stein's estimation rule and its competitors"); an even
 * chance would go on pulling down what is known to help.
 */
const laplace = ({ helped: successes, of }: Tally, chance = 1 / 2): number =>
  (successes + unseen * chance) / (of + unseen);

/** Here, with what is lent from elsewhere. */
const pooled = ({ own, wider, lent }: Pick<Confidence, 'own' | 'wider' | 'lent'>): number =>
  laplace({ helped: own.helped + lent.helped, of: own.of + lent.of }, laplace(wider));

/** @param now ms since the epoch. */
export const confidenceIn = (
  attempt: Attempt,
  outcomes: readonly ActionOutcome[],
  now: number,
): Confidence => {
  const same = outcomes.filter(({ playbook }) => playbook === attempt.playbook);
  const isOwn = ({ target, cause }: ActionOutcome): boolean =>
    target === attempt.target && cause === attempt.cause;
  const own = tally(same.filter(isOwn), now);
  const wider = tally(
    same.filter((one) => !isOwn(one)),
    now,
  );
  const lent = scale(wider, wider.of > mostLent ? mostLent / wider.of : 1);
  const chance = pooled({ own, wider, lent });
  return { value: chance * attempt.reliability, own, wider, lent, reliability: attempt.reliability };
};

const tally = (outcomes: readonly ActionOutcome[], now: number): Tally =>
  outcomes.reduce<Tally>(
    (sum, outcome) => {
      const verdict = helped(outcome);
      if (verdict === undefined) return sum;
      const weight = 2 ** (-Math.max(0, now - outcome.endedAt) / halfLifeMs);
      return { helped: sum.helped + (verdict ? weight : 0), of: sum.of + weight };
    },
    { helped: 0, of: 0 },
  );

const scale = ({ helped: successes, of }: Tally, by: number): Tally => ({
  helped: successes * by,
  of: of * by,
});

/**
 * `75 %: (14.2 of 15.0 here + 3.2 of 4.0 lent from 21.3 elsewhere + 2 × 78 %) / (19.0 + 2) = 90 %, times 83 % for what it stands on`;
 * without a record elsewhere `(14.2 of 15.0 here + 1) / (15.0 + 2)`.
 */
export const confidenceText = ({ value, own, wider, lent, reliability }: Confidence): string => {
  const here = `${figure(own.helped)} of ${figure(own.of)} here`;
  const elsewhere =
    wider.of > 0
      ? `${figure(lent.helped)} of ${figure(lent.of)} lent from ${figure(wider.of)} elsewhere + ${unseen} × ${percent(laplace(wider))}`
      : '1';
  const chance = `(${here} + ${elsewhere}) / (${figure(own.of + lent.of)} + ${unseen}) = ${percent(pooled({ own, wider, lent }))}`;
  return reliability === 1
    ? `${percent(value)}: ${chance}`
    : `${percent(value)}: ${chance}, times ${percent(reliability)} for what it stands on`;
};

const figure = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));

/** Rounded down: 94.9 % must not read as the 95 % that it has not reached. */
export const percent = (share: number): string => `${Math.floor(share * 100 + 1e-9)} %`;
