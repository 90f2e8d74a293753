/** Unused images. */
import type { CleanupItem, ImageRule } from '../../domain/cleanup.ts';
import {
  decideImages,
  isHeldAncestor,
  titleOf,
  type ImageCandidate,
  type ImageDecision,
  type ImageNeed,
  type KeptTag,
  type KeptTagState,
} from '../../domain/image-holds.ts';
import { formatAge } from '../../domain/size.ts';
import type { ListedImage } from '../ports/engine.ts';
import type { Ports } from '../ports/index.ts';
import { nothing, unlessInUse, type Part } from './part.ts';
import { stackNeeds, type StackNeeds } from './stack-needs.ts';

export const imagesPart: Part = {
  async plan(ports, { cleanup: { images: rule } }, _wish, usage) {
    if (!rule) return nothing('baton.yml says to leave them (images: false)');
    const [{ decisions }, { images: unique }] = [await decided(ports, rule), await usage()];
    const going = decisions.filter(({ reasons }) => reasons.length === 0);
    return {
      remove: going.map(({ image }) => ({
        ...itemOf(ports, image, rule),
        bytes: unique[image.id] ?? image.bytes,
      })),
      kept: decisions.flatMap(({ image, reasons }) =>
        reasons.length === 0 ? [] : [{ title: titleOf(image), reasons: few(reasons), bytes: image.bytes }],
      ),
      notes: [],
    };
  },

  async remove(ports, { id }, { settings }) {
    const rule = settings.cleanup.images;
    if (!rule) return { did: 'kept', reasons: ['baton.yml says otherwise by now'] };
    if (!(await ports.engine.inspectImage(id))) return { did: 'gone' };
    const { decisions, needs } = await decided(ports, rule);
    const decision = decisions.find(({ image }) => image.id === id);
    if (!decision) return { did: 'kept', reasons: ['another image is built on it'] };
    if (decision.reasons.length > 0) return { did: 'kept', reasons: few(decision.reasons) };
    const parents = isHeldAncestor(decision.image, needs) ? 'keep' : 'remove';
    return await unlessInUse(async () => {
      await ports.engine.removeImage(id, { parents });
    });
  },
};

/** One image may have hundreds of reasons. */
const mostReasons = 5;

const few = (reasons: readonly string[]): string[] => {
  const each = [...new Set(reasons)];
  return each.length <= mostReasons
    ? each
    : [...each.slice(0, mostReasons), `and ${each.length - mostReasons} more reasons`];
};

const itemOf = (
  { engineInfo }: Ports,
  image: ImageCandidate,
  { olderThanMs }: ImageRule,
): Omit<CleanupItem, 'part'> => ({
  id: image.id,
  title: image.tags.length > 1 ? `${titleOf(image)} and ${image.tags.length - 1} more tags` : titleOf(image),
  place: engineInfo.rootDirectory,
  rule: `older than ${formatAge(olderThanMs)}`,
});

const decided = async (
  ports: Ports,
  rule: ImageRule,
): Promise<{ decisions: ImageDecision[]; needs: ImageNeed[] }> => {
  // What is needed is read last: what came while the images were listed is in it.
  const candidates = await candidatesOf(ports);
  const stacks = await stackNeeds(ports);
  const needs = [...(await ofContainers(ports)), ...stacks.flatMap(ofStack)];
  const decisions = decideImages(candidates, needs, rule, {
    stateOf: (tag) => stateOf(tag, stacks),
    now: Date.now(),
  });
  return { decisions, needs };
};

const candidatesOf = async (ports: Ports): Promise<ImageCandidate[]> => {
  const images = await ports.engine.listImages();
  const parents = new Map<string, string | undefined>(images.map(({ id, parent }) => [id, parent]));
  return await Promise.all(
    images.map(async (image) => ({
      ...image,
      bytes: image.sizeBytes,
      since: sinceOf(image),
      ancestors: await ancestorsOf(ports, image, parents),
    })),
  );
};

const sinceOf = ({ createdAt, taggedAt }: ListedImage): number =>
  Math.max(Date.parse(createdAt), Date.parse(taggedAt ?? createdAt));

/** Steps of a build are not listed, so they are asked for. */
const ancestorsOf = async (
  { engine }: Ports,
  { parent }: ListedImage,
  known: Map<string, string | undefined>,
): Promise<string[]> => {
  const ancestors: string[] = [];
  for (let next = parent; next !== undefined && !ancestors.includes(next); next = known.get(next)) {
    ancestors.push(next);
    if (!known.has(next)) known.set(next, (await engine.inspectImage(next))?.parent);
  }
  return ancestors;
};

const ofContainers = async ({ engine }: Ports): Promise<ImageNeed[]> =>
  (await engine.listContainers()).map(({ name, imageId, imageName }) => ({
    ids: [imageId],
    references: [imageName],
    who: `container "${name}"`,
  }));

const ofStack = ({ stack, open, needed }: StackNeeds): ImageNeed[] =>
  needed.map(({ id, images, spec }) => ({
    ids: Object.values(images),
    references: spec.services.map(({ image }) => image),
    who: open ? `the operation under way on ${stack}` : `an undo of ${stack} to release ${id}`,
  }));

const stateOf = (tag: KeptTag, stacks: readonly StackNeeds[]): KeptTagState => {
  const own = stacks.find(({ stack }) => stack === tag.stack);
  if (!own || own.history.length === 0) return 'unknown';
  return own.needed.some(({ id }) => id === tag.release) ? 'needed' : 'obsolete';
};
