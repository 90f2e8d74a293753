/** `networks:` of the stack and of its services, and `network_mode:`. */
import { isIP } from 'node:net';
import { parseServiceName, type StackName } from '../domain/names.ts';
import type { Location, NetworkAttachment, NetworkMode, NetworkSpec } from '../domain/stack.ts';
import { checkKeys } from './keys.ts';
import type { Reader } from './reader.ts';
import { readResource } from './resources.ts';
import { get, type MapNode, type Node } from './tree.ts';

export const readNetworks = (
  reader: Reader,
  node: Node | undefined,
  stack: StackName,
): Record<string, NetworkSpec> =>
  Object.fromEntries(
    reader.entries(node, 'networks').flatMap((entry) => {
      const map = reader.map(entry.value, `network "${entry.key}"`);
      checkKeys(reader, map, 'network');
      const common = readResource(reader, entry, stack);
      if (!common) return [];
      const network: NetworkSpec = {
        ...common,
        internal: (map && reader.boolean(get(map, 'internal'), 'internal')) ?? false,
        attachable: (map && reader.boolean(get(map, 'attachable'), 'attachable')) ?? false,
        enableIpv6: (map && reader.boolean(get(map, 'enable_ipv6'), 'enable_ipv6')) ?? false,
        ipam: readIpam(reader, map && get(map, 'ipam')),
      };
      return [[entry.key, network]];
    }),
  );

const readIpam = (reader: Reader, node: Node | undefined): NetworkSpec['ipam'] => {
  const map = reader.map(node, 'ipam');
  if (!map) return { config: [] };
  reader.knownKeys(map, 'ipam', ['driver', 'config']);
  const driver = reader.text(get(map, 'driver'), 'driver');
  const config = reader.items(get(map, 'config'), 'config').flatMap((item) => {
    const pool = reader.map(item, 'a pool of ipam');
    if (!pool) return [];
    reader.knownKeys(pool, 'a pool of ipam', ['subnet', 'gateway', 'ip_range']);
    const [subnet, gateway, ipRange] = ['subnet', 'gateway', 'ip_range'].map((key) =>
      reader.text(get(pool, key), key),
    );
    if (subnet !== undefined && !isSubnet(subnet))
      reader.error(
        pool.at,
        'network',
        `The subnet ${JSON.stringify(subnet)} is not of the form 10.0.0.0/24.`,
      );
    return [
      {
        ...(subnet === undefined ? {} : { subnet }),
        ...(gateway === undefined ? {} : { gateway }),
        ...(ipRange === undefined ? {} : { ipRange }),
      },
    ];
  });
  return { ...(driver === undefined ? {} : { driver }), config };
};

const isSubnet = (text: string): boolean => {
  const [address = '', bits = '', ...rest] = text.split('/');
  const widest = isIP(address) === 6 ? 128 : 32;
  return isIP(address) > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= widest && rest.length === 0;
};

/** @param node the service. A bridge without attachments joins the stack's default network. */
export const readNetworkMode = (reader: Reader, service: MapNode): NetworkMode => {
  const modeNode = get(service, 'network_mode');
  const networks = get(service, 'networks');
  const mode = reader.text(modeNode, 'network_mode');
  if (modeNode && mode !== undefined) {
    if (networks) reader.error(modeNode.at, 'network', '"network_mode" and "networks" exclude each other.');
    return parseMode(reader, mode, modeNode.at) ?? { mode: 'bridge', attachments: [] };
  }
  const attachments = readAttachments(reader, networks).sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0));
  return { mode: 'bridge', attachments };
};

const parseMode = (reader: Reader, mode: string, at: Location): NetworkMode | undefined => {
  if (mode === 'host' || mode === 'none') return { mode };
  if (mode === 'bridge' || mode === 'default') return { mode: 'bridge', attachments: [] };
  const [kind, ...rest] = mode.split(':');
  const name = rest.join(':');
  if (kind === 'service') {
    const service = parseServiceName(name);
    return service
      ? { mode: 'service', service }
      : reader.error(at, 'network', `${JSON.stringify(name)} is not the name of a service.`);
  }
  if (kind === 'container' && /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name))
    return { mode: 'container', container: name };
  return reader.error(
    at,
    'network',
    `network_mode ${JSON.stringify(mode)} is not known: it is host, none, bridge, service:NAME or container:NAME.`,
  );
};

const readAttachments = (reader: Reader, node: Node | undefined): NetworkAttachment[] => {
  if (node?.kind === 'list')
    return reader.texts(node, 'networks').map((network) => ({ network, aliases: [] }));
  return reader.entries(node, 'networks').map(({ key, value }) => attachment(reader, key, value));
};

const attachment = (reader: Reader, network: string, node: Node): NetworkAttachment => {
  const map = reader.map(node, `network "${network}"`);
  if (!map) return { network, aliases: [] };
  checkKeys(reader, map, 'networkAttachment');
  const address = (key: string, family: 4 | 6): string | undefined => {
    const text = reader.text(get(map, key), key);
    if (text === undefined || isIP(text) === family) return text;
    return reader.error(map.at, 'network', `${key} ${JSON.stringify(text)} is not an IPv${family} address.`);
  };
  const ipv4Address = address('ipv4_address', 4);
  const ipv6Address = address('ipv6_address', 6);
  const linkLocalIps = reader.texts(get(map, 'link_local_ips'), 'link_local_ips');
  const macAddress = reader.text(get(map, 'mac_address'), 'mac_address');
  const driverOpts = reader.pairs(get(map, 'driver_opts'), 'driver_opts');
  const priority = reader.number(get(map, 'priority'), 'priority');
  return {
    network,
    aliases: reader.texts(get(map, 'aliases'), 'aliases'),
    ...(ipv4Address === undefined ? {} : { ipv4Address }),
    ...(ipv6Address === undefined ? {} : { ipv6Address }),
    ...(linkLocalIps.length > 0 ? { linkLocalIps } : {}),
    ...(macAddress === undefined ? {} : { macAddress }),
    ...(Object.keys(driverOpts).length > 0 ? { driverOpts } : {}),
    ...(priority === undefined ? {} : { priority }),
  };
};
