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

/** `12m needed, as the longest of the last 3 deploys took`. */
export const needText = ({ ms, because }: Need): string => `${formatDuration(ms)} needed, ${because}`;

/** Why nothing is known. */
export const needUnknown = ({ kind, stack }: Pick<Announced, 'kind' | 'stack'>): string =>
  `how long it takes is not known: no ${kind} of ${stack} is on record`;
