/** Runs work along a dependency graph: the time it takes is the critical path. */
import type { ServiceName } from '../domain/names.ts';
import type { ServicePlan } from '../domain/plan.ts';

/**
 * Calls `work` for each service that `takesPart`, as soon as what it needs is ready. A need with `service_started` is met
 * once that service's own work has begun (the activity itself waits for the start); the others once it has ended.
 * Rejects with the first failure, after all work under way has ended.
 */
export const afterNeeds = async (
  services: readonly ServicePlan[],
  takesPart: (service: ServicePlan) => boolean,
  work: (service: ServicePlan) => Promise<void>,
): Promise<void> => {
  const byName = new Map(services.map((service) => [service.service, service]));
  const begun = new Map<ServiceName, Promise<void>>();
  const ended = new Map<ServiceName, Promise<void>>();

  const begin = (service: ServicePlan): Promise<void> => {
    const known = begun.get(service.service);
    if (known) return known;
    const ready = Promise.all(
      service.needs.flatMap((need) => {
        const other = byName.get(need.service);
        if (!other) return [];
        return [need.condition === 'service_started' ? begin(other) : end(other)];
      }),
    ).then(() => undefined);
    begun.set(service.service, ready);
    return ready;
  };

  const end = (service: ServicePlan): Promise<void> => {
    const known = ended.get(service.service);
    if (known) return known;
    const finished = begin(service).then(() => (takesPart(service) ? work(service) : undefined));
    ended.set(service.service, finished);
    return finished;
  };

  const results = await Promise.allSettled(services.map(end));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
};

/** The same services with their arrows turned round, for stopping: what depends on a service goes before it. */
export const dependentsFirst = (services: readonly ServicePlan[]): ServicePlan[] =>
  services.map((service) => ({
    ...service,
    needs: services
      .filter(({ needs }) => needs.some((need) => need.service === service.service))
      .map((dependent) => ({ service: dependent.service, condition: 'service_healthy' })),
  }));

/** The same services, each waiting until what it needs is wholly back, not only begun. */
export const healthyFirst = (services: readonly ServicePlan[]): ServicePlan[] =>
  services.map((service) => ({
    ...service,
    needs: service.needs.map((need) => ({ ...need, condition: 'service_healthy' })),
  }));
