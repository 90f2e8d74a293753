/**
 * Every key of the Compose Specification, and what Baton does with it. `docs/compose-support.md` is written from this table.
 * Keys in no row are unknown and refused with a suggestion.
 */

export type Support =
  | { does: 'honours' }
  /** Read and ignored with a warning: the specification itself calls it obsolete, or says it has no effect here. */
  | { does: 'warns'; why: string }
  | { does: 'refuses'; why: string };

type Table = Record<string, Support>;

const honours = (...keys: string[]): Table =>
  Object.fromEntries(keys.map((key) => [key, { does: 'honours' }]));
const refuses = (why: string, ...keys: string[]): Table =>
  Object.fromEntries(keys.map((key) => [key, { does: 'refuses', why }]));
const warns = (why: string, ...keys: string[]): Table =>
  Object.fromEntries(keys.map((key) => [key, { does: 'warns', why }]));

const onePerService = 'Baton runs one container per service';
const swarmOnly = 'it only means something to Docker Swarm, not to a single host';

export const support = {
  top: {
    ...honours('name', 'services', 'networks', 'volumes', 'secrets', 'configs', 'include', 'x-baton'),
    ...warns('the specification calls it obsolete', 'version'),
    ...refuses('AI models are not run by Baton', 'models'),
  },
  service: {
    ...honours(
      'image',
      'build',
      'command',
      'entrypoint',
      'environment',
      'env_file',
      'ports',
      'expose',
      'volumes',
      'tmpfs',
      'networks',
      'network_mode',
      'depends_on',
      'links',
      'healthcheck',
      'restart',
      'labels',
      'user',
      'working_dir',
      'hostname',
      'domainname',
      'container_name',
      'cap_add',
      'cap_drop',
      'devices',
      'device_cgroup_rules',
      'gpus',
      'privileged',
      'read_only',
      'security_opt',
      'sysctls',
      'ulimits',
      'shm_size',
      'extra_hosts',
      'dns',
      'dns_search',
      'dns_opt',
      'group_add',
      'init',
      'tty',
      'stdin_open',
      'pid',
      'ipc',
      'uts',
      'userns_mode',
      'cgroup',
      'cgroup_parent',
      'runtime',
      'stop_signal',
      'stop_grace_period',
      'logging',
      'deploy',
      'mem_limit',
      'mem_reservation',
      'memswap_limit',
      'mem_swappiness',
      'cpus',
      'cpu_shares',
      'cpu_quota',
      'cpu_period',
      'cpuset',
      'pids_limit',
      'oom_score_adj',
      'oom_kill_disable',
      'blkio_config',
      'annotations',
      'storage_opt',
      'secrets',
      'configs',
      'profiles',
      'extends',
      'platform',
      'pull_policy',
      'mac_address',
      'scale',
      'x-baton',
    ),
    ...warns('it has no effect on how a service runs', 'attach', 'develop', 'isolation'),
    ...refuses('a plan shows labels as the stack writes them; put them under "labels"', 'label_file'),
    ...refuses('container links to other stacks are long deprecated; use a shared network', 'external_links'),
    ...refuses('mounts of another container are not tracked by snapshots; name the volumes', 'volumes_from'),
    ...refuses(
      "it changes the host's scheduler for the container, which neither engine's API does reliably",
      'cpu_rt_runtime',
      'cpu_rt_period',
      'cpu_count',
      'cpu_percent',
    ),
    ...refuses('credential specs exist on Windows only', 'credential_spec'),
    ...refuses('hooks run outside what Baton can undo; use a one-shot service', 'post_start', 'pre_stop'),
    ...refuses('AI models and providers are not run by Baton', 'models', 'provider'),
    ...refuses('the Docker socket is not handed out', 'use_api_socket'),
  },
  deploy: {
    ...honours('replicas', 'resources', 'restart_policy', 'update_config'),
    ...warns(
      `${swarmOnly}; it is left out`,
      'labels',
      'mode',
      'placement',
      'endpoint_mode',
      'rollback_config',
    ),
  },
  build: {
    ...honours(
      'context',
      'dockerfile',
      'dockerfile_inline',
      'args',
      'target',
      'labels',
      'network',
      'no_cache',
      'pull',
      'extra_hosts',
      'shm_size',
      'tags',
    ),
    ...warns(
      "only BuildKit's cache uses it; the image is the same without",
      'cache_from',
      'cache_to',
      'no_cache_filter',
      'provenance',
      'sbom',
    ),
    ...refuses(
      "it needs BuildKit, which the engines' classic build does not have",
      'additional_contexts',
      'secrets',
      'ssh',
      'platforms',
      'privileged',
      'isolation',
      'ulimits',
      'entitlements',
    ),
  },
  network: {
    ...refuses('engines of this age always give a network IPv4', 'enable_ipv4'),
    ...honours(
      'name',
      'external',
      'driver',
      'driver_opts',
      'internal',
      'attachable',
      'enable_ipv6',
      'ipam',
      'labels',
    ),
  },
  volume: {
    ...honours('name', 'external', 'driver', 'driver_opts', 'labels'),
  },
  content: {
    ...honours('file', 'environment', 'content', 'external', 'name'),
    ...warns(`${swarmOnly}; it is left out`, 'labels', 'driver', 'driver_opts', 'template_driver'),
  },
  healthcheck: {
    ...honours('test', 'interval', 'timeout', 'retries', 'start_period', 'disable'),
    ...warns('Baton asks by itself, quickly at first', 'start_interval'),
  },
  dependsOn: honours('condition', 'restart', 'required'),
  networkAttachment: {
    ...honours(
      'aliases',
      'ipv4_address',
      'ipv6_address',
      'link_local_ips',
      'mac_address',
      'driver_opts',
      'priority',
    ),
    ...warns('engines of this age choose it themselves', 'gw_priority', 'interface_name'),
  },
  port: {
    ...honours('target', 'published', 'host_ip', 'protocol'),
    ...warns('it has no effect on a single host', 'mode', 'name', 'app_protocol'),
  },
  mount: {
    ...honours('type', 'source', 'target', 'read_only', 'bind', 'volume', 'tmpfs'),
    ...warns('it has no effect on Linux', 'consistency'),
  },
} satisfies Record<string, Table>;

export { onePerService };
