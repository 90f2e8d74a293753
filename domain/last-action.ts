/** What Baton did last by itself, and whether `baton undo` takes it back. */
import type { Decided } from './decided.ts';
import { stackAt } from './dependency-map.ts';
import { parseStackName, type StackName } from './names.ts';
import type { Playbook } from './playbook.ts';
import type { ReleaseRecord } from './release.ts';

/** The newest action that was carried out to its end. @param decided oldest first. */
export const lastAction = (decided: readonly Decided[]): Ended | undefined =>
  decided
    .flatMap((one) => (one.ended?.outcome === 'done' ? [{ ...one, ended: one.ended }] : []))
    .reduce<Ended | undefined>((last, one) => (last && last.ended.at > one.ended.at ? last : one), undefined);

type Ended = Decided & { ended: NonNullable<Decided['ended']> };

/** Whose release it may have changed. @returns `undefined` for a filesystem. */
export const stackOfAction = ({ proposal }: Pick<Decided, 'proposal'>): StackName | undefined =>
  parseStackName(stackAt(proposal.target));

/**
 * Only a release that it put in another's place, and that is still the last one, can be taken back by an undo.
 * @param history of its stack, oldest first.
 * @returns why not, in words; `undefined` where it can.
 */
export const whyNotUndone = (
  { proposal, at, ended }: Ended,
  history: readonly ReleaseRecord[],
  playbooks: readonly Pick<Playbook, 'name' | 'undo'>[],
): string | undefined => {
  const { playbook, target } = proposal;
  const changed = history.filter(({ committedAt }) => {
    const time = Date.parse(committedAt);
    return time >= at && time <= ended.at;
  });
  const own = changed.findLast(({ kind }) => kind === 'undo');
  if (!own) {
    const how = playbooks.find(({ name }) => name === playbook)?.undo.how ?? 'Its playbook is gone.';
    return `${playbook} on ${target} put no other release in place, so there is none to go back from. ${how}`;
  }
  return own === history.at(-1)
    ? undefined
    : `After ${playbook} on ${target} another release was deployed; an undo would take that back.`;
};
