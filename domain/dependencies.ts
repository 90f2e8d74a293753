/** What a service waits for, read from its spec. */
import type { Graph } from './graph.ts';
import type { ServiceName } from './names.ts';
import type { Dependency, ServiceSpec, StackSpec } from './stack.ts';

export type Need = {
  service: ServiceName;
  condition: Dependency['condition'];
  /** The other gets a new container in the same operation: that one is waited for, not the one it replaces. */
  renewed?: boolean;
};

/** What must come first: `depends_on`, and the owner of a shared network namespace. */
export const needsOf = (service: ServiceSpec): Need[] => {
  const needs = service.dependsOn.map(({ service: name, condition }) => ({ service: name, condition }));
  const { network } = service;
  if (network.mode !== 'service' || needs.some((need) => need.service === network.service)) return needs;
  return [...needs, { service: network.service, condition: 'service_started' }];
};

/** Which service needs which, for the whole stack. */
export const dependencyGraph = (spec: StackSpec): Graph<ServiceName> =>
  new Map(spec.services.map((service) => [service.name, needsOf(service).map((need) => need.service)]));

/** A service that is meant to end: another waits for its `service_completed_successfully`. */
export const isOneShot = (spec: StackSpec, service: ServiceSpec): boolean =>
  spec.services.some(({ dependsOn }) =>
    dependsOn.some(
      (need) => need.service === service.name && need.condition === 'service_completed_successfully',
    ),
  );
