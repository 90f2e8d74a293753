/** Everything that stands in the way of a plan, all at once. Errors forbid it; warnings are told. */
import { asideName, parseAsideName, serviceOf, stackOf } from './labels.ts';
import { isProtected, type DataPlan } from './data.ts';
import { dumpProblems, noTaker, unknownDatabase, writesTo } from './dump-problems.ts';
import { overlaps, reaches } from './paths.ts';
import { isChanging, type Plan, type ServicePlan, type Wanted } from './plan.ts';
import type { Problem } from './problem.ts';
import { formatBytes } from './size.ts';
import { minimumFreeBytes } from './snapshot.ts';
import { sqliteProblems } from './sqlite.ts';
import type { PortSpec, ServiceSpec } from './stack.ts';
import type { ContainerFacts, World } from './world.ts';

const nothing = 'Nothing was changed.';
type Check = (wanted: Wanted, plan: Plan, world: World) => Problem[];

/** @returns what is wrong, errors first. An empty list: the plan can be applied. */
export const preflight: Check = (wanted, plan, world) => {
  const problems = checks.flatMap((check) => check(wanted, plan, world));
  return problems.sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
};

const error = (code: string, message: string, rest: Partial<Problem> = {}): Problem => ({
  severity: 'error',
  code,
  message,
  ...rest,
});
const warning = (code: string, message: string, rest: Partial<Problem> = {}): Problem => ({
  severity: 'warning',
  code,
  message,
  ...rest,
});

/** Services that get a container of their own by this plan. */
const arriving = (wanted: Wanted, plan: Plan): { service: ServiceSpec; change: ServicePlan }[] =>
  wanted.spec.services.flatMap((service) =>
    plan.services
      .filter((change) => change.service === service.name && isChanging(change) && change.action !== 'remove')
      .map((change) => ({ service, change })),
  );

const images: Check = (wanted, _plan, world) =>
  wanted.spec.services.flatMap((service) => {
    const image = world.images[service.name];
    if (image?.state !== 'unavailable') return [];
    return [
      error(
        'image-unavailable',
        `Image "${service.image}" of "${service.name}" cannot be had: ${image.why}. ${nothing}`,
        { at: service.at },
      ),
    ];
  });

const unfinished: Check = (wanted, _plan, world) =>
  world.containers
    .filter(({ name, labels }) => {
      const aside = parseAsideName(name);
      return stackOf(labels) === wanted.spec.name && aside && !world.committed.includes(aside.operation);
    })
    .map(({ name }) =>
      error(
        'unfinished-operation',
        `Container "${name}" was set aside by an operation that did not end. ${nothing}`,
        {
          next: `Look at it, then rename it back or remove it: baton doctor`,
        },
      ),
    );

const copies: Check = (wanted, _plan, world) => {
  const own = world.containers.filter(
    ({ labels, name }) => stackOf(labels) === wanted.spec.name && !parseAsideName(name),
  );
  // Also of services that the wanted release does not have: each is retired as one.
  const services = new Set(own.flatMap(({ labels }) => serviceOf(labels) ?? []));
  return [...services].flatMap((service) => {
    const found = own.filter(({ labels }) => serviceOf(labels) === service).map(({ name }) => name);
    if (found.length < 2) return [];
    const spec = wanted.spec.services.find(({ name }) => name === service);
    return [
      error(
        'several-containers',
        `Service "${service}" has ${found.length} containers (${found.join(', ')}); Baton runs one per service. ${nothing}`,
        { ...(spec ? { at: spec.at } : {}), next: `Remove all but one of them.` },
      ),
    ];
  });
};

const names: Check = (wanted, plan, world) =>
  arriving(wanted, plan).flatMap(({ service, change }) => {
    const holder = world.containers.find(
      ({ name, id }) => name === service.containerName && id !== change.previous?.id,
    );
    if (!holder || isReplaced(plan, holder)) return [];
    return [
      error(
        'name-taken',
        `The name "${service.containerName}" is taken by a container of ${describeOwner(holder)}. ${nothing}`,
        {
          at: service.at,
          next: `Rename or remove that container, or change container_name of "${service.name}".`,
        },
      ),
    ];
  });

