/** From a {@link ContainerSpec} to the body of the Docker Engine API's `POST /containers/create` (v1.41). Pure. */
import type { HealthcheckSpec } from '../../domain/stack.ts';
import type { ContainerMount, ContainerSpec, EngineKind } from '../ports/engine.ts';

const nanoseconds = (ms: number): number => Math.round(ms * 1e6);

export const containerBody = (spec: ContainerSpec, engine: EngineKind): Record<string, unknown> => {
  const { service } = spec;
  const { resources } = service;
  return defined({
    Image: spec.image,
    Hostname: spec.network.mode === 'bridge' || spec.network.mode === 'none' ? service.hostname : undefined,
    Domainname: service.domainname,
    User: service.user,
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    Cmd: service.command,
    Entrypoint: service.entrypoint,
    WorkingDir: service.workingDir,
    Labels: spec.labels,
    Tty: service.tty,
    OpenStdin: service.stdinOpen,
    StopSignal: service.stopSignal,
    StopTimeout: Math.ceil(service.stopGracePeriodMs / 1000),
    Healthcheck: healthcheckBody(service.healthcheck, engine),
    ExposedPorts: Object.fromEntries([
      ...service.ports.map(({ target, protocol }) => [`${target}/${protocol}`, {}]),
      ...service.expose.map((port) => [port.includes('/') ? port : `${port}/tcp`, {}]),
    ]),
    MacAddress: service.macAddress,
    HostConfig: defined({
      Binds: spec.mounts.flatMap(bindOf),
      Mounts: spec.mounts.flatMap(mountOf),
      Tmpfs: Object.fromEntries(spec.mounts.flatMap(tmpfsOf)),
      PortBindings: portBindings(spec),
      NetworkMode: networkModeOf(spec),
      RestartPolicy: {
        Name: service.restart.policy,
        MaximumRetryCount: service.restart.maximumRetryCount ?? 0,
      },
      CapAdd: service.capAdd,
      CapDrop: service.capDrop,
      Devices: service.devices.map(({ source, target, permissions }) => ({
        PathOnHost: source,
        PathInContainer: target,
        CgroupPermissions: permissions,
      })),
      DeviceCgroupRules: service.deviceCgroupRules,
      DeviceRequests: service.deviceRequests.map((request) =>
        defined({
          Driver: request.driver ?? '',
          Count: request.count,
          DeviceIDs: request.deviceIds,
          Capabilities: [request.capabilities],
          Options: request.options,
        }),
      ),
      Privileged: service.privileged,
      ReadonlyRootfs: service.readOnly,
      SecurityOpt: service.securityOpt,
      Sysctls: service.sysctls,
      Ulimits: Object.entries(service.ulimits).map(([Name, { soft, hard }]) => ({
        Name,
        Soft: soft,
        Hard: hard,
      })),
      ShmSize: service.shmSizeBytes,
      ExtraHosts: service.extraHosts.map(({ host, address }) => `${host}:${address}`),
      Dns: service.dns,
      DnsSearch: service.dnsSearch,
      DnsOptions: service.dnsOpt,
      GroupAdd: service.groupAdd,
      Init: service.init,
      PidMode: service.pid,
      IpcMode: service.ipc,
      UTSMode: service.uts,
      UsernsMode: service.usernsMode,
      CgroupnsMode: service.cgroup,
      CgroupParent: service.cgroupParent,
      Runtime: service.runtime,
      LogConfig: service.logging && { Type: service.logging.driver ?? '', Config: service.logging.options },
      Memory: resources.memoryBytes,
      MemoryReservation: resources.memoryReservationBytes,
      MemorySwap: resources.memorySwapBytes,
      MemorySwappiness: resources.memorySwappiness,
      NanoCpus: resources.cpus === undefined ? undefined : Math.round(resources.cpus * 1e9),
      CpuShares: resources.cpuShares,
      CpuQuota: resources.cpuQuota,
      CpuPeriod: resources.cpuPeriodUs,
      CpusetCpus: resources.cpuset,
      PidsLimit: resources.pidsLimit,
      OomScoreAdj: resources.oomScoreAdj,
      OomKillDisable: resources.oomKillDisable,
      BlkioWeight: resources.blkioWeight,
      Annotations: Object.keys(service.annotations).length > 0 ? service.annotations : undefined,
      StorageOpt: Object.keys(service.storageOpt).length > 0 ? service.storageOpt : undefined,
    }),
    NetworkingConfig: networkingOf(spec),
  });
};

/** The first network is joined at creation; the engine connects the others before the start. */
export const furtherNetworks = (
  spec: ContainerSpec,
): { network: string; endpoint: Record<string, unknown> }[] =>
  spec.network.mode === 'bridge'
    ? spec.network.attachments
        .slice(1)
        .map((attachment) => ({ network: attachment.network, endpoint: endpointOf(attachment) }))
    : [];

