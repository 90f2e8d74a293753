/**
 * The engine port over the Docker Engine API v1.41, which Docker (20.10 and newer) and Podman (4.3 and newer) both speak.
 * `docker.ts` and `podman.ts` say what is particular to each.
 */
import { access } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { label } from '../../domain/labels.ts';
import {
  EngineError,
  type ContainerSpec,
  type ContainerState,
  type ContainerStatus,
  type Engine,
  type EngineInfo,
  type EngineKind,
  type EngineUsage,
  type ImageState,
  type ListedImage,
  type NetworkState,
  type VolumeState,
} from '../ports/engine.ts';
import { demultiplex, type EngineApi } from './api.ts';
import { buildContext } from './build-context.ts';
import { execStream, exitCodeOf, outputLimitBytes } from './exec-stream.ts';
import { dockerLoads } from './loads.ts';
import { containerBody, furtherNetworks } from './container-body.ts';
import { readProgress } from './progress.ts';
import type { ApiContainer, ApiImage, ApiInfo, ApiNetwork, ApiUsage, ApiVolume } from './api-types.ts';

export type Particulars = {
  kind: EngineKind;
  api: EngineApi;
  /** `/v1.41`. */
  version: string;
  info: (raw: ApiInfo) => Partial<EngineInfo>;
  /** Whether builds leave something that is no image. */
  hasBuildCache: boolean;
  close: () => Promise<void>;
};

/** A large image on a slow disk takes minutes to delete, and a cache of many layers longer. */
const removalTimeoutMs = 30 * 60_000;
/** It measures every volume and every container's own layer, as `du` does. */
const usageTimeoutMs = 4 * 60_000;

