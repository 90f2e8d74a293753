/** Whether a service runs what the tag of its image names by now: asked of the engine, and of the registry. */
import {
  isValidated,
  missingFor,
  shortDigest,
  updateOf,
  updateText,
  type ImageUpdate,
} from '../domain/image-update.ts';
import {
  isByTag,
  registryImage,
  tagKey,
  type KnownTags,
  type RegistryImage,
  type TaggedImage,
} from '../domain/image-tag.ts';
import { serviceOf } from '../domain/labels.ts';
import { refusal, type Problem } from '../domain/problem.ts';
import { keptReleases, newestReleases, type Release } from '../domain/release.ts';
import type { ServiceSpec } from '../domain/stack.ts';
import { targetText, type Target } from '../domain/target.ts';
import { containersOf } from './containers-of.ts';
import { hasHealthcheck } from './image.ts';
import { readCursor } from './observe/cursor.ts';
import type { ImageState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { runningRelease } from './release.ts';

/** What the tags of a host are known under, in the records. */
export const tagsCursor = 'images';

/** The image that a release has for a service, as its registry knows it. */
type Followed = { image: ImageState; known: RegistryImage };

/** @returns nothing where no tag of a registry names it. */
export const followed = async (
  { engine }: Pick<Ports, 'engine'>,
  { images }: Release,
  service: ServiceSpec,
): Promise<Followed | undefined> => {
  const id = images[service.name];
  const image = isByTag(service) && id !== undefined ? await engine.inspectImage(id) : undefined;
  const known = image && registryImage(service.image, image.repoDigests);
  return known && { image, known };
};

export const updateFor = async (
  ports: Ports,
  { image, known }: Followed,
  release: Release,
  service: ServiceSpec,
  tagged: TaggedImage & { seenAt: number },
): Promise<ImageUpdate | undefined> => {
  // Most of them are current, and their past is nobody's business then.
  if (known.digests.includes(tagged.digest)) return undefined;
  return updateOf(known, tagged, {
    createdAt: Date.parse(image.createdAt),
    seenAt: tagged.seenAt,
    ...(service.changelog === undefined ? {} : { changelog: service.changelog }),
    validated: isValidated(service, release.spec, hasHealthcheck(image)),
    ranBefore: await ranBefore(ports, release, service, tagged.digest),
  });
};

/** Whoever went back from it, by an undo or a deploy, had a reason; as far as its releases are kept. */
const ranBefore = async (
  { engine, memory }: Ports,
  { id, spec }: Release,
  { name, image }: ServiceSpec,
  digest: string,
): Promise<boolean> => {
  const earlier = newestReleases(await memory.history(spec.name)).slice(0, keptReleases);
  for (const one of earlier.filter((other) => other !== id)) {
    const imageId = (await memory.getRelease(spec.name, one))?.images[name];
    const found = imageId === undefined ? undefined : await engine.inspectImage(imageId);
    if (registryImage(image, found?.repoDigests ?? [])?.digests.includes(digest)) return true;
  }
  return false;
};

export type UpdateFound = { update?: ImageUpdate } | { problems: Problem[] };

/**
 * Asked at this moment: an image that the tag names no more may have been withdrawn.
 * @param wish.image digest that was decided on; absent: whatever the tag names.
 * @returns no update where what the tag names runs already.
 */
export const findUpdate = async (
  ports: Ports,
  target: Target & { kind: 'service' },
  wish: { image: string | undefined; olderThanMs: number | undefined },
): Promise<UpdateFound> => {
  const where = targetText(target);
  const release = await runningRelease(ports, target.stack);
  const service = release?.spec.services.find(({ name }) => name === target.service);
  const own = release && service && (await followed(ports, release, service));
  if (!own)
    return refusal(
      'no-tag',
      `No tag of a registry names the image of ${where}: there is nothing to ask for.`,
      `baton status ${target.stack}`,
    );
  const { reference } = own.known;
  if (!(await ports.registry.canAsk()))
    return refusal('no-skopeo', `${reference} cannot be asked for without skopeo.`, installSkopeo);
  const tagged = await askTag(ports, service, reference);
  if ('problems' in tagged) return tagged;
  const update = await updateFor(ports, own, release, service, tagged);
  return update ? allowed(update, release, wish) : {};
};

export const installSkopeo = 'sudo apt-get install skopeo';

const askTag = async (
  ports: Ports,
  service: ServiceSpec,
  reference: string,
): Promise<(TaggedImage & { seenAt: number }) | { problems: Problem[] }> => {
  try {
    const tagged = await ports.registry.tagged(reference, service.platform);
    const known = (await knownTags(ports))[tagKey(service)]?.tagged;
    return { ...tagged, seenAt: known?.digest === tagged.digest ? known.seenAt : Date.now() };
  } catch (error) {
    const next = `skopeo inspect docker://${reference}`;
    return refusal(
      'registry-silent',
      `${reference} could not be asked for: ${(error as Error).message}.`,
      next,
    );
  }
};

export const knownTags = async (ports: Ports): Promise<KnownTags> =>
  ((await readCursor(ports, tagsCursor)) ?? {}) as KnownTags;

const allowed = (
  update: ImageUpdate,
  { spec }: Release,
  { image, olderThanMs }: { image: string | undefined; olderThanMs: number | undefined },
): UpdateFound => {
  if (image !== undefined && image !== update.digest)
    return refusal(
      'image-moved',
      `${update.reference} names ${shortDigest(update.digest)} by now, and ${shortDigest(image)} was decided on.`,
      'baton health',
    );
  const now = Date.now();
  const missing = missingFor(update, olderThanMs, now);
  if (missing.length === 0) return { update };
  const why = `${updateText(update, now)}. It is not updated: ${missing.join(', ')}.`;
  return refusal('not-ready', why, `baton deploy ${spec.file} --pull`);
};

/**
 * How many services of a target do not run what they are to.
 * @param decided digest of the image; absent: what their tags name, as the registry says now.
 */
export const imagesOutdated = async (
  ports: Ports,
  target: Target,
  decided: string | undefined,
): Promise<number | undefined> => {
  if (target.kind === 'filesystem') return undefined;
  const release = await runningRelease(ports, target.stack);
  if (!release) return undefined;
  const containers = await containersOf(
    ports,
    target.stack,
    target.kind === 'service' ? target.service : undefined,
  );
  let outdated = 0;
  for (const { labels, imageId } of containers) {
    const service = release.spec.services.find(({ name }) => name === serviceOf(labels));
    const image = service && isByTag(service) ? await ports.engine.inspectImage(imageId) : undefined;
    const known = image && service && registryImage(service.image, image.repoDigests);
    if (!known) continue;
    const wanted = decided ?? (await digestNow(ports, known.reference, service.platform));
    if (wanted === undefined) return undefined;
    if (!known.digests.includes(wanted)) outdated += 1;
  }
  return outdated;
};

/** What nobody answers is not known, and no figure. */
const digestNow = async (
  { registry }: Ports,
  reference: string,
  platform: string | undefined,
): Promise<string | undefined> => {
  try {
    return (await registry.tagged(reference, platform)).digest;
  } catch {
    return undefined;
  }
};
