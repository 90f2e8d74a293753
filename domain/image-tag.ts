/** Tags of images: which a registry may be asked about, what it says of them, and how seldom it is asked. */
import { isSameReference } from './image-holds.ts';
import type { ServiceSpec } from './stack.ts';

/** What a registry says of a tag. */
export type TaggedImage = {
  /** `sha256:…`, of the manifest, or of the list of those of several platforms. */
  digest: string;
  /** When it was built, by its own account, ms since the epoch. */
  createdAt?: number;
  /** Where its changes are told, by its own account. */
  changelog?: string;
};

/** The image that runs, as its registry knows it. */
export type RegistryImage = {
  /** With the tag: `docker.io/library/nginx:1.27`. */
  reference: string;
  /** Whichever of them the tag has: it is the same image. */
  digests: string[];
};

/** Whether its image is what a tag of a registry named; what is built here, or given by a digest, has no update. */
export const isByTag = ({ image, build, pullPolicy }: Pick<ServiceSpec, 'image' | 'build' | 'pullPolicy'>) =>
  build === undefined &&
  pullPolicy !== 'never' &&
  pullPolicy !== 'build' &&
  !image.includes('@') &&
  !/^(?:localhost\/|sha256:)/.test(image);

const tagOf = (reference: string): string => /:([^/:]+)$/.exec(reference)?.[1] ?? 'latest';

/** What may be handed to a tool: a name of a registry, and a tag. The engine's answer is no more trusted than a file. */
const referencePattern = /^[a-z0-9][a-z0-9._/:[\]-]{0,255}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

/**
 * @param repoDigests as the engine tells them: `docker.io/library/nginx@sha256:…`.
 * @returns nothing where the image is only on this machine.
 */
export const registryImage = (
  reference: string,
  repoDigests: readonly string[],
): RegistryImage | undefined => {
  const own = repoDigests.flatMap((one) => {
    const [name = '', digest = ''] = one.split('@');
    const asked = `${name}:${tagOf(reference)}`;
    const isIts = isSameReference(asked, reference) && !name.startsWith('localhost/');
    return isIts && referencePattern.test(asked) && digestPattern.test(digest) ? [{ asked, digest }] : [];
  });
  const [first] = own;
  return first
    ? { reference: first.asked, digests: own.map(({ digest }) => digest) }
    : keptImage(reference, repoDigests);
};

/**
 * Podman knows an image by the names that it has now. One that lost its own to a newer image has only that under which Baton keeps it;
 * whose it was, a reference tells that names its registry.
 */
const keptImage = (reference: string, repoDigests: readonly string[]): RegistryImage | undefined => {
  const digests = repoDigests.flatMap((one) => {
    const [name = '', digest = ''] = one.split('@');
    return name.startsWith('localhost/baton-kept/') && digestPattern.test(digest) ? [digest] : [];
  });
  const tag = tagOf(reference);
  const asked = reference.endsWith(`:${tag}`) ? reference : `${reference}:${tag}`;
  const namesRegistry = /^[^/]*[.:][^/]*\//.test(reference) && referencePattern.test(asked);
  return namesRegistry && digests.length > 0 ? { reference: asked, digests } : undefined;
};

/** @param json as skopeo-inspect(1) writes it. @returns nothing where it is something else. */
export const parseTagged = (json: string): TaggedImage | undefined => {
  const { Digest, Created, Labels } = JSON.parse(json) as Record<string, unknown>;
  if (typeof Digest !== 'string' || !digestPattern.test(Digest)) return undefined;
  const createdAt = typeof Created === 'string' ? Date.parse(Created) : Number.NaN;
  const changelog = changelogIn((Labels ?? {}) as Record<string, unknown>);
  return {
    digest: Digest,
    ...(Number.isFinite(createdAt) ? { createdAt } : {}),
    ...(changelog === undefined ? {} : { changelog }),
  };
};

/** Of the labels that the OCI's image specification gives a meaning to, the nearest to a changelog first. */
const changelogLabels = ['source', 'url', 'documentation'].map((key) => `org.opencontainers.image.${key}`);

const changelogIn = (labels: Record<string, unknown>): string | undefined =>
  changelogLabels
    .map((key) => labels[key])
    .find((value): value is string => typeof value === 'string' && isLink(value));

/** It stands in messages and on pages: an address, and nothing beside it. */
export const isLink = (text: string): boolean => /^https?:\/\/[^\s\p{C}"'<>`\\]{1,300}$/u.test(text);

/** What it is known by: for another platform a tag may name another image. */
export const tagKey = ({ image, platform }: Pick<ServiceSpec, 'image' | 'platform'>): string =>
  platform === undefined ? image : `${image} ${platform}`;

/** What is known of a tag, and since when; times are ms since the epoch. */
export type KnownTag = {
  askedAt: number;
  /** Why it could not be asked the last time; what was known before is kept. */
  why?: string;
  tagged?: TaggedImage & { seenAt: number };
  /** Ids of images on this machine that it names. */
  current: string[];
};

/** By {@link tagKey}. */
export type KnownTags = Readonly<Record<string, KnownTag>>;

const hourMs = 3_600_000;
/** Registries count what is asked without a login: Docker Hub allowed 100 an hour when this was written, and one answer may count twice. */
const mostAtOnce = 3;
const askAfterMs = 6 * hourMs;
const tryAgainAfterMs = hourMs;

/** Tags to ask for now: those never asked first, then those asked longest ago. */
export const dueTags = (tags: readonly string[], known: KnownTags, now: number): string[] => {
  const askedAt = (tag: string): number => known[tag]?.askedAt ?? 0;
  return tags
    .filter((tag) => now - askedAt(tag) >= (known[tag]?.why === undefined ? askAfterMs : tryAgainAfterMs))
    .sort((a, b) => askedAt(a) - askedAt(b))
    .slice(0, mostAtOnce);
};

/** After it was asked. @param answer the image; `undefined` where it is none of a registry. */
export const knownTag = (
  before: KnownTag | undefined,
  answer: TaggedImage | undefined | { why: string },
  now: number,
): KnownTag => {
  if (answer && 'why' in answer) return { current: [], ...before, askedAt: now, why: answer.why };
  if (!answer) return { askedAt: now, current: [] };
  const isSame = before?.tagged?.digest === answer.digest;
  return {
    askedAt: now,
    tagged: { ...answer, seenAt: isSame ? (before.tagged?.seenAt ?? now) : now },
    current: isSame ? before.current : [],
  };
};
