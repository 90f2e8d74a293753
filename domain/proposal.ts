/** Proposals: occasions on which a playbook applies, with what it may disturb, as a decision is made on them. */
import type { Proposal } from './decision.ts';
import { stackAt } from './dependency-map.ts';
import { reachableFrom, reversed, type Graph } from './graph.ts';
import { isOpen, type Cause } from './incident.ts';
import type { Occasion } from './playbook.ts';
import { isAt } from './target.ts';

/**
 * What is open at a place, and since when, is part of its id, so that what comes back is proposed again. What is only forecast has
 * no beginning: it is proposed once a day.
 */
export const proposalOf = (
  { reliability: _reliability, ...occasion }: Occasion,
  { causes, needs, now }: { causes: readonly Cause[]; needs: Graph<string>; now: number },
): Proposal => {
  const { playbook, target, cause, image } = occasion;
  const incident = causes
    .flatMap((one) => [one.incident, ...one.effects])
    .find((one) => one.what === cause && isAt(target, one.where) && isOpen(one));
  const since = new Date(incident?.openedAt ?? now).toISOString();
  return {
    ...occasion,
    // What is said of one image is not said of the next.
    id: [
      playbook,
      target,
      cause,
      incident ? since : since.slice(0, 'YYYY-MM-DD'.length),
      ...(image ? [image] : []),
    ].join(' '),
    touches: [target, ...servicesOf(target, needs), ...dependentsOf(target, needs)],
  };
};

/** What needs nothing is named only where others need it; it is a place all the same. */
export const withEveryPlace = (needs: Graph<string>): Graph<string> =>
  new Map([...[...needs.values()].flat().map((place) => [place, []] as const), ...needs]);

/** Of a stack. */
const servicesOf = (target: string, needs: Graph<string>): string[] =>
  [...needs.keys()].filter((place) => place.startsWith(`${target}/`));

/** What needs the target, directly or through others; without the stacks that stand for their own services. */
export const dependentsOf = (target: string, needs: Graph<string>): string[] =>
  [...reachableFrom(reversed(needs), [target])].filter(
    (place) => place !== target && stackAt(target) !== place,
  );

/** @returns how many services depend on it; `unknown` where the target is no place that is known. */
export const countDependents = (target: string, needs: Graph<string>): number | 'unknown' =>
  needs.has(target)
    ? dependentsOf(target, needs).filter((place) => stackAt(place) !== place).length
    : 'unknown';
