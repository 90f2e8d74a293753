/**
 * Which images go, and why each of the others stays. Held is what a container was made from, what a release that can be undone
 * to or an open operation was resolved to, and what a tag that any of them names leads to by now.
 */
import type { ImageRule } from './cleanup.ts';
import { matches } from './wildcard.ts';

/** What is known of an image where its end is decided. */
export type ImageCandidate = {
  /** `sha256:…` */
  id: string;
  tags: readonly string[];
  repoDigests: readonly string[];
  bytes: number;
  /** When it was made or, where the engine knows, was last given a tag here. Ms since 1970. */
  since: number;
  /** Ids of the images that it was built on, as far as they are here. */
  ancestors: readonly string[];
};

/** Images that something needs: by id, and by the reference that it was asked for with. */
export type ImageNeed = {
  ids: readonly string[];
  references: readonly string[];
  /** For people: `container "web"`. */
  who: string;
};

/** A tag under which Baton keeps the image of a release. */
export type KeptTag = { stack: string; release: string };
/** What the records say of such a tag. `unknown`: there is no record of the stack, so it may be another's, or the records are lost. */
export type KeptTagState = 'needed' | 'obsolete' | 'unknown';

/** Without a reason to keep it, it is removed. */
export type ImageDecision = { image: ImageCandidate; reasons: string[] };

/**
 * In the order in which they go: those without a tag, those that a registry has, those that may be nowhere else; the oldest first,
 * but none before those that are built on it. What something is built on that stays, stays.
 * @param stateOf what the records say of one of Baton's own tags. @param now ms since 1970.
 */
export const decideImages = (
  images: readonly ImageCandidate[],
  needs: readonly ImageNeed[],
  rule: ImageRule,
  { stateOf, now }: { stateOf: (tag: KeptTag) => KeptTagState; now: number },
): ImageDecision[] => {
  const byCost = [...images].sort(
    (a, b) => costOf(a) - costOf(b) || a.since - b.since || (a.id < b.id ? -1 : 1),
  );
  const decided = byCost.map((image) => ({
    image,
    reasons: [
      ...needs.flatMap((need) => needReason(image, need)),
      ...image.tags.flatMap((tag) => keptTagReason(tag, stateOf)),
      ...ruleReasons(image, rule, now),
    ],
  }));
  const staying = decided.filter(({ reasons }) => reasons.length > 0).map(({ image }) => image);
  const withBuiltOn = decided.map(({ image, reasons }) => ({
    image,
    reasons: [...reasons, ...builtOnIt(image, staying)],
  }));
  return childrenFirst(withBuiltOn);
};

/** Ids of images that are held and may be built on: they must outlive what is built on them. */
export const isHeldAncestor = (
  { ancestors }: Pick<ImageCandidate, 'ancestors'>,
  needs: readonly ImageNeed[],
): boolean => needs.some(({ ids }) => ids.some((id) => ancestors.includes(id)));

const builtOnIt = ({ id }: ImageCandidate, staying: readonly ImageCandidate[]): string[] =>
  staying
    .filter(({ ancestors }) => ancestors.includes(id))
    .slice(0, 1)
    .map((child) => `${titleOf(child)} is built on it`);

const childrenFirst = (decisions: readonly ImageDecision[]): ImageDecision[] => {
  const ordered = new Set<ImageDecision>();
  const add = (decision: ImageDecision): void => {
    for (const other of decisions)
      if (!ordered.has(other) && other.image.ancestors.includes(decision.image.id)) add(other);
    ordered.add(decision);
  };
  for (const decision of decisions) add(decision);
  return [...ordered];
};

/** Its first tag, or the begin of its id. */
export const titleOf = ({ tags, id }: Pick<ImageCandidate, 'tags' | 'id'>): string =>
  tags[0] ?? `image ${id.replace('sha256:', '').slice(0, 12)} without a tag`;

const costOf = ({ tags, repoDigests }: ImageCandidate): number =>
  tags.length === 0 ? 0 : repoDigests.length > 0 ? 1 : 2;

const needReason = (
  { id, tags, repoDigests }: ImageCandidate,
  { ids, references, who }: ImageNeed,
): string[] => {
  if (ids.includes(id)) return [`${who} needs it`];
  const named = [...tags, ...repoDigests].find((own) =>
    references.some((reference) => isSameReference(own, reference)),
  );
  return named === undefined ? [] : [`${who} names its tag ${named}`];
};

const keptTagReason = (tag: string, stateOf: (tag: KeptTag) => KeptTagState): string[] => {
  const kept = parseKeptTag(tag);
  if (!kept) return [];
  switch (stateOf(kept)) {
    case 'needed':
      return [`an undo of ${kept.stack} to release ${kept.release} needs it`];
    case 'unknown':
      return [`it is kept for release ${kept.release} of ${kept.stack}, of which nothing is on record here`];
    case 'obsolete':
      return [];
  }
};

const ruleReasons = (
  image: ImageCandidate,
  { only, keep, olderThanMs }: ImageRule,
  now: number,
): string[] => {
  const named = (patterns: readonly string[]): boolean =>
    image.tags.some((tag) =>
      patterns.some((pattern) => matches(pattern, tag) || matches(pattern, shortOf(tag))),
    );
  return [
    ...(named(keep) ? ['baton.yml says to keep it'] : []),
    ...(only && !named(only) ? ['baton.yml names only others'] : []),
    ...(now - image.since < olderThanMs ? ['it is too new'] : []),
  ];
};

const keptTagPattern = /^localhost\/baton-kept\/(?<stack>[^/]+)\/[^/:]+:(?<release>[0-9a-f]{12})$/;

/** The reverse of `keptTag` in `activities/image.ts`. */
export const parseKeptTag = (tag: string): KeptTag | undefined => {
  const groups = keptTagPattern.exec(tag)?.groups;
  return groups && { ...(groups as KeptTag) };
};

/**
 * Whether two references may lead to the same image. A short name may be one of Docker Hub's, or of any registry that the engine
 * looks through: it counts as the same wherever the end is the same, which keeps rather one image too many.
 */
export const isSameReference = (one: string, other: string): boolean => {
  const [a, b] = [shortOf(one), shortOf(other)];
  if (a === '' || b === '') return false;
  return a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`);
};

/** `docker.io/library/redis` → `redis:latest`; a digest goes before a tag beside it. */
const shortOf = (reference: string): string => {
  const bare = reference.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
  const [name = '', digest] = bare.split('@');
  const colon = name.lastIndexOf(':');
  const untagged = colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
  if (digest !== undefined) return `${untagged}@${digest}`;
  return untagged === name && name !== '' ? `${name}:latest` : name;
};
