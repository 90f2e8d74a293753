/** Which decision stands on a matter: so that what was seen twice is decided once, and what was answered is not asked again. */
import type { Decided } from './decided.ts';
import type { Proposal } from './decision.ts';

/** A playbook, on a target, because of something. */
type Matter = Pick<Proposal, 'playbook' | 'target' | 'cause'>;

const isOf =
  ({ playbook, target, cause }: Matter) =>
  ({ proposal }: Decided): boolean =>
    proposal.playbook === playbook && proposal.target === target && proposal.cause === cause;

/** A no is good for a week, until what it was about is another incident, or until a person says that they have looked. A guess. */
const answerStandsMs = 7 * 24 * 3_600_000;

/** Those of which something was begun, oldest first. */
export const actionsOn = (matter: Matter, decided: readonly Decided[]): Decided[] =>
  decided
    .filter((one) => one.action !== undefined)
    .filter(isOf(matter))
    .sort((a, b) => a.at - b.at);

/**
 * Whether it was decided on, and that stands: its action waits or runs, or a person said no, or nobody said anything.
 * @param underWay whether the action of a decision that has no end yet is still there.
 * @param lookedAt when a person last looked at its playbook on its target, ms since the epoch.
 */
export const stands = (
  proposal: Proposal,
  decided: readonly Decided[],
  now: number,
  underWay: (one: Decided) => boolean,
  lookedAt = Number.NEGATIVE_INFINITY,
): boolean => {
  const last = actionsOn(proposal, decided).at(-1);
  if (!last) return false;
  if (!last.ended) return underWay(last);
  if (last.ended.outcome !== 'not-approved' || last.ended.at < lookedAt) return false;
  return last.proposal.id === proposal.id && now - last.ended.at < answerStandsMs;
};

/** When its playbook may be tried there again, ms since the epoch. What was not begun cools nothing down. */
export const coolDownEnd = (
  matter: Pick<Matter, 'playbook' | 'target'>,
  decided: readonly Decided[],
  cooldownMs: number,
): number | undefined => {
  const ends = decided
    .filter(({ proposal }) => proposal.playbook === matter.playbook && proposal.target === matter.target)
    .flatMap(({ action, ended, at }) => (action && ended?.why === undefined ? [ended?.at ?? at] : []));
  return ends.length > 0 ? Math.max(...ends) + cooldownMs : undefined;
};
