/** One service, from its located mapping to a {@link ServiceSpec}. */
import { parseServiceName, type StackName } from '../domain/names.ts';
import type { Dependency, HealthcheckSpec, ServiceSpec, StackPolicy, Template } from '../domain/stack.ts';
import { readBuild } from './build.ts';
import { readContentMounts } from './contents.ts';
import { readDeploy } from './deploy.ts';
import { readDevices, readGpus } from './devices.ts';
import { checkKeys } from './keys.ts';
import { readLimits } from './limits.ts';
import { readMounts } from './mounts.ts';
import { readNetworkMode } from './networks.ts';
import { readExpose, readPorts } from './ports.ts';
import type { Reader } from './reader.ts';
import { get, isNull, type Entry, type MapNode, type Node } from './tree.ts';
import { splitWords } from './units.ts';
import { readServiceKeys } from './x-baton.ts';

/** Does no I/O: what is in other files is only named. */
export const readService = (reader: Reader, entry: Entry, stack: StackName): ServiceSpec | undefined => {
  const name = parseServiceName(entry.key);
  if (!name)
    return reader.error(
      entry.keyAt,
      'name',
      `${JSON.stringify(entry.key)} is not a name for a service: letters, digits, ".", "_" and "-", not at the start, at most 63.`,
    );
  const node = reader.map(entry.value, `service "${name}"`);
  if (!node)
    return isNull(entry.value)
      ? reader.error(entry.keyAt, 'service', `Service "${name}" says nothing.`)
      : undefined;
  checkKeys(reader, node, 'service');
  const at = (key: string): Node | undefined => get(node, key);
  const text = (key: string): string | undefined => reader.text(at(key), key);
  const flag = (key: string): boolean => reader.boolean(at(key), key) ?? false;
  const build = readBuild(reader, at('build'));
  const deploy = readDeploy(reader, node);
  const own = readServiceKeys(reader, at('x-baton'), name);
  const logging = readLogging(reader, at('logging'));
  const containerName = readContainerName(reader, at('container_name'));
  const healthcheck = readHealthcheck(reader, at('healthcheck'));
  return {
    name,
    at: entry.keyAt,
    image: readImage(reader, node, `${stack}-${name}`, build !== undefined, entry),
    ...(build ? { build } : {}),
    pullPolicy: readPullPolicy(reader, at('pull_policy')),
    containerName: containerName ?? `${stack}-${name}-1`,
    fixedName: containerName !== undefined,
    ...optional('platform', text('platform')),
    ...optional('entrypoint', readCommand(reader, at('entrypoint'), 'entrypoint')),
    ...optional('command', readCommand(reader, at('command'), 'command')),
    environment: reader.templates(at('environment'), 'environment'),
    envFiles: readEnvFiles(reader, at('env_file')),
    labels: readLabels(reader, at('labels')),
    ports: readPorts(reader, at('ports')),
    expose: readExpose(reader, at('expose')),
    mounts: readMounts(reader, at('volumes'), at('tmpfs')),
    network: readNetworkMode(reader, node),
    dependsOn: readDependencies(reader, node),
    ...optional('healthcheck', healthcheck),
    restart: deploy.restart ?? readRestart(reader, at('restart')),
    ...optional('user', text('user')),
    ...optional('workingDir', text('working_dir')),
    ...optional('hostname', readMatching(reader, at('hostname'), 'hostname', hostnamePattern)),
    ...optional('domainname', text('domainname')),
    ...optional('macAddress', readMatching(reader, at('mac_address'), 'mac_address', macPattern)),
    capAdd: reader.texts(at('cap_add'), 'cap_add'),
    capDrop: reader.texts(at('cap_drop'), 'cap_drop'),
    devices: readDevices(reader, at('devices')),
    deviceCgroupRules: reader.texts(at('device_cgroup_rules'), 'device_cgroup_rules'),
    deviceRequests: [...readGpus(reader, at('gpus')), ...deploy.deviceRequests],
    privileged: flag('privileged'),
    readOnly: flag('read_only'),
    securityOpt: reader.texts(at('security_opt'), 'security_opt'),
    sysctls: readSysctls(reader, at('sysctls')),
    ulimits: readUlimits(reader, at('ulimits')),
    ...optional('shmSizeBytes', reader.bytes(at('shm_size'), 'shm_size')),
    extraHosts: readExtraHosts(reader, at('extra_hosts')),
    dns: reader.texts(at('dns'), 'dns', true),
    dnsSearch: reader.texts(at('dns_search'), 'dns_search', true),
    dnsOpt: reader.texts(at('dns_opt'), 'dns_opt'),
    groupAdd: reader.texts(at('group_add'), 'group_add'),
    ...optional('init', reader.boolean(at('init'), 'init')),
    tty: flag('tty'),
    stdinOpen: flag('stdin_open'),
    ...optional('pid', text('pid')),
    ...optional('ipc', text('ipc')),
    ...optional('uts', text('uts')),
    ...optional('usernsMode', text('userns_mode')),
    ...optional('cgroup', text('cgroup')),
    ...optional('cgroupParent', text('cgroup_parent')),
    ...optional('runtime', text('runtime')),
    ...optional('stopSignal', text('stop_signal')),
    stopGracePeriodMs: reader.duration(at('stop_grace_period'), 'stop_grace_period') ?? 10_000,
    ...optional('logging', logging),
    resources: readLimits(reader, node, deploy.limits),
    annotations: reader.pairs(at('annotations'), 'annotations'),
    storageOpt: reader.pairs(at('storage_opt'), 'storage_opt'),
    secrets: readContentMounts(reader, at('secrets'), 'secrets'),
    configs: readContentMounts(reader, at('configs'), 'configs'),
    updateOrder: deploy.updateOrder,
    ...optional('failureAction', deploy.failureAction),
    ...own,
    ...(own.minHealthyTimeMs === undefined ? optional('minHealthyTimeMs', deploy.monitorMs) : {}),
  };
};

