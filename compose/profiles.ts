/** Which services count: those without a profile, and those with an active one. */
import type { StackSpec } from '../domain/stack.ts';
import type { Reader } from './reader.ts';
import { get, type MapNode } from './tree.ts';

/** Leaves out services of inactive profiles, and the networks and volumes that only these use. */
export const selectProfiles = (
  reader: Reader,
  spec: StackSpec,
  root: MapNode,
  active: string[],
): StackSpec => {
  const nodes = get(root, 'services');
  const inactive = new Set(
    reader.entries(nodes, 'services').flatMap(({ key, value }) => {
      const profiles = value.kind === 'map' ? reader.texts(get(value, 'profiles'), 'profiles') : [];
      const on =
        profiles.length === 0 || active.includes('*') || profiles.some((name) => active.includes(name));
      return on ? [] : [key];
    }),
  );
  if (inactive.size === 0) return spec;
  const services = spec.services
    .filter(({ name }) => !inactive.has(name))
    .map((service) => ({
      ...service,
      // `required: false` may name a service that is not active.
      dependsOn: service.dependsOn.filter(({ required, service: need }) => required || !inactive.has(need)),
    }));
  for (const service of services)
    for (const { service: need } of service.dependsOn)
      if (inactive.has(need))
        reader.error(
          service.at,
          'profile',
          `"${service.name}" depends on "${need}", whose profile is not active.`,
          `Add --profile, or write "required: false".`,
        );
  return { ...spec, services };
};
