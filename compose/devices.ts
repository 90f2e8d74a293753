/** `devices:`, `gpus:` and device reservations. */
import type { ServiceSpec } from '../domain/stack.ts';
import type { Reader } from './reader.ts';
import { get, type MapNode, type Node } from './tree.ts';

type DeviceRequest = ServiceSpec['deviceRequests'][number];

/** `SOURCE[:TARGET[:PERMISSIONS]]`. A source of the form `vendor/class=name` is a CDI device. */
export const readDevices = (reader: Reader, node: Node | undefined): ServiceSpec['devices'] =>
  reader.items(node, 'devices').flatMap((item) => {
    if (item.kind === 'map') {
      reader.knownKeys(item, 'devices', ['source', 'target', 'permissions']);
      const [source, target, permissions] = ['source', 'target', 'permissions'].map((key) =>
        reader.text(get(item, key), key),
      );
      return source === undefined
        ? []
        : [{ source, target: target ?? source, permissions: permissions ?? 'rwm' }];
    }
    const text = reader.text(item, 'a device');
    if (text === undefined) return [];
    const [source = '', target, permissions = 'rwm'] = text.split(':');
    if (!source.startsWith('/') && !/^[\w.-]+\/[\w.-]+=[\w.:-]+$/.test(source)) {
      reader.error(
        item.at,
        'device',
        `The device ${JSON.stringify(text)} is not of the form /dev/NAME[:TARGET[:rwm]].`,
      );
      return [];
    }
    // `/dev/x:rw` gives permissions without a target.
    if (target !== undefined && /^[rwm]{1,3}$/.test(target))
      return [{ source, target: source, permissions: target }];
    return [{ source, target: target ?? source, permissions }];
  });

/** `gpus: all`, or a list of requests. */
export const readGpus = (reader: Reader, node: Node | undefined): DeviceRequest[] => {
  if (node?.kind === 'scalar') {
    const text = reader.text(node, 'gpus');
    if (text === 'all') return [{ count: -1, capabilities: ['gpu'] }];
    reader.error(node.at, 'device', 'gpus is "all" or a list.');
    return [];
  }
  return reader.items(node, 'gpus').flatMap((item) => {
    const map = reader.map(item, 'an entry of gpus');
    return map ? [readDeviceRequest(reader, map, ['gpu'])] : [];
  });
};

/** An entry of `gpus:` or of `deploy.resources.reservations.devices:`. */
export const readDeviceRequest = (reader: Reader, map: MapNode, capabilities: string[]): DeviceRequest => {
  reader.knownKeys(map, 'a device request', ['driver', 'count', 'device_ids', 'capabilities', 'options']);
  const driver = reader.text(get(map, 'driver'), 'driver');
  const countText = reader.text(get(map, 'count'), 'count');
  const count = countText === undefined ? undefined : countText === 'all' ? -1 : Number(countText);
  if (count !== undefined && !Number.isInteger(count))
    reader.error(
      get(map, 'count')?.at ?? map.at,
      'device',
      `count is a number or "all", not ${JSON.stringify(countText)}.`,
    );
  const deviceIds = reader.texts(get(map, 'device_ids'), 'device_ids');
  const given = reader.texts(get(map, 'capabilities'), 'capabilities');
  const options = reader.pairs(get(map, 'options'), 'options');
  return {
    capabilities: given.length > 0 ? given : capabilities,
    ...(driver === undefined ? {} : { driver }),
    ...(deviceIds.length > 0 ? { deviceIds } : { count: count ?? -1 }),
    ...(Object.keys(options).length > 0 ? { options } : {}),
  };
};
