/** A container of a service that can harm nothing: without a network, without ports, on copies only, in no stack. */
import { stat } from 'node:fs/promises';
import { isHostPath } from '../domain/data.ts';
import { label } from '../domain/labels.ts';
import type { OperationId } from '../domain/names.ts';
import type { Release } from '../domain/release.ts';
import type { RestoreQuestion } from '../domain/restore-test.ts';
import type { MountSpec, ServiceSpec } from '../domain/stack.ts';
import { permanent } from './activity.ts';
import { containerSpec } from './container-spec.ts';
import { realOr } from './data.ts';
import { ifThere } from './errno.ts';
import type { ContainerSpec } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import type { Secrets } from './secrets.ts';

export type Throwaway = {
  ports: Ports;
  operation: OperationId;
  release: Release;
  service: ServiceSpec;
  secrets: Secrets;
  /** Image id, present here. */
  image: string;
  ask: RestoreQuestion;
  /** The path whose copy it gets, and where that lies. */
  path: string;
  copy: string;
};

/** More processes than any service starts at once; a container that has gone wild stops here. */
const mostProcesses = 2_048;

export const throwawayName = (operation: OperationId): string => `baton-restore-test-${operation}`;

export const throwawaySpec = async (throwaway: Throwaway): Promise<ContainerSpec> => {
  const { ports, operation, release, service, secrets, image } = throwaway;
  const harmless = { ...harmlessService(throwaway), mounts: await mountsOf(throwaway) };
  const spec = await containerSpec({
    ports,
    release: { ...release, images: { ...release.images, [service.name]: image } },
    service: harmless,
    operation,
    secrets,
    containerOf: () => Promise.reject(new Error('A throwaway container shares nothing.')),
  });
  // None of its stack's labels: nobody may take it for a service of that.
  return { ...spec, labels: { [label.restoreTest]: ports.host, [label.operation]: operation } };
};

/** What reaches out of a container, or is published, or belongs to the machine, is left out. */
const harmlessService = ({ operation, service, ask }: Throwaway): ServiceSpec => {
  const {
    macAddress: _mac,
    pid: _pid,
    ipc: _ipc,
    uts: _uts,
    cgroup: _cgroup,
    cgroupParent: _parent,
    usernsMode: users,
    logging: _logging,
    command,
    entrypoint,
    ...rest
  } = service;
  const own = ask.start ? { entrypoint: ask.start } : { command, entrypoint };
  return {
    ...rest,
    ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
    // It decides whose the files are; the host's own users are another matter.
    ...(users === undefined || users === 'host' ? {} : { usernsMode: users }),
    containerName: throwawayName(operation),
    network: { mode: 'none' },
    ports: [],
    expose: [],
    extraHosts: [],
    dns: [],
    dnsSearch: [],
    dnsOpt: [],
    labels: {},
    restart: { policy: 'no' },
    capAdd: [],
    devices: [],
    deviceCgroupRules: [],
    deviceRequests: [],
    privileged: false,
    securityOpt: service.securityOpt.filter((option) => option.startsWith('no-new-privileges')),
    sysctls: {},
    annotations: {},
    resources: limits(service, ask),
  };
};

const limits = (
  { resources }: ServiceSpec,
  { memoryBytes: most }: RestoreQuestion,
): ServiceSpec['resources'] => {
  const memoryBytes = Math.min(resources.memoryBytes ?? most, most);
  const { cpus, pidsLimit } = resources;
  return {
    memoryBytes,
    // No swap beside it: what is swapped out slows down all that runs.
    memorySwapBytes: memoryBytes,
    pidsLimit: pidsLimit !== undefined && pidsLimit > 0 ? pidsLimit : mostProcesses,
    ...(cpus === undefined ? {} : { cpus }),
  };
};

const mountsOf = async (throwaway: Throwaway): Promise<MountSpec[]> => {
  const mounts = await Promise.all(
    throwaway.service.mounts.map(async (mount) => await mountOf(throwaway, mount)),
  );
  return mounts.flatMap((mount) => mount ?? []);
};

/**
 * The tested data is the copy. What else it may write to is empty, and gone with it. What it only reads it reads, where that is
 * a file or a directory: through a socket it could reach what runs.
 */
const mountOf = async (
  { ports, release, path, copy, ask }: Throwaway,
  mount: MountSpec,
): Promise<MountSpec | undefined> => {
  const { target, at } = mount;
  if (mount.type === 'tmpfs') return mount;
  const source = await sourceOf(ports, release, mount);
  if (source !== undefined && isIn(path, source))
    return {
      type: 'bind',
      source: await withinCopy(copy, source.slice(path.length)),
      target,
      readOnly: mount.readOnly,
      createHostPath: false,
      at,
    };
  const kind = source === undefined ? undefined : await ifThere(() => stat(source));
  if (mount.readOnly)
    return source !== undefined && !isHostPath(source) && (kind?.isFile() || kind?.isDirectory())
      ? { type: 'bind', source, target, readOnly: true, createHostPath: false, at }
      : undefined;
  // Nothing can be mounted over a file but a file.
  if (kind && !kind.isDirectory()) return undefined;
  return { type: 'tmpfs', target, readOnly: false, sizeBytes: Math.floor(ask.memoryBytes / 2), at };
};

/** What is a directory today may have been a link when the snapshot was taken: through it live data would be written to. */
const withinCopy = async (copy: string, below: string): Promise<string> => {
  const source = await realOr(copy + below);
  if (isIn(await realOr(copy), source)) return source;
  throw permanent('LeadsOut', `In the snapshot "${below}" is a link that leads out of it, to ${source}.`);
};

/** Whether a mount shows the path itself, or something in it. */
export const isIn = (path: string, source: string): boolean =>
  source === path || source.startsWith(`${path}/`);

/** Where a mount's data really lies; nothing for what has no place before the container is made. */
export const sourceOf = async (
  { engine }: Pick<Ports, 'engine'>,
  { spec }: Release,
  mount: MountSpec,
): Promise<string | undefined> => {
  if (mount.type === 'bind') return await realOr(mount.source);
  if (mount.type === 'tmpfs' || mount.volume === undefined) return undefined;
  const name = spec.volumes[mount.volume]?.name ?? mount.volume;
  const place = (await engine.inspectVolume(name))?.mountpoint;
  return place === undefined ? undefined : await realOr(place);
};