const optional = <K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> =>
  (value === undefined ? {} : { [key]: value }) as Partial<Record<K, V>>;

/**
 * The reference grammar of the distribution project (`reference.go`): a domain with an optional port, a path in lower case,
 * a tag, a digest. An image's own id is a reference too.
 */
const imageReference =
  /^(?:sha256:[0-9a-f]{64}|(?:(?:[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?)$/;

/** RFC 1123, with the underscore that people use in private networks. */
const hostnamePattern = /^[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,251}[a-zA-Z0-9])?\.?$/;
const macPattern = /^[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}$/;

const readMatching = (
  reader: Reader,
  node: Node | undefined,
  what: string,
  pattern: RegExp,
): string | undefined => {
  const text = reader.text(node, what);
  if (node === undefined || text === undefined || text === '' || pattern.test(text)) return text;
  return reader.error(node.at, what, `${JSON.stringify(text)} cannot be a ${what}.`);
};

const readSysctls = (reader: Reader, node: Node | undefined): Record<string, string> => {
  const sysctls = reader.pairs(node, 'sysctls');
  const empty = Object.entries(sysctls).find(([, value]) => value === '');
  if (empty && node) reader.error(node.at, 'sysctls', `The sysctl ${JSON.stringify(empty[0])} has no value.`);
  return sysctls;
};

const readImage = (
  reader: Reader,
  node: MapNode,
  builtName: string,
  isBuilt: boolean,
  entry: Entry,
): string => {
  const written = get(node, 'image');
  const image = reader.text(written, 'image');
  const at = written?.at ?? entry.keyAt;
  if (image === undefined || image === '') {
    if (!isBuilt && (written === undefined || isNull(written) || image === ''))
      reader.error(at, 'image', `Service "${entry.key}" has neither an image nor a build.`);
    return builtName.toLowerCase();
  }
  if (!imageReference.test(image))
    reader.error(at, 'image', `${JSON.stringify(image)} is not the reference of an image.`);
  return image;
};

const readContainerName = (reader: Reader, node: Node | undefined): string | undefined => {
  const name = reader.text(node, 'container_name');
  if (node === undefined || name === undefined || /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/.test(name))
    return name;
  return reader.error(
    node.at,
    'name',
    `${JSON.stringify(name)} is not a name that engines accept for a container.`,
  );
};

const readPullPolicy = (reader: Reader, node: Node | undefined): ServiceSpec['pullPolicy'] => {
  const policy = reader.oneOf(node, 'pull_policy', [
    'always',
    'never',
    'missing',
    'if_not_present',
    'build',
  ] as const);
  return policy === 'if_not_present' || policy === undefined ? 'missing' : policy;
};

/** Text is split into words as a shell would; a list is taken as it stands. */
const readCommand = (reader: Reader, node: Node | undefined, what: string): Template[] | undefined => {
  if (node === undefined || isNull(node)) return undefined;
  if (node.kind === 'list')
    return node.items.flatMap((item) => reader.template(item, `a word of ${what}`) ?? []);
  const template = reader.template(node, what);
  if (template === undefined) return undefined;
  return (
    splitWords(template) ?? reader.error(node.at, 'command', `${what} opens a quote that is not closed.`)
  );
};

const readEnvFiles = (reader: Reader, node: Node | undefined): ServiceSpec['envFiles'] => {
  if (node === undefined) return [];
  const items = node.kind === 'list' ? node.items : [node];
  return items.flatMap((item): ServiceSpec['envFiles'] => {
    if (item.kind !== 'map') {
      const path = reader.path(item, 'env_file');
      return path === undefined ? [] : [{ path, required: true, at: item.at }];
    }
    reader.knownKeys(item, 'env_file', ['path', 'required', 'format']);
    const path = reader.path(get(item, 'path'), 'path');
    const format = reader.oneOf(get(item, 'format'), 'format', ['raw'] as const);
    const required = reader.boolean(get(item, 'required'), 'required') ?? true;
    if (path === undefined) {
      reader.error(item.at, 'env-file', 'An entry of env_file needs a path.');
      return [];
    }
    return [{ path, required, at: item.at, ...(format ? { format } : {}) }];
  });
};

const readLabels = (reader: Reader, node: Node | undefined): Record<string, Template> =>
  Object.fromEntries(
    Object.entries(reader.templates(node, 'labels')).map(([name, value]) => [name, value ?? '']),
  );

const conditions = ['service_started', 'service_healthy', 'service_completed_successfully'] as const;

/** `depends_on`, and the older `links`, which order services too. */
const readDependencies = (reader: Reader, node: MapNode): Dependency[] => {
  const dependsOn = get(node, 'depends_on');
  const plain = (names: string[], from: Node | undefined): Dependency[] =>
    names.flatMap((text) => {
      const service = parseServiceName(text);
      if (service) return [{ service, condition: 'service_started', restart: false, required: true }];
      if (from) reader.error(from.at, 'name', `${JSON.stringify(text)} is not the name of a service.`);
      return [];
    });
  const needs =
    dependsOn?.kind === 'map'
      ? dependsOn.entries.flatMap((entry) => {
          const map = reader.map(entry.value, `depends_on "${entry.key}"`);
          checkKeys(reader, map, 'dependsOn');
          return plain([entry.key], entry.value).map((need) => ({
            ...need,
            condition: reader.oneOf(map && get(map, 'condition'), 'condition', conditions) ?? need.condition,
            restart: reader.boolean(map && get(map, 'restart'), 'restart') ?? false,
            required: reader.boolean(map && get(map, 'required'), 'required') ?? true,
          }));
        })
      : plain(reader.texts(dependsOn, 'depends_on'), dependsOn);
  const links = get(node, 'links');
  const linked = reader.texts(links, 'links').map((text) => text.split(':')[0] ?? text);
  const known = new Set<string>(needs.map(({ service }) => service));
  return [
    ...needs,
    ...plain(
      [...new Set(linked)].filter((name) => !known.has(name)),
      links,
    ),
  ];
};

const readHealthcheck = (
  reader: Reader,
  node: Node | undefined,
): HealthcheckSpec | 'disabled' | undefined => {
  const map = reader.map(node, 'healthcheck');
  if (!map) return undefined;
  checkKeys(reader, map, 'healthcheck');
  if (reader.boolean(get(map, 'disable'), 'disable') === true) return 'disabled';
  const test = readTest(reader, get(map, 'test'));
  if (test === 'disabled') return 'disabled';
  const duration = (key: string): number | undefined => reader.duration(get(map, key), key);
  return {
    ...optional('test', test),
    ...optional('intervalMs', duration('interval')),
    ...optional('timeoutMs', duration('timeout')),
    ...optional('startPeriodMs', duration('start_period')),
    ...optional('retries', reader.number(get(map, 'retries'), 'retries', { min: 0 })),
  };
};

const readTest = (reader: Reader, node: Node | undefined): Template[] | 'disabled' | undefined => {
  if (node === undefined || isNull(node)) return undefined;
  if (node.kind !== 'list') {
    const script = reader.template(node, 'test');
    return script === undefined ? undefined : ['CMD-SHELL', script];
  }
  const words = node.items.flatMap((item) => reader.template(item, 'a word of test') ?? []);
  const [form] = words;
  if (form === 'NONE') return 'disabled';
  if ((form === 'CMD' || form === 'CMD-SHELL') && words.length > 1) return words;
  if (form === undefined || form === 'CMD' || form === 'CMD-SHELL')
    return reader.error(
      node.at,
      'healthcheck',
      'A test that is a list names a command after CMD or CMD-SHELL.',
    );
  return reader.error(
    node.at,
    'healthcheck',
    `A test that is a list starts with CMD, CMD-SHELL or NONE, not ${JSON.stringify(form)}.`,
  );
};

const restartPolicies = ['no', 'always', 'on-failure', 'unless-stopped'] as const;

const readRestart = (reader: Reader, node: Node | undefined): ServiceSpec['restart'] => {
  // YAML 1.2 reads `no` as text and `false` as a boolean; people mean the same by both.
  if (node?.kind === 'scalar' && node.value === false) return { policy: 'no' };
  const text = reader.text(node, 'restart');
  if (node === undefined || text === undefined || text === '') return { policy: 'no' };
  const match = /^on-failure:(\d+)$/.exec(text);
  if (match) return { policy: 'on-failure', maximumRetryCount: Number(match[1]) };
  return { policy: reader.oneOf(node, 'restart', restartPolicies) ?? 'no' };
};

const readUlimits = (reader: Reader, node: Node | undefined): ServiceSpec['ulimits'] =>
  Object.fromEntries(
    reader.entries(node, 'ulimits').flatMap(({ key, value }) => {
      if (value.kind !== 'map') {
        const limit = reader.number(value, `ulimit ${key}`, { min: -1 });
        return limit === undefined ? [] : [[key, { soft: limit, hard: limit }]];
      }
      reader.knownKeys(value, `ulimit ${key}`, ['soft', 'hard']);
      if (!get(value, 'soft') || !get(value, 'hard'))
        reader.error(value.at, 'ulimits', `The ulimit ${key} needs both "soft" and "hard".`);
      const hard = reader.number(get(value, 'hard'), 'hard', { min: -1 });
      const soft = reader.number(get(value, 'soft'), 'soft', { min: -1 }) ?? hard;
      return soft === undefined ? [] : [[key, { soft, hard: hard ?? soft }]];
    }),
  );

/** `host:address`, `host=address`, or a mapping; an IPv6 address may stand in brackets. */
const readExtraHosts = (reader: Reader, node: Node | undefined): ServiceSpec['extraHosts'] => {
  if (node?.kind === 'map')
    return node.entries.flatMap(({ key, value }) =>
      (value.kind === 'list' ? reader.texts(value, key) : [reader.text(value, key)]).flatMap((address) =>
        address === undefined ? [] : [{ host: key, address }],
      ),
    );
  return reader.items(node, 'extra_hosts').flatMap((item) => {
    const text = reader.text(item, 'an extra host');
    const match = /^(?<host>[^:=\s]+)[:=](?<address>.+)$/.exec(text ?? '')?.groups;
    if (match?.['host'] !== undefined && match['address'] !== undefined)
      return [{ host: match['host'], address: match['address'].replace(/^\[(.*)\]$/, '$1') }];
    if (text !== undefined)
      reader.error(item.at, 'extra-host', `${JSON.stringify(text)} is not of the form HOST:ADDRESS.`);
    return [];
  });
};

const readLogging = (reader: Reader, node: Node | undefined): ServiceSpec['logging'] => {
  const map = reader.map(node, 'logging');
  if (!map) return undefined;
  reader.knownKeys(map, 'logging', ['driver', 'options']);
  const driver = reader.text(get(map, 'driver'), 'driver');
  return { ...optional('driver', driver), options: reader.pairs(get(map, 'options'), 'options') };
};

/** What a policy at the level of the stack defaults to. */
export const defaultPolicy: StackPolicy = {
  minHealthyTimeMs: 10_000,
  healthyDeadlineMs: 300_000,
  progressDeadlineMs: 600_000,
  rollback: 'auto',
};
