/** Tags of images that name another image by now. A few are asked in each look, each every few hours; the rest is what was answered then. */
import { isDeepStrictEqual } from 'node:util';
import { placeOf } from '../../domain/dependency-map.ts';
import { dueTags, isByTag, knownTag, tagKey, type KnownTag, type KnownTags } from '../../domain/image-tag.ts';
import { imageOutdated, leastAgeMs, updateFinding, type ImageUpdate } from '../../domain/image-update.ts';
import type { Finding } from '../../domain/incident.ts';
import type { NotHere, Seen } from '../../domain/look.ts';
import type { Release } from '../../domain/release.ts';
import type { ServiceSpec } from '../../domain/stack.ts';
import { followed, installSkopeo, knownTags, updateFor } from '../image-update.ts';
import type { Ports } from '../ports/index.ts';
import type { Source } from './source.ts';

/** A service whose image is given by a tag. */
type Tagged = { place: string; tag: string; release: Release; service: ServiceSpec };

const see: Source['see'] = async ({ ports, at, recorded }): Promise<Seen | NotHere> => {
  const services = (await recorded()).flatMap(({ release }) => taggedIn(release));
  if (services.length === 0) return { notHere: 'no image is given by a tag of a registry' };
  if (!(await ports.registry.canAsk()))
    return { notHere: `nobody can be asked without skopeo: ${installSkopeo}` };
  const known = await knownTags(ports);
  const asked = await askDue(ports, services, known, at);
  const tags = Object.fromEntries(
    services.flatMap(({ tag }) => {
      const one = asked[tag] ?? known[tag];
      return one ? [[tag, one] as const] : [];
    }),
  );
  const seen = await Promise.all(services.map(async (one) => await seeOne(ports, one, tags[one.tag])));
  const next = withCurrent(tags, services, seen);
  const silent = [...new Set(seen.flatMap(({ unknown }) => unknown ?? []))];
  return {
    samples: [],
    findings: await findingsOf(ports, services, seen, at),
    needs: {},
    whole: seen.every(({ isKnown }) => isKnown) ? [imageOutdated] : [],
    ...(isDeepStrictEqual(next, known) ? {} : { cursor: next }),
    ...(silent.length > 0 ? { unknown: silent } : {}),
  };
};

/** Whatever was asked six hours ago is asked again; half a day later it is not known any more. */
export const images: Source = { see, withinMs: 20_000, freshForMs: 12 * 3_600_000 };

const taggedIn = (release: Release): Tagged[] =>
  release.spec.services.filter(isByTag).map((service) => ({
    place: placeOf(release.spec.name, service.name),
    tag: tagKey(service),
    release,
    service,
  }));

const askDue = async (
  ports: Ports,
  services: readonly Tagged[],
  known: KnownTags,
  at: number,
): Promise<KnownTags> => {
  const due = dueTags([...new Set(services.map(({ tag }) => tag))], known, at);
  const asked = due.flatMap((tag) => services.find((one) => one.tag === tag) ?? []);
  return Object.fromEntries(
    await Promise.all(
      asked.map(async (one) => [one.tag, knownTag(known[one.tag], await answerFor(ports, one), at)] as const),
    ),
  );
};

const answerFor = async (
  ports: Ports,
  { release, service }: Tagged,
): Promise<Parameters<typeof knownTag>[1]> => {
  try {
    const own = await followed(ports, release, service);
    return own && (await ports.registry.tagged(own.known.reference, service.platform));
  } catch (error) {
    return { why: (error as Error).message };
  }
};

/** @property isKnown whether nothing is left to be asked. @property runs what its tag names, or what it could run instead. */
type SeenOne = { isKnown: boolean; runs?: 'current' | ImageUpdate; unknown?: string };

/** An engine that is asked for an image takes its time; one that was current stays so for as long as its tag does not move. */
const seeOne = async (
  ports: Ports,
  { release, service }: Tagged,
  known: KnownTag | undefined,
): Promise<SeenOne> => {
  // Its turn comes within hours. That is no reason to call the host ill, nor the image current.
  if (!known) return { isKnown: false };
  if (known.why !== undefined) return { isKnown: false, unknown: `${service.image}: ${known.why}` };
  if (!known.tagged) return { isKnown: true };
  if (known.current.includes(release.images[service.name] ?? '')) return { isKnown: true, runs: 'current' };
  const own = await followed(ports, release, service);
  if (!own) return { isKnown: true };
  return { isKnown: true, runs: (await updateFor(ports, own, release, service, known.tagged)) ?? 'current' };
};

const findingsOf = async (
  ports: Ports,
  services: readonly Tagged[],
  seen: readonly SeenOne[],
  at: number,
): Promise<Finding[]> => {
  const isOutdated = seen.some(({ runs }) => typeof runs === 'object');
  const olderThanMs = isOutdated ? leastAgeMs((await ports.playbooks()).playbooks) : undefined;
  return seen.flatMap(({ runs }, index) => {
    const place = services[index]?.place;
    if (runs === undefined || place === undefined) return [];
    return updateFinding(place, runs === 'current' ? undefined : runs, olderThanMs, at);
  });
};

const withCurrent = (tags: KnownTags, services: readonly Tagged[], seen: readonly SeenOne[]): KnownTags =>
  Object.fromEntries(
    Object.entries(tags).map(([tag, known]) => {
      const own = services.flatMap((one, index) =>
        one.tag === tag && seen[index]?.runs === 'current'
          ? (one.release.images[one.service.name] ?? [])
          : [],
      );
      return [tag, { ...known, current: [...new Set(own)].sort() }];
    }),
  );
