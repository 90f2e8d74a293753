/** Everything that one part of a stack says about another must be true: names that exist, no cycles, nothing twice. */
import { askedService } from '../domain/check.ts';
import { dependencyGraph } from '../domain/dependencies.ts';
import { findCycle } from '../domain/graph.ts';
import type { ServiceSpec, StackSpec } from '../domain/stack.ts';
import { reportPortClashes } from './ports.ts';
import type { Reader } from './reader.ts';
import { suggest } from './suggest.ts';

export const checkReferences = (reader: Reader, spec: StackSpec): void => {
  if (spec.services.length === 0 && reader.problems.length === 0)
    reader.error({ file: spec.file, line: 1, column: 1 }, 'no-services', 'The stack has no services.');
  const names = new Set<string>(spec.services.map(({ name }) => name));
  for (const service of spec.services) {
    checkServices(reader, names, service);
    checkResources(reader, spec, service);
  }
  checkCycle(reader, spec);
  checkNames(reader, spec);
  checkProbes(reader, spec);
  reportPortClashes(reader, spec.services);
};

const missing = (
  reader: Reader,
  service: ServiceSpec,
  kind: string,
  name: string,
  known: Iterable<string>,
): void => {
  const meant = suggest(name, known);
  reader.error(
    service.at,
    `undefined-${kind}`,
    `Service "${service.name}" names the ${kind} "${name}", which is not defined.${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
  );
};

const checkServices = (reader: Reader, names: ReadonlySet<string>, service: ServiceSpec): void => {
  const shared = [service.pid, service.ipc].flatMap((mode) =>
    mode?.startsWith('service:') ? [mode.slice('service:'.length)] : [],
  );
  const owner = service.network.mode === 'service' ? [service.network.service] : [];
  for (const name of [...service.dependsOn.map((need) => need.service), ...owner, ...shared])
    if (!names.has(name)) missing(reader, service, 'service', name, names);
};

const checkResources = (reader: Reader, spec: StackSpec, service: ServiceSpec): void => {
  if (service.network.mode === 'bridge')
    for (const { network } of service.network.attachments)
      if (!Object.hasOwn(spec.networks, network))
        missing(reader, service, 'network', network, Object.keys(spec.networks));
  for (const mount of service.mounts)
    if (mount.type === 'volume' && mount.volume !== undefined && !Object.hasOwn(spec.volumes, mount.volume))
      missing(reader, service, 'volume', mount.volume, Object.keys(spec.volumes));
  for (const { source } of service.secrets)
    if (!Object.hasOwn(spec.secrets, source))
      missing(reader, service, 'secret', source, Object.keys(spec.secrets));
  for (const { source } of service.configs)
    if (!Object.hasOwn(spec.configs, source))
      missing(reader, service, 'config', source, Object.keys(spec.configs));
};

const checkCycle = (reader: Reader, spec: StackSpec): void => {
  const cycle = findCycle(dependencyGraph(spec));
  const first = spec.services.find(({ name }) => name === cycle?.[0]);
  if (cycle && first)
    reader.error(
      first.at,
      'dependency-cycle',
      `Services depend on one another in a circle: ${cycle.join(' → ')}.`,
    );
};

const checkNames = (reader: Reader, { services }: StackSpec): void => {
  const owners = new Map<string, string>();
  for (const { name, containerName, at } of services) {
    const owner = owners.get(containerName);
    if (owner !== undefined)
      reader.error(
        at,
        'name-clash',
        `"${name}" and "${owner}" would both be the container "${containerName}".`,
      );
    owners.set(containerName, name);
  }
};

const checkProbes = (reader: Reader, spec: StackSpec): void => {
  const names = new Set<string>(spec.services.map(({ name }) => name));
  for (const check of spec.validate) {
    const service = askedService(check);
    if (service !== undefined && !names.has(service))
      reader.error(
        check.at ?? { file: spec.file, line: 1, column: 1 },
        'undefined-service',
        `A check asks the service "${service}", which is not defined.`,
      );
  }
};