export const dockerApiEngine = ({ kind, api, version, info, hasBuildCache, close }: Particulars): Engine => {
  const at = (path: string): string => `${version}${path}`;
  const of = (id: string): string => at(`/containers/${encodeURIComponent(id)}`);

  const inspectContainer = async (id: string): Promise<ContainerState | undefined> => {
    const raw = await api.find<ApiContainer>({ path: `${of(id)}/json` });
    return raw && containerState(raw);
  };

  const createOrFind = async (spec: ContainerSpec): Promise<string> => {
    try {
      const made = await api.json<{ Id: string }>({
        method: 'POST',
        path: at('/containers/create'),
        query: { name: spec.name },
        body: containerBody(spec, kind),
      });
      return made.Id;
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'name-taken') throw error;
      const there = await inspectContainer(spec.name);
      const operation = spec.labels[label.operation];
      if (operation === undefined || there?.labels[label.operation] !== operation) throw error;
      return there.id;
    }
  };

  const engine: Engine = {
    kind,

    async info() {
      const raw = await api.json<ApiInfo>({ path: at('/info') });
      return {
        kind,
        version: raw.ServerVersion,
        rootless: false,
        cpus: raw.NCPU,
        memoryBytes: raw.MemTotal,
        storageDriver: raw.Driver,
        canPause: true,
        reach: 'directly',
        rootDirectory: raw.DockerRootDir,
        ...info(raw),
      };
    },

    async listContainers(filter = {}) {
      const filters = filter.labels ? { filters: JSON.stringify({ label: filter.labels }) } : {};
      const listed = await api.json<{ Id: string }[]>({
        path: at('/containers/json'),
        query: { all: true, ...filters },
      });
      const states = await Promise.all(listed.map(async ({ Id }) => await inspectContainer(Id)));
      // One that went away between the list and the look is simply not there.
      return states.flatMap((state) => state ?? []);
    },

    inspectContainer,

    async createContainer(spec) {
      await demandSources(spec);
      const id = await createOrFind(spec);
      const further = furtherNetworks(spec);
      const connected = further.length > 0 ? (await inspectContainer(id))?.networks : {};
      for (const { network, endpoint } of further)
        if (!connected?.[network])
          await api.json({
            method: 'POST',
            path: at(`/networks/${encodeURIComponent(network)}/connect`),
            body: { Container: id, EndpointConfig: endpoint },
          });
      return id;
    },

    async startContainer(id) {
      await api.json({ method: 'POST', path: `${of(id)}/start` });
    },

    async stopContainer(id, graceMs) {
      const container = await inspectContainer(id);
      if (
        !container ||
        container.status === 'created' ||
        container.status === 'exited' ||
        container.status === 'dead'
      )
        return;
      if (container.status === 'paused') await engine.unpauseContainer(id);
      const seconds = Math.ceil(graceMs / 1000);
      await ignoring(
        ['not-found'],
        api.json({
          method: 'POST',
          path: `${of(id)}/stop`,
          query: { t: seconds },
          timeoutMs: graceMs + 60_000,
        }),
      );
    },

    async pauseContainer(id) {
      if ((await inspectContainer(id))?.status !== 'paused')
        await api.json({ method: 'POST', path: `${of(id)}/pause` });
    },

    async unpauseContainer(id) {
      if ((await inspectContainer(id))?.status === 'paused')
        await api.json({ method: 'POST', path: `${of(id)}/unpause` });
    },

    async renameContainer(id, name) {
      if ((await inspectContainer(id))?.name === name) return;
      await api.json({ method: 'POST', path: `${of(id)}/rename`, query: { name } });
    },

    async setRestartPolicy(id, policy) {
      // Podman has this call from 5.1 on; it has no daemon either that would restart a container by itself.
      if (kind === 'podman') return false;
      await api.json({ method: 'POST', path: `${of(id)}/update`, body: { RestartPolicy: { Name: policy } } });
      return true;
    },

    async removeContainer(id, { anonymousVolumes = false } = {}) {
      await ignoring(
        ['not-found'],
        api.json({ method: 'DELETE', path: of(id), query: { force: true, v: anonymousVolumes } }),
      );
    },

    readLoads: async () => await dockerLoads(api, at),

    async waitContainer(id, signal) {
      for (;;) {
        signal?.throwIfAborted();
        const container = await inspectContainer(id);
        if (!container) throw new EngineError('not-found', `${kind}: container ${id} is gone.`);
        if (container.exitCode !== undefined) return { exitCode: container.exitCode };
        await delay(200, undefined, signal ? { signal } : {});
      }
    },

    async exec(id, command, { timeoutMs, user }) {
      const { Id } = await api.json<{ Id: string }>({
        method: 'POST',
        path: `${of(id)}/exec`,
        body: {
          Cmd: command,
          AttachStdout: true,
          AttachStderr: true,
          ...(user === undefined ? {} : { User: user }),
        },
      });
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const output = await api.bytes({
          method: 'POST',
          path: at(`/exec/${Id}/start`),
          body: { Detach: false, Tty: false },
          signal,
          timeoutMs: 0,
        });
        // A stream that is cut off may end as if it were complete.
        signal.throwIfAborted();
        const exitCode = await exitCodeOf(api, at(`/exec/${Id}/json`), { signal });
        return { exitCode, output: demultiplex(output.subarray(-outputLimitBytes)) };
      } catch (error) {
        if (!signal.aborted) throw error;
        throw new EngineError(
          'timeout',
          `${command[0] ?? ''} in container ${id.slice(0, 12)} did not end within ${timeoutMs} ms.`,
          { cause: error },
        );
      }
    },

    execStream: async (id, command, options) =>
      await execStream(api, { container: of(id), at, command }, options),

    async logs(id, { tail, since }) {
      const query = { stdout: true, stderr: true, tail, ...(since === undefined ? {} : { since }) };
      return demultiplex(await api.bytes({ path: `${of(id)}/logs`, query }));
    },

    async inspectImage(reference) {
      const raw = await api.find<ApiImage>({ path: at(`/images/${encodeURIComponent(reference)}/json`) });
      return raw && imageState(raw);
    },

    async imageExistsRemotely(reference) {
      try {
        await api.json({
          path: at(`/distribution/${encodeURIComponent(reference)}/json`),
          timeoutMs: 20_000,
        });
        return true;
      } catch (error) {
        if (error instanceof EngineError && (error.code === 'not-found' || error.code === 'unauthorized'))
          return false;
        const why = error instanceof Error ? error.message : String(error);
        throw new EngineError('unreachable', `the registry of ${reference} does not answer (${why})`, {
          cause: error,
        });
      }
    },

    async pullImage(reference, onProgress, { signal, platform } = {}) {
      const response = await api.stream({
        method: 'POST',
        path: at('/images/create'),
        query: { fromImage: withTag(reference), platform },
        timeoutMs: 0,
        ...(signal ? { signal } : {}),
      });
      await readProgress(response, onProgress);
      return await demandImage(engine, reference);
    },

    async buildImage(build, onProgress, signal) {
      const { body, dockerfile } = await buildContext(build);
      const query = {
        t: build.tag,
        dockerfile,
        buildargs: JSON.stringify(build.args),
        labels: JSON.stringify(build.labels),
        target: build.target,
        nocache: build.noCache,
        pull: build.pull ? '1' : undefined,
        networkmode: build.network,
        platform: build.platform,
        shmsize: build.shmSizeBytes,
        extrahosts: build.extraHosts?.map(({ host, address }) => `${host}:${address}`).join(','),
        rm: true,
        forcerm: true,
      };
      const response = await api.stream({
        method: 'POST',
        path: at('/build'),
        query,
        stream: body,
        timeoutMs: 0,
        ...(signal ? { signal } : {}),
      });
      await readProgress(response, onProgress);
      return await demandImage(engine, build.tag);
    },

    async tagImage(id, reference) {
      const { name, tag } = splitTag(reference);
      await api.json({
        method: 'POST',
        path: at(`/images/${encodeURIComponent(id)}/tag`),
        query: { repo: name, tag },
      });
    },

    async untagImage(reference) {
      await ignoring(
        ['not-found', 'in-use'],
        api.json({
          method: 'DELETE',
          path: at(`/images/${encodeURIComponent(reference)}`),
          query: { noprune: true },
        }),
      );
    },

    async listImages() {
      const listed = await api.json<{ Id: string }[]>({ path: at('/images/json') });
      const states = await Promise.all(
        [...new Set(listed.map(({ Id }) => Id))].map(
          async (id) => await api.find<ApiImage>({ path: at(`/images/${encodeURIComponent(id)}/json`) }),
        ),
      );
      return states.flatMap((raw) => (raw ? listedImage(raw) : []));
    },

    async removeImage(id, { parents }) {
      const filters = JSON.stringify({ ancestor: [id] });
      const users = await api.json<{ Id: string }[]>({
        path: at('/containers/json'),
        query: { all: true, filters },
      });
      if (users.length > 0)
        throw new EngineError('in-use', `${kind}: a container was made from image ${id}.`);
      const taken: string[] = [];
      try {
        // By id, only an image with one tag at most is removed without force, which does not stop at containers.
        for (const tag of (await engine.inspectImage(id))?.tags.slice(1) ?? []) {
          // It may have moved on to another image meanwhile.
          if ((await engine.inspectImage(tag))?.id !== id) continue;
          await engine.untagImage(tag);
          taken.push(tag);
        }
        await ignoring(
          ['not-found'],
          api.json({
            method: 'DELETE',
            path: at(`/images/${encodeURIComponent(id)}`),
            query: { noprune: parents === 'keep' },
            timeoutMs: removalTimeoutMs,
          }),
        );
      } catch (error) {
        // Why it could not be removed is the news; that a tag could not be put back either is not.
        for (const tag of taken) await engine.tagImage(id, tag).catch(() => undefined);
        throw error;
      }
    },

    async readUsage() {
      const raw = await api.json<ApiUsage>({ path: at('/system/df'), timeoutMs: usageTimeoutMs });
      return usageOf(raw, hasBuildCache);
    },

    async pruneBuildCache({ olderThanMs }) {
      if (!hasBuildCache) throw new EngineError('unsupported', `${kind} keeps nothing of builds but images.`);
      const filters = JSON.stringify({ until: [`${Math.ceil(olderThanMs / 1000)}s`] });
      const { SpaceReclaimed } = await api.json<{ SpaceReclaimed?: number }>({
        method: 'POST',
        path: at('/build/prune'),
        query: { all: true, filters },
        timeoutMs: removalTimeoutMs,
      });
      return SpaceReclaimed ?? 0;
    },

    async inspectNetwork(name) {
      const raw = await api.find<ApiNetwork>({ path: at(`/networks/${encodeURIComponent(name)}`) });
      // Engines also find networks by a prefix of their id.
      return raw?.Name === name ? networkState(raw) : undefined;
    },

    async createNetwork(network) {
      const there = await engine.inspectNetwork(network.name);
      if (there) return there;
      const body = {
        Name: network.name,
        CheckDuplicate: true,
        Driver: network.driver ?? 'bridge',
        Options: network.driverOpts,
        Internal: network.internal,
        Attachable: network.attachable,
        EnableIPv6: network.enableIpv6,
        Labels: network.labels,
        ...(network.ipam.config.length > 0 || network.ipam.driver
          ? {
              IPAM: {
                Driver: network.ipam.driver ?? 'default',
                Config: network.ipam.config.map(({ subnet, gateway, ipRange }) => ({
                  Subnet: subnet,
                  Gateway: gateway,
                  IPRange: ipRange,
                })),
              },
            }
          : {}),
      };
      await ignoring(['name-taken'], api.json({ method: 'POST', path: at('/networks/create'), body }));
      const made = await engine.inspectNetwork(network.name);
      if (!made)
        throw new EngineError('internal', `${kind}: network ${network.name} was made but cannot be seen.`);
      return made;
    },

    async removeNetwork(name) {
      await ignoring(
        ['not-found'],
        api.json({ method: 'DELETE', path: at(`/networks/${encodeURIComponent(name)}`) }),
      );
    },

    async inspectVolume(name) {
      const raw = await api.find<ApiVolume>({ path: at(`/volumes/${encodeURIComponent(name)}`) });
      return raw && volumeState(raw);
    },

    async createVolume({ name, driver, driverOpts, labels }) {
      const there = await engine.inspectVolume(name);
      if (there) return there;
      const body = { Name: name, Driver: driver ?? 'local', DriverOpts: driverOpts, Labels: labels };
      return volumeState(await api.json({ method: 'POST', path: at('/volumes/create'), body }));
    },

    async removeVolume(name) {
      await ignoring(
        ['not-found'],
        api.json({ method: 'DELETE', path: at(`/volumes/${encodeURIComponent(name)}`) }),
      );
    },

    async listDanglingVolumes() {
      const { Volumes } = await api.json<{ Volumes?: ApiVolume[] | null }>({
        path: at('/volumes'),
        query: { filters: JSON.stringify({ dangling: ['true'] }) },
      });
      return (Volumes ?? []).map(volumeState);
    },

    async close() {
      api.close();
      await close();
    },
  };
  return engine;
};

