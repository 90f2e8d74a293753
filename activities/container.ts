/** Containers: roll out, retire, and put back. Each activity looks at the engine first and does only what is missing. */
import { asideName, label, parseAsideName, serviceOf, stackOf } from '../domain/labels.ts';
import type { ServiceName } from '../domain/names.ts';
import type { DataExchange, Plan, ServicePlan } from '../domain/plan.ts';
import type { Subject } from '../domain/subject.ts';
import { beating, pause, permanent } from './activity.ts';
import { containerSpec } from './container-spec.ts';
import { waitHealthy } from './health.ts';
import type { ContainerState, Engine } from './ports/engine.ts';
import type { ContainerBefore } from './ports/memory.ts';
import type { Probe } from '../domain/stack.ts';
import type { Ports } from './ports/index.ts';
import { loadRelease, secretsOf, serviceOfRelease } from './release.ts';
import { takeInExchanged } from './restore-dump.ts';

export const containerActivities = (ports: Ports) => {
  const { engine } = ports;
  const { cpus, kind } = ports.engineInfo;
  const fewAtOnce = limiter(cpus * startsPerCpu[kind]);
  const sideBySide = forEach(limiter(endsAtOnce(cpus)));

  return {
    /**
     * Brings one service to its new container, healthy.
     * @param takesIn data of it that comes back as a dump: it begins on nothing, takes that in, and is healthy then.
     * @returns how long that took, ms from its start.
     */
    async rollOutService(
      subject: Subject,
      plan: ServicePlan,
      takesIn: DataExchange[] = [],
    ): Promise<{ healthyAfterMs: number }> {
      return await beating(async (signal) => {
        const release = await loadRelease(ports, subject.stack, subject.release);
        const service = serviceOfRelease(release, plan.service);
        const secrets = await secretsOf(ports, release);
        await startedNeeds(engine, subject, plan, signal);
        const begun = performance.now();
        const container = await fewAtOnce(async () => {
          if (plan.action === 'start' && plan.previous) return await present(engine, plan.previous.id);
          return await make(ports, subject, plan, async (previous) =>
            containerSpec({
              ports,
              release,
              service,
              operation: subject.operation,
              secrets,
              ...(previous ? { previous } : {}),
              containerOf: async (name) => (await currentOf(engine, subject.stack, name)).id,
            }),
          );
        });
        if (plan.previous && plan.action === 'replace' && plan.order === 'stop-first')
          await engine.stopContainer(plan.previous.id, plan.stopGraceMs);
        for (const exchange of takesIn) await takeInExchanged(ports, subject, exchange, container, signal);
        // A one-shot that has already run to its end is not run again by a retry.
        if (container.startedAt === undefined || container.status !== 'exited' || plan.action === 'start')
          await fewAtOnce(() => engine.startContainer(container.id), 'next');
        await waitHealthy(
          {
            engine,
            reach: ports.engineInfo.reach,
            containerId: container.id,
            service: plan.service,
            health: plan.health,
            ...(service.probe ? { probe: resolveCommand(service.probe, secrets.resolve) } : {}),
            deadlineMs: plan.healthyDeadlineMs,
            redact: secrets.redact,
          },
          signal,
        );
        if (plan.previous && plan.action === 'replace' && plan.order === 'start-first')
          await engine.stopContainer(plan.previous.id, plan.stopGraceMs);
        return { healthyAfterMs: Math.round(performance.now() - begun) };
      });
    },

    /** Sets a container aside that the new release does not have. */
    async retireService(subject: Subject, plan: ServicePlan): Promise<void> {
      await beating(async () => {
        if (!plan.previous) return;
        await setAside(engine, subject, plan.previous);
        await engine.stopContainer(plan.previous.id, plan.stopGraceMs);
      });
    },

    /** Looks only. @returns the services whose new container ever ran: what it may have written must go back. */
    async servicesThatRan(subject: Subject, plan: Plan): Promise<ServiceName[]> {
      return await beating(async () => {
        const containers = await newContainers(engine, subject, plan);
        return containers
          .filter(({ container }) => container.startedAt !== undefined)
          .map(({ plan: { service } }) => service);
      });
    },

    /** Stops everything that this operation started, dependents first. */
    async stopNew(subject: Subject, plan: Plan): Promise<void> {
      await beating(async () => {
        const containers = await newContainers(engine, subject, plan);
        const phases = Map.groupBy(containers, ({ plan: { phase } }) => phase);
        for (const [, phase] of [...phases].sort(([one], [other]) => other - one))
          await sideBySide(phase, ({ plan: { stopGraceMs }, container: { id } }) =>
            engine.stopContainer(id, stopGraceMs),
          );
      });
    },

    /** Removes every container that this operation made. */
    async removeNew(subject: Subject): Promise<void> {
      await beating(async () => {
        const made = await madeBy(engine, subject);
        for (const group of [made.filter(isGuest), made.filter((container) => !isGuest(container))])
          await sideBySide(group, ({ id }) => engine.removeContainer(id, { anonymousVolumes: true }));
      });
    },

    /** The same container, under its name again, running or stopped as it was, healthy if it was. */
    async putBackService(subject: Subject, plan: ServicePlan): Promise<void> {
      await beating(async (signal) => {
        const before = (await ports.memory.getBefore(subject.operation))?.find(
          ({ id }) => id === plan.previous?.id,
        );
        if (before)
          await putBackContainer(
            ports,
            before,
            {
              stopGraceMs: plan.stopGraceMs,
              deadlineMs: plan.healthyDeadlineMs,
              probe: async () => await previousProbe(ports, subject, plan.service),
            },
            signal,
          );
      });
    },
  };
};

