/** `ports:` and `expose:`, short and long. */
import { isIP } from 'node:net';
import type { Location, PortSpec } from '../domain/stack.ts';
import { checkKeys } from './keys.ts';
import type { Reader } from './reader.ts';
import { get, type Node } from './tree.ts';

/** A range longer than any seen in published files (101 ports of an FTP server); each port costs a firewall rule. */
const longestRange = 2048;

type Range = { from: number; to: number };

const parseRange = (text: string): Range | undefined => {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  return from >= 1 && to <= 65_535 && from <= to && to - from < longestRange ? { from, to } : undefined;
};

const protocols = ['tcp', 'udp', 'sctp'] as const;

/** `[[host-ip:]host-port:]container-port[/protocol]`; an IPv6 address stands in brackets. */
const shortForm =
  /^(?:(?:(?<ip>\[[^\]]*\]|[^:[\]]*):)?(?<published>[^:]*):)?(?<target>[^:/]+)(?:\/(?<protocol>.+))?$/;

export const readPorts = (reader: Reader, node: Node | undefined): PortSpec[] =>
  reader
    .items(node, 'ports')
    .flatMap((item) => (item.kind === 'map' ? longPort(reader, item) : shortPort(reader, item)));

const shortPort = (reader: Reader, node: Node): PortSpec[] => {
  const text = reader.text(node, 'a port');
  if (text === undefined) return [];
  const groups = shortForm.exec(text.trim())?.groups;
  const wrong = (why: string): PortSpec[] => {
    reader.error(node.at, 'port', `The port ${JSON.stringify(text)} ${why}.`);
    return [];
  };
  if (!groups?.['target']) return wrong('is not of the form [[HOST_IP:]HOST:]CONTAINER[/PROTOCOL]');
  const protocol = (groups['protocol'] ?? 'tcp').toLowerCase();
  if (!isProtocol(protocol)) return wrong(`names the protocol "${protocol}"; tcp, udp and sctp are known`);
  const ip = groups['ip']?.replace(/^\[|\]$/g, '');
  if (ip !== undefined && ip !== '' && isIP(ip) === 0)
    return wrong(`names the host address "${ip}", which is none`);
  const target = parseRange(groups['target']);
  if (!target) return wrong('holds a container port that is not from 1 to 65535');
  const published =
    groups['published'] === undefined || groups['published'] === ''
      ? undefined
      : parseRange(groups['published']);
  if (groups['published'] && !published) return wrong('holds a host port that is not from 1 to 65535');
  return (
    expand(target, published, { protocol, at: node.at, ...(ip ? { hostIp: ip } : {}) }) ??
    wrong('maps ranges of different lengths')
  );
};

const isProtocol = (text: string): text is PortSpec['protocol'] => protocols.some((known) => known === text);

const expand = (
  target: Range,
  published: Range | undefined,
  rest: Omit<PortSpec, 'target' | 'published'>,
): PortSpec[] | undefined => {
  const count = target.to - target.from;
  if (published && published.to - published.from !== count) return undefined;
  return Array.from({ length: count + 1 }, (_, index) => ({
    target: target.from + index,
    ...(published ? { published: published.from + index } : {}),
    ...rest,
  }));
};

const longPort = (reader: Reader, node: Node): PortSpec[] => {
  const map = reader.map(node, 'a port');
  if (!map) return [];
  checkKeys(reader, map, 'port');
  const target = reader.number(get(map, 'target'), 'target', { min: 1, max: 65_535 });
  if (target === undefined) {
    if (!get(map, 'target'))
      reader.error(map.at, 'port', 'A port needs a target: the port in the container.');
    return [];
  }
  const published = publishedOf(reader, get(map, 'published'));
  const hostIp = reader.text(get(map, 'host_ip'), 'host_ip');
  if (hostIp !== undefined && isIP(hostIp) === 0)
    reader.error(map.at, 'port', `host_ip ${JSON.stringify(hostIp)} is not an address.`);
  const protocol = reader.oneOf(get(map, 'protocol'), 'protocol', protocols) ?? 'tcp';
  return [
    {
      target,
      protocol,
      at: map.at,
      ...(published === undefined ? {} : { published }),
      ...(hostIp === undefined ? {} : { hostIp }),
    },
  ];
};

const publishedOf = (reader: Reader, node: Node | undefined): number | undefined => {
  const text = reader.text(node, 'published');
  if (node === undefined || text === undefined || text === '' || text === '0') return undefined;
  const range = parseRange(text);
  if (range?.from === range?.to && range) return range.from;
  return reader.error(
    node.at,
    'port',
    `published must be one port from 1 to 65535, not ${JSON.stringify(text)}.`,
  );
};

/** `expose:`: ports that other containers may reach, `8080` or `8080/udp`, ranges spread out. */
export const readExpose = (reader: Reader, node: Node | undefined): string[] =>
  reader.items(node, 'expose').flatMap((item) => {
    const text = reader.text(item, 'an exposed port');
    if (text === undefined) return [];
    const [ports = '', protocol = 'tcp'] = text.split('/');
    const range = parseRange(ports);
    if (!range || !isProtocol(protocol)) {
      reader.error(item.at, 'port', `${JSON.stringify(text)} is not a port from 1 to 65535.`);
      return [];
    }
    return Array.from(
      { length: range.to - range.from + 1 },
      (_, index) => `${range.from + index}/${protocol}`,
    );
  });

/** Two services of one stack cannot publish the same host port. */
export const reportPortClashes = (reader: Reader, services: { name: string; ports: PortSpec[] }[]): void => {
  const taken = new Map<string, { service: string; at: Location; hostIp: string }[]>();
  for (const { name, ports } of services)
    for (const { published, protocol, hostIp = '', at } of ports) {
      if (published === undefined) continue;
      const key = `${published}/${protocol}`;
      const users = taken.get(key) ?? [];
      const clash = users.find((user) => user.hostIp === hostIp || isAny(user.hostIp) || isAny(hostIp));
      if (clash)
        reader.error(
          at,
          'port-clash',
          `Host port ${key} is already published by "${clash.service}" (line ${clash.at.line}).`,
        );
      taken.set(key, [...users, { service: name, at, hostIp }]);
    }
};

const isAny = (address: string): boolean => address === '' || address === '0.0.0.0' || address === '::';