const ignoring = async (codes: string[], work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof EngineError) || !codes.includes(error.code)) throw error;
  }
};

/** Podman makes what is missing even where it was told not to. */
const demandSources = async ({ mounts }: ContainerSpec): Promise<void> => {
  for (const mount of mounts) {
    if (mount.type !== 'bind' || mount.createHostPath) continue;
    await access(mount.source).catch((cause: unknown) => {
      throw new EngineError('invalid', `The path ${mount.source} does not exist on this host.`, { cause });
    });
  }
};

const demandImage = async (engine: Engine, reference: string): Promise<ImageState> => {
  const image = await engine.inspectImage(reference);
  if (!image)
    throw new EngineError('internal', `${engine.kind}: image ${reference} was fetched but cannot be seen.`);
  return image;
};

/** Without a tag the API pulls every tag there is. */
const withTag = (reference: string): string =>
  reference.includes('@') || splitTag(reference).tag !== undefined ? reference : `${reference}:latest`;

const splitTag = (reference: string): { name: string; tag?: string } => {
  const colon = reference.lastIndexOf(':');
  if (colon <= reference.lastIndexOf('/')) return { name: reference };
  return { name: reference.slice(0, colon), tag: reference.slice(colon + 1) };
};

const statuses: readonly string[] = [
  'created',
  'running',
  'paused',
  'restarting',
  'exited',
  'dead',
  'removing',
];