export type PutBack = {
  stopGraceMs: number;
  /** How long it may take to be healthy again. */
  deadlineMs: number;
  probe: () => Promise<Probe | undefined>;
};

/** The same container, under its name, running or stopped as it was; resolves when it is healthy, if it was. */
export const putBackContainer = async (
  { engine, engineInfo }: Ports,
  before: ContainerBefore,
  { stopGraceMs, deadlineMs, probe: askWith }: PutBack,
  signal: AbortSignal,
): Promise<void> => {
  const container = await engine.inspectContainer(before.id);
  if (!container)
    throw permanent(
      'ContainerGone',
      `Container "${before.name}" (${before.id.slice(0, 12)}) is gone: something outside removed it`,
    );
  if (container.name !== before.name) await engine.renameContainer(before.id, before.name);
  if (container.restartPolicy !== before.restartPolicy)
    await engine.setRestartPolicy(before.id, before.restartPolicy);
  if (!before.running) {
    await engine.stopContainer(before.id, stopGraceMs);
    return;
  }
  const lost = await hasLostItsNetwork(engine, container);
  if (lost) await engine.stopContainer(before.id, stopGraceMs);
  if (!before.paused) await engine.unpauseContainer(before.id);
  // Engines refuse to start what is paused.
  if (lost || !before.paused || container.status !== 'paused') await engine.startContainer(before.id);
  if (before.paused) await engine.pauseContainer(before.id);
  if (!before.healthy) return;
  const probe = await askWith();
  await waitHealthy(
    {
      engine,
      reach: engineInfo.reach,
      containerId: before.id,
      service: before.service,
      health: probe ? 'probe' : container.healthcheck ? 'healthcheck' : 'running',
      ...(probe ? { probe } : {}),
      deadlineMs,
      redact: (text) => text,
    },
    signal,
  );
};

/** Its network is another container's, which was started again since: that namespace is gone, though this one still runs. */
const hasLostItsNetwork = async (engine: Engine, guest: ContainerState): Promise<boolean> => {
  if (!guest.networkMode.startsWith('container:')) return false;
  const owner = await engine.inspectContainer(guest.networkMode.slice('container:'.length));
  return Date.parse(owner?.startedAt ?? '') > Date.parse(guest.startedAt ?? '');
};

/** What this operation starts and did not make. */
const startedOf = ({ action, previous }: ServicePlan): ServicePlan['previous'] =>
  action === 'start' && !previous?.running ? previous : undefined;

/** The container of this operation for one service: made by it, or (for `start`) started by it. */
const newContainer = async (
  engine: Engine,
  subject: Subject,
  plan: ServicePlan,
): Promise<ContainerState | undefined> => {
  const started = startedOf(plan);
  if (started) return await engine.inspectContainer(started.id);
  // Asked of one service: the engine looks into each container that it lists, and a stack may have a hundred.
  const [made] = await engine.listContainers({
    labels: [`${label.operation}=${subject.operation}`, `${label.service}=${plan.service}`],
  });
  return made;
};

type NewContainer = { plan: ServicePlan; container: ContainerState };

/** As {@link newContainer}, of all services that have one. */
const newContainers = async (
  engine: Engine,
  subject: Subject,
  { services }: Plan,
): Promise<NewContainer[]> => {
  const made = await madeBy(engine, subject);
  const found = await Promise.all(
    services.map(async (plan) => {
      const started = startedOf(plan);
      return started
        ? await engine.inspectContainer(started.id)
        : made.find(({ labels }) => serviceOf(labels) === plan.service);
    }),
  );
  return services.flatMap((plan, index) => {
    const container = found[index];
    return container ? [{ plan, container }] : [];
  });
};

export const madeBy = async (
  engine: Engine,
  { operation }: Pick<Subject, 'operation'>,
): Promise<ContainerState[]> => await engine.listContainers({ labels: [`${label.operation}=${operation}`] });

/** It lives in another container's network namespace, and goes before that container: engines refuse it the other way round. */
const isGuest = ({ networkMode }: ContainerState): boolean => networkMode.startsWith('container:');

export const guestsFirst = (containers: ContainerState[]): ContainerState[] =>
  [...containers].sort((a, b) => Number(isGuest(b)) - Number(isGuest(a)));

