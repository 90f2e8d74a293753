/** How long an operation needs, for windows that must not close before it is done: as somebody has said, or as measured before. */
import type { Announced } from './operation.ts';
import type { ReleaseRecord } from './release.ts';
import { formatDuration } from './size.ts';

/** @property because where the figure comes from, in words. */
export type Need = { ms: number; because: string };

/** What stacks take changes with their images; older ones tell little. */
const lookedAt = 5;

/**
 * @param saidMs what somebody has said; it counts before what was measured.
 * @param history of the stack. Only what was done is in it; what failed has been as long as its failure took.
 * @returns the longest of the newest of the same kind; `undefined` where none is on record.
 */
export const needOf = (
  { kind }: Pick<Announced, 'kind'>,
  saidMs: number | undefined,
  history: readonly ReleaseRecord[],
): Need | undefined => {
  if (saidMs !== undefined) return { ms: saidMs, because: 'as said' };
  const took = history
    .filter((record) => record.kind === kind)
    .flatMap(({ startedAt, committedAt }) =>
      startedAt === undefined ? [] : [Date.parse(committedAt) - Date.parse(startedAt)],
    )
    .filter((ms) => ms >= 0)
    .slice(-lookedAt);
  if (took.length === 0) return undefined;
  const among = took.length === 1 ? `the last ${kind}` : `the longest of the last ${took.length} ${kind}s`;
  return { ms: Math.max(...took), because: `as ${among} took` };
};

/** Of stacks that come one after the other, at worst. @returns `undefined` where that of one is not known. */
export const needOfAll = (needs: readonly (Need | undefined)[]): Need | undefined => {
  const known = needs.filter((need) => need !== undefined);
  const [only] = known;
  if (!only || known.length < needs.length) return undefined;
  if (known.length === 1) return only;
  return {
    ms: known.reduce((sum, { ms }) => sum + ms, 0),
    because: `as its ${known.length} stacks need one after the other`,
  };
};

/** `12m needed, as the longest of the last 3 deploys took`. */
export const needText = ({ ms, because }: Need): string => `${formatDuration(ms)} needed, ${because}`;

/** Why nothing is known. @param isWhole of an ecosystem. */
export const needUnknown = ({ kind, stack }: Pick<Announced, 'kind' | 'stack'>, isWhole: boolean): string =>
  `how long it takes is not known: no ${kind} of ${isWhole ? `some stack of ${stack}` : stack} is on record`;
