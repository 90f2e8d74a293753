/** Whose requests they are: Traefik's routers and services, by the labels of the releases that Baton knows. */
import { placeOf } from './dependency-map.ts';
import type { Release } from './release.ts';
import type { ServiceSpec, StackSpec } from './stack.ts';
import type { TrafficName } from './traffic-line.ts';

export type TrafficRoutes = {
  /** Places that have a router of their own. */
  routed: string[];
  /** `own`: answered by Traefik itself. @returns `undefined` where no place has it, or several do. */
  placeOf: (name: TrafficName) => string | undefined;
};

/** Dashboards, redirects: of no target. */
export const traefikItself = 'traefik itself';

type Labelled = {
  place: string;
  /** As Traefik names what has no name of its own. */
  standard: string;
  routers: string[];
  services: string[];
  labels: Record<string, string>;
};

export const trafficRoutes = (releases: readonly Pick<Release, 'spec'>[]): TrafficRoutes => {
  const all = releases.flatMap(({ spec }) =>
    spec.services.flatMap((service) => labelledOf(spec, service) ?? []),
  );
  const services = uniquely(
    all.flatMap((one) => [...one.services, one.standard].map((name) => [name, one.place] as const)),
  );
  const routers = uniquely(
    all.flatMap((one) => [
      ...one.routers.flatMap((name) => {
        const target = targetOf(one, name, services);
        return [name, ...prefixed(one, name)].map((written) => [written, target] as const);
      }),
      ...(one.routers.length > 0 ? [] : [[one.standard, one.place] as const]),
    ]),
  );
  return {
    routed: [
      ...new Set(all.flatMap((one) => one.routers.flatMap((name) => targetOf(one, name, services) ?? []))),
    ].filter((place) => place !== traefikItself),
    placeOf: (written) => {
      const [, kind, name = '', provider] = /^(router|service) (.*)@([^@]*)$/.exec(written) ?? [];
      if (provider === 'internal') return traefikItself;
      if (provider !== 'docker') return undefined;
      return (kind === 'router' ? routers : services).get(name);
    },
  };
};

const labelledOf = (spec: StackSpec, { name, labels }: ServiceSpec): Labelled | undefined => {
  const named = (kind: string): string[] => {
    const pattern = new RegExp(`^traefik\\.http\\.${kind}\\.([^.]+)\\.`, 'i');
    return [...new Set(Object.keys(labels).flatMap((key) => pattern.exec(key)?.[1] ?? []))];
  };
  if (labels['traefik.enable'] === 'false') return undefined;
  return {
    place: placeOf(spec.name, name),
    standard: `${name}_${spec.name}`
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean)
      .join('-'),
    routers: named('routers'),
    services: named('services'),
    labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [key.toLowerCase(), value])),
  };
};

const labelOf = ({ labels }: Labelled, router: string, key: string): string | undefined =>
  labels[`traefik.http.routers.${router.toLowerCase()}.${key}`];

/** Its own container's, unless it names a service of another. What a variable holds is not known here. */
const targetOf = (one: Labelled, router: string, services: Unique): string | undefined => {
  const named = labelOf(one, router, 'service');
  if (named === undefined) return one.place;
  const [name = '', provider = 'docker'] = named.split('@');
  if (provider === 'internal') return traefikItself;
  return provider === 'docker' ? services.get(name) : undefined;
};

/** A router of an entry point with settings of its own has its name before it. */
const prefixed = (one: Labelled, router: string): string[] =>
  (labelOf(one, router, 'entrypoints') ?? '')
    .split(',')
    .map((entryPoint) => entryPoint.trim())
    .filter((entryPoint) => entryPoint !== '')
    .map((entryPoint) => `${entryPoint}-${router}`);

type Unique = ReadonlyMap<string, string | undefined>;

/** Two places with one name: nobody can tell whose it is. */
const uniquely = (pairs: readonly (readonly [string, string | undefined])[]): Unique =>
  new Map(
    [...Map.groupBy(pairs, ([name]) => name)].map(([name, some]) => {
      const places = new Set(some.map(([, place]) => place));
      return [name, places.size === 1 ? [...places][0] : undefined];
    }),
  );