const healthcheckBody = (
  healthcheck: HealthcheckSpec | 'disabled' | undefined,
  engine: EngineKind,
): unknown => {
  if (healthcheck === undefined) return undefined;
  if (healthcheck === 'disabled') return { Test: ['NONE'] };
  const { test, intervalMs, timeoutMs, startPeriodMs, retries } = healthcheck;
  return defined({
    Test: engine === 'podman' && test ? podmanTest(test) : test,
    Interval: intervalMs === undefined ? undefined : nanoseconds(intervalMs),
    Timeout: timeoutMs === undefined ? undefined : nanoseconds(timeoutMs),
    StartPeriod: startPeriodMs === undefined ? undefined : nanoseconds(startPeriodMs),
    Retries: retries,
  });
};

/** Podman joins the words with spaces and splits them again; a word that this would change goes to a shell, quoted. */
const podmanTest = ([form = '', ...words]: string[]): string[] =>
  form === 'CMD' && words.some((word) => word === '' || /\s/.test(word))
    ? ['CMD-SHELL', words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')]
    : [form, ...words];

const portBindings = ({ service }: ContainerSpec): Record<string, { HostIp: string; HostPort: string }[]> => {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { target, protocol, published, hostIp } of service.ports)
    (bindings[`${target}/${protocol}`] ??= []).push({
      HostIp: hostIp ?? '',
      HostPort: published === undefined ? '' : String(published),
    });
  return bindings;
};

const networkModeOf = ({ network }: ContainerSpec): string => {
  switch (network.mode) {
    case 'host':
    case 'none':
      return network.mode;
    case 'container':
      return `container:${network.container}`;
    case 'bridge':
      return network.attachments[0]?.network ?? 'none';
  }
};

const networkingOf = ({ network }: ContainerSpec): unknown => {
  const first = network.mode === 'bridge' ? network.attachments[0] : undefined;
  return first && { EndpointsConfig: { [first.network]: endpointOf(first) } };
};

type Attachment = Extract<ContainerSpec['network'], { mode: 'bridge' }>['attachments'][number];

const endpointOf = ({
  aliases,
  ipv4Address,
  ipv6Address,
  linkLocalIps,
  macAddress,
  driverOpts,
}: Attachment): Record<string, unknown> => {
  const ipam = defined({ IPv4Address: ipv4Address, IPv6Address: ipv6Address, LinkLocalIPs: linkLocalIps });
  return defined({
    Aliases: aliases,
    MacAddress: macAddress,
    DriverOpts: driverOpts,
    IPAMConfig: Object.keys(ipam).length > 0 ? ipam : undefined,
  });
};

/** Short binds make a missing host directory and take SELinux labels; the engine's `Mounts` do neither. */
const bindOf = (mount: ContainerMount): string[] => {
  if (mount.type === 'tmpfs') return [];
  const source = mount.type === 'bind' ? mount.source : mount.engineName;
  const asMount =
    mount.type === 'bind'
      ? !mount.createHostPath && mount.selinux === undefined
      : mount.subpath !== undefined || source === undefined;
  if (asMount || source === undefined) return [];
  const options = [
    mount.readOnly ? 'ro' : 'rw',
    ...(mount.selinux ? [mount.selinux] : []),
    ...(mount.type === 'bind' && mount.propagation ? [mount.propagation] : []),
    ...(mount.type === 'volume' && mount.noCopy ? ['nocopy'] : []),
  ];
  return [`${source}:${mount.target}:${options.join(',')}`];
};

const mountOf = (mount: ContainerMount): Record<string, unknown>[] => {
  if (mount.type === 'tmpfs' || bindOf(mount).length > 0) return [];
  if (mount.type === 'bind')
    return [
      defined({
        Type: 'bind',
        Source: mount.source,
        Target: mount.target,
        ReadOnly: mount.readOnly,
        BindOptions: mount.propagation === undefined ? undefined : { Propagation: mount.propagation },
      }),
    ];
  const options = defined({ NoCopy: mount.noCopy || undefined, Subpath: mount.subpath });
  return [
    defined({
      Type: 'volume',
      Source: mount.engineName,
      Target: mount.target,
      ReadOnly: mount.readOnly,
      VolumeOptions: Object.keys(options).length > 0 ? options : undefined,
    }),
  ];
};

const tmpfsOf = (mount: ContainerMount): [string, string][] => {
  if (mount.type !== 'tmpfs') return [];
  const options = [
    mount.options,
    mount.readOnly ? 'ro' : undefined,
    mount.sizeBytes === undefined ? undefined : `size=${mount.sizeBytes}`,
    mount.mode === undefined ? undefined : `mode=${mount.mode.toString(8)}`,
  ].filter((option) => option !== undefined && option !== '');
  return [[mount.target, options.join(',')]];
};

/** Leaves out what is `undefined`, so that the engine's own defaults count. */
const defined = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