const make = async (
  ports: Ports,
  subject: Subject,
  plan: ServicePlan,
  spec: (previous: ContainerState | undefined) => ReturnType<typeof containerSpec>,
): Promise<ContainerState> => {
  const { engine } = ports;
  const made = await newContainer(engine, subject, plan);
  // One that never started may lack networks: `createContainer` completes it.
  if (made?.startedAt !== undefined) return made;
  const previous = plan.previous ? await engine.inspectContainer(plan.previous.id) : undefined;
  if (plan.previous) await setAside(engine, subject, plan.previous);
  return await present(engine, await engine.createContainer(await spec(previous)));
};

const present = async (engine: Engine, id: string): Promise<ContainerState> => {
  const container = await engine.inspectContainer(id);
  if (!container)
    throw permanent('ContainerGone', `Container ${id.slice(0, 12)} is gone: something outside removed it.`);
  return container;
};

const setAside = async (
  engine: Engine,
  { operation }: Subject,
  previous: { id: string; name: string },
): Promise<void> => {
  const aside = asideName(previous.name, operation);
  const container = await present(engine, previous.id);
  if (container.name !== aside) await engine.renameContainer(previous.id, aside);
  // A daemon that restarts would start it beside its successor; "unless-stopped" stays stopped.
  if (container.restartPolicy === 'always') await engine.setRestartPolicy(previous.id, 'unless-stopped');
};

/** The container that holds a service's name now. */
const currentOf = async (engine: Engine, stack: string, service: ServiceName): Promise<ContainerState> => {
  const containers = await engine.listContainers();
  const found = containers.find(
    ({ labels, name }) => stackOf(labels) === stack && serviceOf(labels) === service && !parseAsideName(name),
  );
  if (!found) throw permanent('ContainerGone', `Service "${service}" has no container.`);
  return found;
};

const askEveryMs = 50;

/** `service_started` is waited for here, so that a dependent does not wait until the other is healthy. */
const startedNeeds = async (
  engine: Engine,
  subject: Subject,
  plan: ServicePlan,
  signal: AbortSignal,
): Promise<void> => {
  const begun = performance.now();
  for (const { service, condition, renewed } of plan.needs) {
    if (condition !== 'service_started') continue;
    while (!(await isStarted(engine, subject, service, renewed ?? false))) {
      if (performance.now() - begun > plan.healthyDeadlineMs)
        throw permanent(
          'Unhealthy',
          `"${plan.service}" waited ${plan.healthyDeadlineMs / 1000} s for "${service}" to start.`,
        );
      await pause(askEveryMs, signal);
    }
  }
};

const isStarted = async (
  engine: Engine,
  { stack, operation }: Subject,
  service: ServiceName,
  renewed: boolean,
): Promise<boolean> => {
  const containers = await engine.listContainers({
    labels: [`${label.stack}=${stack}`, `${label.service}=${service}`],
  });
  const current = containers.find(
    ({ labels, name }) => !parseAsideName(name) && (!renewed || labels[label.operation] === operation),
  );
  return current?.startedAt !== undefined;
};

const previousProbe = async (ports: Ports, { stack, previousRelease }: Subject, name: ServiceName) => {
  const release =
    previousRelease === undefined ? undefined : await ports.memory.getRelease(stack, previousRelease);
  const probe = release?.spec.services.find((service) => service.name === name)?.probe;
  if (!release || !probe) return undefined;
  return resolveCommand(probe, (await secretsOf(ports, release)).resolve);
};

/** Probes and checks that run a command may hold `${VAR}` in it. */
export const resolveCommand = <Asked extends object>(
  asked: Asked & { command?: string[] },
  resolve: (template: string) => string,
): Asked => (asked.command ? { ...asked, command: asked.command.map(resolve) } : asked);

/**
 * A container costs 0.2–0.5 s of CPU to create and start, and Docker waits in between: on two cores, fan20 of `bench/` took 13.0 s
 * there with one at a time per core, and 9.5 s with four; layers20 12.6 and 10.5 s. On Podman four made no difference, and its
 * networking (netavark 1.4) is the safer the fewer change it at once.
 */
const startsPerCpu = { docker: 4, podman: 1 };

/** To stop and to remove: as many at once as `podman stop` and `podman rm` of several (its cmd/podman/root.go). */
const endsAtOnce = (cpus: number): number => 3 * cpus + 1;

/** Waits for all of it, then fails as the first that failed: what was begun is not left behind. */
const forEach =
  (limited: Limited) =>
  async <T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> => {
    const results = await Promise.allSettled(all.map((one) => limited(() => work(one))));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };

type Limited = ReturnType<typeof limiter>;

/**
 * Runs at most `atOnce` pieces of work at a time: many more than that would make each of them slow, and its deadline near.
 * What is `next` goes before all that wait: a container that has been created is started before others are created, so that
 * what waits for it goes on sooner.
 */
const limiter = (atOnce: number) => {
  let running = 0;
  const queue: (() => void)[] = [];
  return async <T>(work: () => Promise<T>, place: 'next' | 'last' = 'last'): Promise<T> => {
    while (running >= Math.max(1, atOnce))
      await new Promise<void>((resolve) => {
        if (place === 'next') queue.unshift(resolve);
        else queue.push(resolve);
      });
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      queue.shift()?.();
    }
  };
};
