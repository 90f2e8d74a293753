/** From a release's service to a container that the engine can make: templates resolved, names translated, secrets as files. */
import { containerLabels } from '../domain/labels.ts';
import type { OperationId, ServiceName } from '../domain/names.ts';
import type { Release } from '../domain/release.ts';
import type { ContentMount, ContentSource, HealthcheckSpec, ServiceSpec } from '../domain/stack.ts';
import { permanent } from './activity.ts';
import type { ContainerMount, ContainerSpec, ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { serviceHash } from './release.ts';
import type { Secrets } from './secrets.ts';

export type Making = {
  ports: Ports;
  release: Release;
  service: ServiceSpec;
  operation: OperationId;
  secrets: Secrets;
  /** The container that is replaced: its anonymous volumes are handed on. */
  previous?: ContainerState;
  /** Id of the container that runs another service now, for shared namespaces. */
  containerOf: (service: ServiceName) => Promise<string>;
};

export const containerSpec = async (making: Making): Promise<ContainerSpec> => {
  const { release, service, operation, secrets } = making;
  const image = release.images[service.name];
  const hash = serviceHash(release, service);
  if (image === undefined || hash === undefined)
    throw permanent('ImageMissing', `Release ${release.id} does not know the image of "${service.name}".`);
  const {
    environment: _environment,
    mounts: _mounts,
    network: _network,
    secrets: _secrets,
    configs: _configs,
    ...rest
  } = service;
  const labels = Object.fromEntries(
    Object.entries(service.labels).map(([name, value]) => [name, secrets.resolve(value)]),
  );
  const owned = containerLabels({
    stack: release.spec.name,
    service: service.name,
    release: release.id,
    operation,
    hash,
    file: release.spec.file,
  });
  return {
    name: service.containerName,
    image,
    service: {
      ...rest,
      ...(service.entrypoint ? { entrypoint: service.entrypoint.map(secrets.resolve) } : {}),
      ...(service.command ? { command: service.command.map(secrets.resolve) } : {}),
      ...(service.healthcheck ? { healthcheck: resolveHealthcheck(service.healthcheck, secrets) } : {}),
      ...(await namespaces(making)),
    },
    environment: await secrets.environmentOf(service),
    labels: { ...labels, ...owned },
    mounts: [...mountsOf(making), ...(await contentMounts(making))],
    network: await networkOf(making),
  };
};

const resolveHealthcheck = (
  healthcheck: HealthcheckSpec | 'disabled',
  secrets: Secrets,
): HealthcheckSpec | 'disabled' =>
  healthcheck === 'disabled' || !healthcheck.test
    ? healthcheck
    : { ...healthcheck, test: healthcheck.test.map(secrets.resolve) };

/** `pid: service:db` and the like name a service; the engine wants a container. */
const namespaces = async ({ service, containerOf }: Making): Promise<{ pid?: string; ipc?: string }> => {
  const translate = async (value: string | undefined): Promise<string | undefined> =>
    value?.startsWith('service:')
      ? `container:${await containerOf(value.slice('service:'.length) as ServiceName)}`
      : value;
  const [pid, ipc] = [await translate(service.pid), await translate(service.ipc)];
  return { ...(pid === undefined ? {} : { pid }), ...(ipc === undefined ? {} : { ipc }) };
};

const networkOf = async ({ release, service, containerOf }: Making): Promise<ContainerSpec['network']> => {
  const { network } = service;
  switch (network.mode) {
    case 'host':
    case 'none':
      return { mode: network.mode };
    case 'service':
      return { mode: 'container', container: await containerOf(network.service) };
    case 'container':
      return { mode: 'container', container: network.container };
    case 'bridge':
      return {
        mode: 'bridge',
        attachments: network.attachments.map((attachment) => ({
          ...attachment,
          network: release.spec.networks[attachment.network]?.name ?? attachment.network,
          aliases: [...new Set([service.name, ...attachment.aliases])],
        })),
      };
  }
};

const mountsOf = ({ release, service, previous }: Making): ContainerMount[] => {
  const named = service.mounts.map((mount): ContainerMount => {
    if (mount.type !== 'volume') return mount;
    if (mount.volume === undefined) return withEngineName(mount, carried(previous, mount.target));
    return withEngineName(mount, release.spec.volumes[mount.volume]?.name ?? mount.volume);
  });
  const targets = new Set(named.map(({ target }) => target));
  const inherited = (previous?.mounts ?? [])
    .filter(
      ({ type, target, volume }) =>
        type === 'volume' && volume !== undefined && isAnonymous(volume) && !targets.has(target),
    )
    .map(({ target, volume, readOnly }): ContainerMount => ({
      type: 'volume',
      target,
      readOnly,
      noCopy: true,
      at: service.at,
      ...(volume === undefined ? {} : { engineName: volume }),
    }));
  return [...named, ...inherited];
};

const withEngineName = (
  mount: Extract<ContainerMount, { type: 'volume' }>,
  engineName: string | undefined,
): ContainerMount => (engineName === undefined ? mount : { ...mount, engineName });

const carried = (previous: ContainerState | undefined, target: string): string | undefined =>
  previous?.mounts.find((mount) => mount.type === 'volume' && mount.target === target)?.volume;

/** Engines name anonymous volumes with 64 hex digits. */
const isAnonymous = (volume: string): boolean => /^[0-9a-f]{64}$/.test(volume);

const contentMounts = async (making: Making): Promise<ContainerMount[]> => {
  const { release, service } = making;
  const { secrets, configs } = release.spec;
  return await Promise.all([
    ...service.secrets.map(async (mount) => await contentMount(making, mount, secrets[mount.source])),
    ...service.configs.map(async (mount) => await contentMount(making, mount, configs[mount.source])),
  ]);
};

/** A file is mounted as it is; a variable or inline content is written to a private file that only this value has. */
const contentMount = async (
  making: Making,
  mount: ContentMount,
  source: ContentSource | undefined,
): Promise<ContainerMount> => {
  if (!source) throw permanent('BadStack', `No secret or config is called "${mount.source}".`);
  const path =
    source.from === 'file'
      ? source.path
      : await making.ports.memory.putContent({
          stack: making.release.spec.name,
          service: making.service.name,
          name: mount.source,
          content: await making.secrets.contentOf(source),
          // Compose's default.
          mode: mount.mode ?? 0o444,
          ...(mount.uid === undefined && mount.gid === undefined
            ? {}
            : { owner: { uid: Number(mount.uid ?? 0), gid: Number(mount.gid ?? 0) } }),
        });
  return {
    type: 'bind',
    source: path,
    target: mount.target,
    readOnly: true,
    createHostPath: false,
    at: source.at,
  };
};