const statusOf = (status: string): ContainerStatus => {
  // Podman's own words for the same states.
  const translated =
    { configured: 'created', initialized: 'created', stopped: 'exited', stopping: 'running' }[status] ??
    status;
  return statuses.includes(translated) ? (translated as ContainerStatus) : 'unknown';
};

/** Engines write year 1 for "never". */
const timeOf = (text: string | undefined): string | undefined =>
  text === undefined || text === '' || text.startsWith('0001') ? undefined : text;

const containerState = (raw: ApiContainer): ContainerState => {
  const status = statusOf(raw.State.Status);
  const ended = status === 'exited' || status === 'dead';
  const startedAt = timeOf(raw.State.StartedAt);
  const finishedAt = timeOf(raw.State.FinishedAt);
  const healthcheck = healthcheckOf(raw);
  return {
    id: raw.Id,
    name: raw.Name.replace(/^\//, ''),
    imageId: withAlgorithm(raw.Image),
    imageName: raw.Config.Image ?? '',
    status,
    ...(ended ? { exitCode: raw.State.ExitCode } : {}),
    oomKilled: raw.State.OOMKilled ?? false,
    restartCount: raw.RestartCount ?? 0,
    pid: raw.State.Pid ?? 0,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    labels: raw.Config.Labels ?? {},
    restartPolicy: raw.HostConfig.RestartPolicy?.Name || 'no',
    ...(raw.HostConfig.Memory ? { memoryLimitBytes: raw.HostConfig.Memory } : {}),
    networks: Object.fromEntries(
      Object.entries(raw.NetworkSettings?.Networks ?? {}).map(([name, network]) => [
        name,
        { ipAddress: network?.IPAddress ?? '', aliases: network?.Aliases ?? [] },
      ]),
    ),
    networkMode: raw.HostConfig.NetworkMode ?? '',
    mounts: (raw.Mounts ?? []).map((mount) => ({
      type: mount.Type === 'volume' || mount.Type === 'tmpfs' ? mount.Type : 'bind',
      source: mount.Source ?? '',
      ...(mount.Name ? { volume: mount.Name } : {}),
      target: mount.Destination,
      readOnly: !mount.RW,
    })),
    ports: Object.entries(raw.HostConfig.PortBindings ?? {}).flatMap(([key, bindings]) =>
      (bindings ?? []).flatMap(({ HostIp, HostPort }) => {
        const [port = '0', protocol = 'tcp'] = key.split('/');
        return Number(HostPort) > 0
          ? [{ hostIp: HostIp ?? '', hostPort: Number(HostPort), containerPort: Number(port), protocol }]
          : [];
      }),
    ),
    ...(healthcheck ? { healthcheck } : {}),
  };
};

const healthcheckOf = ({ Config }: ApiContainer): ContainerState['healthcheck'] => {
  const raw = Config.Healthcheck;
  if (!raw?.Test || raw.Test.length === 0 || raw.Test[0] === 'NONE') return undefined;
  const ms = (value: number | undefined): number => Math.round((value ?? 0) / 1e6);
  return {
    test: raw.Test,
    timeoutMs: ms(raw.Timeout),
    intervalMs: ms(raw.Interval),
    startPeriodMs: ms(raw.StartPeriod),
    retries: raw.Retries ?? 0,
  };
};

const withAlgorithm = (id: string): string => (id.includes(':') ? id : `sha256:${id}`);

const imageState = (raw: ApiImage): ImageState => {
  const test = raw.Config?.Healthcheck?.Test;
  return {
    id: withAlgorithm(raw.Id),
    // Docker writes `<none>` for what has none.
    tags: (raw.RepoTags ?? []).filter((tag) => !tag.startsWith('<none>')),
    repoDigests: (raw.RepoDigests ?? []).filter((digest) => !digest.startsWith('<none>')),
    sizeBytes: raw.Size,
    ...(raw.Parent ? { parent: withAlgorithm(raw.Parent) } : {}),
    ...(test ? { healthcheck: test } : {}),
    volumes: Object.keys(raw.Config?.Volumes ?? {}),
    exposedPorts: Object.keys(raw.Config?.ExposedPorts ?? {}),
    labels: raw.Config?.Labels ?? {},
    createdAt: timeOf(raw.Created) ?? new Date(0).toISOString(),
  };
};

const listedImage = (raw: ApiImage): ListedImage => {
  const taggedAt = timeOf(raw.Metadata?.LastTagTime);
  return {
    ...imageState(raw),
    ...(taggedAt === undefined ? {} : { taggedAt }),
  };
};

const usageOf = (raw: ApiUsage, hasBuildCache: boolean): EngineUsage => ({
  images: Object.fromEntries(
    (raw.Images ?? []).map(({ Id, Size, SharedSize = 0 }) => [
      withAlgorithm(Id),
      Math.max(0, Size - Math.max(0, SharedSize)),
    ]),
  ),
  volumes: Object.fromEntries(
    (raw.Volumes ?? []).flatMap(({ Name, UsageData }) =>
      UsageData && UsageData.Size >= 0 ? [[Name, UsageData.Size]] : [],
    ),
  ),
  ...(hasBuildCache
    ? {
        buildCache: (raw.BuildCache ?? []).map(({ Size, InUse, Shared, CreatedAt, LastUsedAt }) => ({
          // What an image has too stays with that.
          bytes: Shared ? 0 : Size,
          inUse: InUse,
          usedAt: timeOf(LastUsedAt ?? undefined) ?? CreatedAt,
        })),
      }
    : {}),
});

const networkState = (raw: ApiNetwork): NetworkState => ({
  id: raw.Id,
  name: raw.Name,
  driver: raw.Driver,
  labels: raw.Labels ?? {},
  subnets: (raw.IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []),
  internal: raw.Internal ?? false,
});

const volumeState = (raw: ApiVolume): VolumeState => ({
  name: raw.Name,
  driver: raw.Driver,
  mountpoint: raw.Mountpoint,
  labels: raw.Labels ?? {},
});