const isReplaced = (plan: Plan, container: ContainerFacts): boolean =>
  plan.services.some(
    ({ previous, action }) => previous?.id === container.id && (action === 'replace' || action === 'remove'),
  );

const describeOwner = ({ labels }: ContainerFacts): string => {
  const stack = stackOf(labels);
  return stack === undefined ? 'no stack' : `stack ${stack}`;
};

/** Known before anything is touched: such a probe would wait out its deadline. */
const unreachableProbes: Check = (wanted, plan, world) => {
  if (world.engine.canReachContainers) return [];
  return arriving(wanted, plan).flatMap(({ service }) => {
    const { probe } = service;
    if (!probe || probe.type === 'exec' || probe.host !== undefined || service.network.mode === 'host')
      return [];
    if (service.ports.some(({ target, protocol }) => target === probe.port && protocol === 'tcp')) return [];
    return [
      error(
        'probe-unreachable',
        `Port ${probe.port} of "${service.name}" cannot be probed: a rootless Docker's containers are reached by their published ports only. ${nothing}`,
        { at: service.at, next: `Publish the port, or use an exec probe.` },
      ),
    ];
  });
};

const ports: Check = (wanted, plan, world) =>
  arriving(wanted, plan).flatMap(({ service, change }) =>
    service.ports.flatMap((port) => {
      if (port.published === undefined) return [];
      const taker = portTaker(port, port.published, change, plan, world);
      if (taker === undefined) return [];
      return [
        error('port-taken', `Port ${port.published}/${port.protocol} is taken by ${taker}. ${nothing}`, {
          at: port.at,
          next: `Free it, or change ports: of "${service.name}".`,
        }),
      ];
    }),
  );

const portTaker = (
  port: PortSpec,
  published: number,
  change: ServicePlan,
  plan: Plan,
  world: World,
): string | undefined => {
  const holder = world.containers.find(
    (container) =>
      container.running &&
      container.id !== change.previous?.id &&
      !isReplaced(plan, container) &&
      container.ports.some(
        (taken) =>
          taken.hostPort === published &&
          taken.protocol === port.protocol &&
          sameAddress(taken.hostIp, port.hostIp),
      ),
  );
  if (holder) return `container "${holder.name}" (${describeOwner(holder)})`;
  const heldBefore = world.containers.some(
    ({ running, ports: held }) =>
      running && held.some((taken) => taken.hostPort === published && taken.protocol === port.protocol),
  );
  const listener = world.listeners[`${published}/${port.protocol}`];
  return heldBefore || listener === undefined ? undefined : `a process on this host (${listener})`;
};

const anyAddress = (ip: string | undefined): boolean =>
  ip === undefined || ip === '' || ip === '0.0.0.0' || ip === '::';
const sameAddress = (one: string | undefined, other: string | undefined): boolean =>
  anyAddress(one) || anyAddress(other) || one === other;

const externals: Check = ({ spec }, plan, world) => {
  if (plan.kind === 'remove') return [];
  const missingNetworks = Object.values(spec.networks).filter(
    ({ external, name }) => external && !world.networks[name],
  );
  const missingVolumes = Object.values(spec.volumes).filter(
    ({ external, name }) => external && !world.volumes[name],
  );
  return [
    ...missingNetworks.map(({ name, at }) =>
      error('network-missing', `External network "${name}" does not exist. ${nothing}`, {
        at,
        next: `Create it: ${world.engine.kind} network create ${name}`,
      }),
    ),
    ...missingVolumes.map(({ name, at }) =>
      error('volume-missing', `External volume "${name}" does not exist. ${nothing}`, {
        at,
        next: `Create it: ${world.engine.kind} volume create ${name}`,
      }),
    ),
  ];
};

const memory: Check = ({ spec }, _plan, world) => {
  const total = world.engine.memoryBytes;
  const limits = spec.services.map((service) => ({ service, bytes: service.resources.memoryBytes ?? 0 }));
  const tooLarge = limits.filter(({ bytes }) => bytes > total);
  const sum = limits.reduce((all, { bytes }) => all + bytes, 0);
  return [
    ...tooLarge.map(({ service, bytes }) =>
      error(
        'memory',
        `"${service.name}" is limited to ${formatBytes(bytes)}, but this host has ${formatBytes(total)}. ${nothing}`,
        { at: service.at },
      ),
    ),
    ...(tooLarge.length === 0 && sum > total
      ? [
          warning(
            'memory',
            `The memory limits add up to ${formatBytes(sum)}; this host has ${formatBytes(total)}.`,
          ),
        ]
      : []),
  ];
};

