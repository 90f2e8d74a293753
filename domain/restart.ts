/** Restarting services: which ones, in which order, and which of them only where they are not healthy by then. */
import { dependencyGraph, isOneShot } from './dependencies.ts';
import { phasesOf, reachableFrom, reversed } from './graph.ts';
import type { ServiceName } from './names.ts';
import type { StackSpec } from './stack.ts';

export type RestartWish = {
  service: ServiceName;
  /** Also what needs it, directly or through others, and is not healthy. */
  dependents: boolean;
};

/** The container of a service that is restarted. */
export type ServiceRestart = {
  service: ServiceName;
  id: string;
  name: string;
  /** Left alone where it was healthy before. */
  ifUnhealthy: boolean;
  /** How long it may take to be healthy. */
  deadlineMs: number;
};

type Restarted = Pick<ServiceRestart, 'service' | 'ifUnhealthy' | 'deadlineMs'>;

/**
 * In order of dependence. What lives in the network of a service loses it with the restart, so it is restarted too.
 * @returns nothing where the stack has no such service, or where it is meant to end.
 */
export const restartOrder = (spec: StackSpec, { service: wanted, dependents }: RestartWish): Restarted[] => {
  const own = spec.services.find(({ name }) => name === wanted);
  if (!own || isOneShot(spec, own)) return [];
  const graph = dependencyGraph(spec);
  const guests = reachableFrom(networkGuests(spec), [wanted]);
  const below = dependents ? reachableFrom(reversed(graph), guests) : guests;
  return phasesOf(graph)
    .flat()
    .filter((name) => below.has(name))
    .flatMap((name) => {
      const service = spec.services.find((one) => one.name === name);
      if (!service || isOneShot(spec, service)) return [];
      const deadlineMs = Math.min(
        service.healthyDeadlineMs ?? spec.policy.healthyDeadlineMs,
        spec.policy.progressDeadlineMs,
      );
      return [{ service: name, ifUnhealthy: !guests.has(name), deadlineMs }];
    });
};

/** Which services live in the network of each. */
const networkGuests = ({ services }: StackSpec): Map<ServiceName, ServiceName[]> => {
  const guests = new Map<ServiceName, ServiceName[]>();
  for (const { name, network } of services)
    if (network.mode === 'service')
      guests.set(network.service, [...(guests.get(network.service) ?? []), name]);
  return guests;
};
