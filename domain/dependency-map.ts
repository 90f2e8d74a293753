/** What needs what on a host, with the reason: how a look tells causes from effects. */
import type { Graph } from './graph.ts';
import { needsOf } from './dependencies.ts';
import type { Release } from './release.ts';
import type { ServiceSpec, StackSpec } from './stack.ts';

/** `shop/db`, or a stack as a whole: `auth`. */
export type Edge = { from: string; to: string; why: 'depends_on' | 'network_mode' | 'requires' | 'part of' };

export type DependencyMap = {
  places: string[];
  edges: Edge[];
  /** Networks that services of several stacks are in: who can reach whom, which is no need. */
  networks: { network: string; places: string[] }[];
  /** What Traefik sends where, as the labels say. */
  routes: { place: string; rule: string }[];
};

/** `shop/database`. */
export const placeOf = (stack: string, service: string): string => `${stack}/${service}`;

/** `shop/db` → `shop`. */
export const stackAt = (place: string): string => place.split('/')[0] ?? '';

/** A stack stands for all of its services; what it requires, each of them does. */
export const dependencyMap = (releases: readonly Pick<Release, 'spec'>[]): DependencyMap => ({
  places: releases.flatMap(({ spec }) => spec.services.map(({ name }) => placeOf(spec.name, name))),
  edges: releases.flatMap(({ spec }) => [
    ...spec.services.map(({ name }): Edge => ({
      from: spec.name,
      to: placeOf(spec.name, name),
      why: 'part of',
    })),
    ...spec.services.flatMap((service) => edgesOf(spec, service)),
  ]),
  networks: sharedNetworks(releases.map(({ spec }) => spec)),
  routes: releases.flatMap(({ spec }) => spec.services.flatMap((service) => routesOf(spec, service))),
});

const edgesOf = (spec: StackSpec, service: ServiceSpec): Edge[] => {
  const from = placeOf(spec.name, service.name);
  const { network } = service;
  return [
    ...needsOf(service).map((need): Edge => ({
      from,
      to: placeOf(spec.name, need.service),
      why: network.mode === 'service' && network.service === need.service ? 'network_mode' : 'depends_on',
    })),
    ...spec.requires.map((stack): Edge => ({ from, to: stack, why: 'requires' })),
  ];
};

const sharedNetworks = (specs: readonly StackSpec[]): DependencyMap['networks'] => {
  const members = specs.flatMap((spec) =>
    spec.services.flatMap(({ name, network }) =>
      network.mode === 'bridge'
        ? network.attachments.map((one) => ({
            network: spec.networks[one.network]?.name ?? one.network,
            stack: spec.name,
            place: placeOf(spec.name, name),
          }))
        : [],
    ),
  );
  return [...Map.groupBy(members, ({ network }) => network)].flatMap(([network, some]) =>
    new Set(some.map(({ stack }) => stack)).size > 1
      ? [{ network, places: some.map(({ place }) => place) }]
      : [],
  );
};

/** Only what is written out: what a variable holds is nobody else's business. */
const routesOf = (spec: StackSpec, { name, labels }: ServiceSpec): DependencyMap['routes'] =>
  Object.entries(labels).flatMap(([key, rule]) =>
    /^traefik\.http\.routers\.[^.]+\.rule$/.test(key) ? [{ place: placeOf(spec.name, name), rule }] : [],
  );

export const graphOf = ({ edges }: DependencyMap): Graph<string> =>
  new Map(
    [...Map.groupBy(edges, ({ from }) => from)].map(([from, some]) => [from, some.map(({ to }) => to)]),
  );