const required: Check = ({ spec }, plan, world) =>
  plan.kind === 'remove'
    ? []
    : spec.requires
        .filter((stack) => !world.runningStacks.includes(stack))
        .map((stack) =>
          error(
            'requires',
            `Stack "${spec.name}" requires stack "${stack}", which is not running. ${nothing}`,
            { next: `Deploy "${stack}" first.` },
          ),
        );

const files: Check = (_wanted, plan, world) =>
  plan.files
    .filter(({ path, action }) => action !== 'keep' && world.files[path]?.writable === false)
    .map(({ path }) =>
      error('file-not-writable', `The file ${path} cannot be written by this worker. ${nothing}`),
    );

const weakHealth: Check = (wanted, plan) =>
  arriving(wanted, plan)
    .filter(({ change }) => change.health === 'running')
    .map(({ service, change }) =>
      warning(
        'weak-health',
        `"${service.name}" has no healthcheck and no probe: it counts as healthy after running ${change.minHealthyTimeMs / 1000} s without a restart.`,
        { at: service.at, next: 'Add healthcheck: or x-baton.probe.' },
      ),
    );

const protection: Check = (wanted, plan, world) =>
  plan.data.flatMap((entry) => {
    const facts = world.paths[entry.path];
    if (!isProtected(entry) || !entry.existed || !facts) return [];
    const who = entry.services.join(', ');
    if (entry.driver === undefined)
      return [
        error(
          'data-unprotected',
          `Data path ${entry.path} of ${who} cannot be snapshotted: ${facts.reason}. ${nothing}`,
          { next: `Make it possible, or declare x-baton.data: { ${entry.path}: external } to go without.` },
        ),
      ];
    if (facts.freeBytes < minimumFreeBytes)
      return [
        error(
          'no-space',
          `The filesystem of ${entry.path} has ${formatBytes(facts.freeBytes)} left; a snapshot needs at least ${formatBytes(minimumFreeBytes)}. ${nothing}`,
        ),
      ];
    const unfit = sqliteProblems(entry, facts, world.sqlite?.[entry.path]);
    if (unfit.length > 0) return unfit;
    if (entry.driver === 'dump') return dumpProblems(entry, facts, world.databases?.[entry.path]);
    if (entry.driver === 'btrfs') return nestedWarning(entry.path, facts.nested);
    if (facts.sizeExceeded || (!facts.reflink && facts.sizeBytes > wanted.copyLimitBytes))
      return [
        error(
          'copy-too-large',
          `Data path ${entry.path} of ${who} is ${facts.sizeExceeded ? 'more than ' : ''}${formatBytes(facts.sizeBytes)} on ${facts.filesystem}: protecting it takes a full copy, above the limit of ${formatBytes(wanted.copyLimitBytes)}. ${nothing}`,
          {
            next: `Put it on a btrfs subvolume, raise the limit with --copy-limit, or declare x-baton.data: { ${entry.path}: external }.`,
          },
        ),
      ];
    return nestedWarning(entry.path, facts.nested);
  });

/** It would be copied torn. A stack that does not tell the kind of its own database is refused when it is read. */
const unknownDatabases: Check = (_wanted, plan, world) =>
  plan.data
    .filter(({ cold }) => cold === true)
    .flatMap(({ path }) => unknownDatabase(path, world.containers.filter(writesTo(path))));

const takers: Check = (wanted, plan) =>
  wanted.restore.flatMap(({ path, snapshot, kind }) => {
    const isTaken = plan.restore.some((one) => one.path === path && one.dump !== undefined);
    return kind === undefined || snapshot === undefined || isTaken
      ? []
      : noTaker({ path, snapshot }, { kind });
  });

