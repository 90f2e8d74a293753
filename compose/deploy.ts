/** `deploy:` of a service, as far as it means something on a single host. */
import type { ResourceLimits, ServiceSpec } from '../domain/stack.ts';
import { readDeviceRequest } from './devices.ts';
import { checkKeys } from './keys.ts';
import type { Reader } from './reader.ts';
import { onePerService } from './support.ts';
import { get, type MapNode, type Node } from './tree.ts';

export type Deploy = {
  limits: Pick<ResourceLimits, 'memoryBytes' | 'memoryReservationBytes' | 'cpus' | 'pidsLimit'>;
  deviceRequests: ServiceSpec['deviceRequests'];
  restart?: ServiceSpec['restart'];
  updateOrder: ServiceSpec['updateOrder'];
  failureAction?: NonNullable<ServiceSpec['failureAction']>;
  /** `update_config.monitor`: how long a new container is watched. The same as `min_healthy_time`. */
  monitorMs?: number;
};

export const readDeploy = (reader: Reader, service: MapNode): Deploy => {
  oneContainer(reader, get(service, 'scale'), 'scale');
  const map = reader.map(get(service, 'deploy'), 'deploy');
  if (!map) return { limits: {}, deviceRequests: [], updateOrder: 'stop-first' };
  checkKeys(reader, map, 'deploy');
  oneContainer(reader, get(map, 'replicas'), 'replicas');
  const restart = readRestartPolicy(reader, get(map, 'restart_policy'));
  return {
    ...readResources(reader, get(map, 'resources')),
    ...(restart && !get(service, 'restart') ? { restart } : {}),
    ...readUpdateConfig(reader, get(map, 'update_config')),
  };
};

const oneContainer = (reader: Reader, node: Node | undefined, key: string): void => {
  const count = reader.number(node, key, { min: 0 });
  if (node === undefined || count === undefined || count === 1) return;
  reader.error(
    node.at,
    'replicas',
    `"${key}: ${count}" cannot be met: ${onePerService}.`,
    count === 0
      ? 'Put the service under a profile to leave it out.'
      : 'Write one service for each container.',
  );
};

const readResources = (reader: Reader, node: Node | undefined): Pick<Deploy, 'limits' | 'deviceRequests'> => {
  const map = reader.map(node, 'resources');
  if (!map) return { limits: {}, deviceRequests: [] };
  reader.knownKeys(map, 'resources', ['limits', 'reservations']);
  const limits = reader.map(get(map, 'limits'), 'limits');
  const reservations = reader.map(get(map, 'reservations'), 'reservations');
  if (limits) reader.knownKeys(limits, 'limits', ['cpus', 'memory', 'pids']);
  if (reservations)
    reader.knownKeys(reservations, 'reservations', [
      'cpus',
      'memory',
      'devices',
      'pids',
      'generic_resources',
    ]);
  if (reservations)
    reader.ignoredKeys(
      reservations,
      ['cpus', 'pids', 'generic_resources'],
      'a single host reserves only memory',
    );
  const memoryBytes = limits && reader.bytes(get(limits, 'memory'), 'memory');
  const cpus = limits && reader.number(get(limits, 'cpus'), 'cpus', { min: 0, integer: false });
  const pidsLimit = limits && reader.number(get(limits, 'pids'), 'pids', { min: -1 });
  const reserved = reservations && reader.bytes(get(reservations, 'memory'), 'memory');
  const deviceRequests = reader
    .items(reservations && get(reservations, 'devices'), 'devices')
    .flatMap((item) => (item.kind === 'map' ? [readDeviceRequest(reader, item, [])] : []));
  return {
    limits: {
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(cpus === undefined ? {} : { cpus }),
      ...(pidsLimit === undefined ? {} : { pidsLimit }),
      ...(reserved === undefined ? {} : { memoryReservationBytes: reserved }),
    },
    deviceRequests,
  };
};

const readRestartPolicy = (reader: Reader, node: Node | undefined): ServiceSpec['restart'] | undefined => {
  const map = reader.map(node, 'restart_policy');
  if (!map) return undefined;
  reader.knownKeys(map, 'restart_policy', ['condition', 'delay', 'max_attempts', 'window']);
  reader.ignoredKeys(map, ['delay', 'window'], 'the engine has its own pauses between restarts');
  const condition = reader.oneOf(get(map, 'condition'), 'condition', [
    'none',
    'on-failure',
    'any',
    'always',
    'unless-stopped',
  ] as const);
  const attempts = reader.number(get(map, 'max_attempts'), 'max_attempts', { min: 0 });
  switch (condition) {
    case 'none':
      return { policy: 'no' };
    case 'on-failure':
      return { policy: 'on-failure', ...(attempts === undefined ? {} : { maximumRetryCount: attempts }) };
    case 'unless-stopped':
      return { policy: 'unless-stopped' };
    case 'any':
    case 'always':
    case undefined:
      return { policy: 'always' };
  }
};

const readUpdateConfig = (
  reader: Reader,
  node: Node | undefined,
): Pick<Deploy, 'updateOrder' | 'failureAction' | 'monitorMs'> => {
  const map = reader.map(node, 'update_config');
  if (!map) return { updateOrder: 'stop-first' };
  reader.knownKeys(map, 'update_config', [
    'parallelism',
    'delay',
    'failure_action',
    'monitor',
    'max_failure_ratio',
    'order',
  ]);
  reader.ignoredKeys(map, ['parallelism', 'delay', 'max_failure_ratio'], onePerService);
  const order = reader.oneOf(get(map, 'order'), 'order', ['stop-first', 'start-first'] as const);
  const failureAction = reader.oneOf(get(map, 'failure_action'), 'failure_action', [
    'continue',
    'pause',
    'rollback',
  ] as const);
  const monitorMs = reader.duration(get(map, 'monitor'), 'monitor');
  return {
    updateOrder: order ?? 'stop-first',
    ...(failureAction ? { failureAction } : {}),
    ...(monitorMs === undefined ? {} : { monitorMs }),
  };
};