/** Putting the outer one back would take away what the inner one is put back from, or the other way round. */
const dumpsApart: Check = (_wanted, plan) =>
  plan.data
    .filter(({ class: kind }) => kind === 'dump')
    .flatMap(({ path }) =>
      plan.data
        .filter((other) => other.path !== path && isProtected(other) && overlaps(other.path, path))
        .map((other) =>
          error(
            'dump-overlap',
            `${path} is to be dumped, but it and ${other.path} hold one another: they cannot be put back apart. ${nothing}`,
            { next: `Mount them apart, or declare x-baton.data: { ${path}: snapshot }.` },
          ),
        ),
    );

const nestedWarning = (path: string, nested: string[]): Problem[] =>
  nested.length === 0
    ? []
    : [
        warning(
          'nested',
          `${path} holds ${nested.length} nested subvolumes or mounts that its snapshot does not include: ${nested.slice(0, 3).join(', ')}${nested.length > 3 ? ', …' : ''}.`,
        ),
      ];

/** SQLite's own backup writes all of a database anew, also where files can be cloned. */
const sqliteBytes = ({ path, sqlite }: DataPlan, world: World): number => {
  const facts = sqlite && world.sqlite?.[path];
  return facts && 'sizeBytes' in facts ? facts.sizeBytes : 0;
};

const copySpace: Check = (_wanted, plan, world) => {
  const needed = new Map<string, { bytes: number; free: number }>();
  for (const entry of plan.data) {
    const { path, driver } = entry;
    const facts = world.paths[path];
    const sizeBytes = facts?.reflink ? sqliteBytes(entry, world) : entry.sizeBytes;
    if (driver !== 'copy' || !facts || (facts.reflink && sizeBytes === 0)) continue;
    // Free bytes tell filesystems apart well enough here: equal figures on two of them only make the check stricter.
    const key = `${facts.filesystem}:${facts.freeBytes}`;
    needed.set(key, { bytes: (needed.get(key)?.bytes ?? 0) + sizeBytes, free: facts.freeBytes });
  }
  return (
    [...needed.values()]
      // Twice: the snapshot now, and room for the failed state beside it when the data goes back.
      .filter(({ bytes, free }) => bytes * 2 + minimumFreeBytes > free)
      .map(({ bytes, free }) =>
        error(
          'no-space',
          `Copies of the data need ${formatBytes(bytes * 2)} (now, and to put it back); ${formatBytes(free)} are free. ${nothing}`,
        ),
      )
  );
};

/** Data that someone else uses too is not this stack's to take away. */
const sharedData: Check = (wanted, plan, world) => {
  if (!wanted.discard) return [];
  const others = world.containers.filter(({ labels }) => stackOf(labels) !== wanted.spec.name);
  return others.flatMap((container) =>
    plan.restore
      .filter(({ path }) => container.mounts.some((mount) => reaches(mount, path)))
      .map(({ path }) =>
        error(
          'data-shared',
          `${path} is used by container "${container.name}" (${describeOwner(container)}) too. ${nothing}`,
          { next: `Remove that first, or keep the data: baton remove ${wanted.spec.name}` },
        ),
      ),
  );
};

const asideNames: Check = (wanted, plan, world) =>
  arriving(wanted, plan).flatMap(({ change }) => {
    const previous = change.previous;
    if (!previous) return [];
    const clash = world.containers.find(({ name }) => name.startsWith(asideName(previous.name, '' as never)));
    return clash && clash.id !== previous.id && stackOf(clash.labels) !== wanted.spec.name
      ? [
          error(
            'name-taken',
            `Container "${clash.name}" has a name that Baton uses to set containers aside. ${nothing}`,
          ),
        ]
      : [];
  });

const takenBack: Check = (_wanted, plan, world) =>
  world.takenBack
    .filter(({ release }) => release === plan.release)
    .map(({ release, because, at }) =>
      warning('taken-back', `Release ${release} was taken back at ${at}: ${because}.`),
    );

const checks: readonly Check[] = [
  unfinished,
  takenBack,
  copies,
  images,
  names,
  unreachableProbes,
  ports,
  externals,
  memory,
  required,
  files,
  protection,
  dumpsApart,
  unknownDatabases,
  takers,
  sharedData,
  copySpace,
  asideNames,
  weakHealth,
];
