/** From a Compose file on disk to a {@link StackSpec}, or to everything that is wrong with it. */
import { basename, dirname, resolve } from 'node:path';
import { parseStackName, type StackName } from '../domain/names.ts';
import { isError, type Problem } from '../domain/problem.ts';
import type { StackSpec } from '../domain/stack.ts';
import { checkReferences } from './check-references.ts';
import { composeFiles, includedFiles } from './compose.ts';
import { defaultEnvFile, openEnvironment, type Given } from './environment.ts';
import { checkKeys } from './keys.ts';
import { checkDumps } from './dump.ts';
import { readNetworks } from './networks.ts';
import { selectProfiles } from './profiles.ts';
import { Reader } from './reader.ts';
import { isQuadlet, recogniseOther } from './recognise.ts';
import { readContents, readVolumes } from './resources.ts';
import { defaultPolicy, readService } from './service.ts';
import { Sources } from './sources.ts';
import { get, type Entry, type MapNode } from './tree.ts';
import { readStackKeys, type StackKeys } from './x-baton.ts';

export type LoadOptions = Given & {
  /** Absolute path. */
  file: string;
  /** Instead of `.env` beside the file. */
  envFiles?: string[];
  profiles?: string[];
};

export type Loaded = { ok: true; stack: StackSpec; warnings: Problem[] } | { ok: false; problems: Problem[] };

export const loadStack = async (options: LoadOptions): Promise<Loaded> => {
  const file = resolve(options.file);
  if (isQuadlet(file)) return { ok: false, problems: [quadlet(file)] };
  const sources = await Sources.of(file);
  const parsed = await sources.read(file);
  if (!parsed.ok) return { ok: false, problems: parsed.problems };
  const other = recogniseOther(parsed.root);
  if (other || parsed.root.kind !== 'map') return { ok: false, problems: other ? [other] : [] };
  const { lookup, read, problems } = await openEnvironment(options, envFilesOf(options, file, parsed.root));
  const named = stackName(new Reader(lookup), parsed.root, file);
  const reader = new Reader((name) => (name === 'COMPOSE_PROJECT_NAME' ? named.name : lookup(name)));
  reader.problems.push(...problems, ...named.problems);
  const root = await composeFiles(reader, sources, parsed.root);
  const whole = readStack(reader, root, named.name, { file, envFiles: read });
  const stack = selectProfiles(reader, whole, root, profilesOf(options, lookup));
  checkReferences(reader, stack);
  const found = distinct(reader.problems);
  return found.some(isError) ? { ok: false, problems: found } : { ok: true, stack, warnings: found };
};

const quadlet = (file: string): Problem => ({
  severity: 'error',
  code: 'quadlet',
  message: `${file} is a Podman quadlet, a unit that systemd runs.`,
  next: 'Write its [Container] section as a service of a Compose file; docs/stacks.md has the table.',
});

const envFilesOf = (
  { envFiles }: LoadOptions,
  file: string,
  root: MapNode,
): { path: string; required: boolean }[] => {
  if (envFiles && envFiles.length > 0)
    return envFiles.map((path) => ({ path: resolve(path), required: true }));
  const included = includedFiles(new Reader(() => undefined), root).map(({ path }) => defaultEnvFile(path));
  return [...new Set([...included, defaultEnvFile(file)])].map((path) => ({ path, required: false }));
};

const profilesOf = (
  { profiles = [] }: LoadOptions,
  lookup: (name: string) => string | undefined,
): string[] =>
  profiles.length > 0
    ? profiles
    : (lookup('COMPOSE_PROFILES') ?? '').split(',').filter((name) => name !== '');

/** `name:`, or what Compose derives: from the file, or from its directory where the file has one of Compose's own names. */
const stackName = (reader: Reader, root: MapNode, file: string): { name: StackName; problems: Problem[] } => {
  const node = get(root, 'name');
  const given = reader.text(node, 'name');
  const stem = basename(file).replace(/\.(?:ya?ml|json)$/, '');
  const usual = /^(?:docker-)?compose(?:\..*)?$/.test(stem);
  const derived = (usual ? basename(dirname(file)) : stem)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
  const name = parseStackName(given ?? derived.slice(0, 63));
  if (!name)
    reader.error(
      node?.at ?? root.at,
      'name',
      `${JSON.stringify(given ?? derived)} is not a name for a stack: small letters, digits, "_" and "-", not at the start, at most 63.`,
      'Give the file a "name:" at the top.',
    );
  return { name: name ?? ('unnamed' as StackName), problems: reader.problems };
};

const readStack = (
  reader: Reader,
  root: MapNode,
  name: StackName,
  from: { file: string; envFiles: string[] },
): StackSpec => {
  checkKeys(reader, root, 'top');
  const own = readStackKeys(reader, get(root, 'x-baton'), name);
  const spec: StackSpec = {
    name,
    ...from,
    services: serviceEntries(reader, root).flatMap((entry) => readService(reader, entry, name) ?? []),
    networks: readNetworks(reader, get(root, 'networks'), name),
    volumes: readVolumes(reader, get(root, 'volumes'), name),
    secrets: readContents(reader, get(root, 'secrets'), 'secret'),
    configs: readContents(reader, get(root, 'configs'), 'config'),
    files: own.files,
    requires: own.requires,
    validate: own.validate,
    policy: { ...defaultPolicy, ...own.policy },
  };
  const classed = withDataClasses(withDefaultNetwork(spec), own);
  checkDumps(reader, classed);
  return classed;
};

/** An operation has a few events of history for each service, and Temporal keeps 50,000 of them. */
const mostServices = 1_000;

const serviceEntries = (reader: Reader, root: MapNode): Entry[] => {
  const entries = reader.entries(get(root, 'services'), 'services');
  const beyond = entries[mostServices];
  if (!beyond) return entries;
  reader.error(
    beyond.keyAt,
    'too-many-services',
    `The stack has ${entries.length} services; ${mostServices} is the most.`,
    'Spread them over several stacks, and list these in an ecosystem.',
  );
  return [];
};

/** Services that name no network share one, as in Compose. */
const withDefaultNetwork = (spec: StackSpec): StackSpec => {
  const services = spec.services.map((service) =>
    service.network.mode === 'bridge' && service.network.attachments.length === 0
      ? {
          ...service,
          network: { mode: 'bridge' as const, attachments: [{ network: 'default', aliases: [] }] },
        }
      : service,
  );
  const needed = services.some(
    ({ network }) => network.mode === 'bridge' && network.attachments.some((at) => at.network === 'default'),
  );
  if (!needed || spec.networks['default']) return { ...spec, services };
  const network = {
    key: 'default',
    name: `${spec.name}_default`,
    external: false,
    driverOpts: {},
    internal: false,
    attachable: false,
    enableIpv6: false,
    ipam: { config: [] },
    labels: {},
    at: { file: spec.file, line: 1, column: 1 },
  };
  return { ...spec, services, networks: { ...spec.networks, default: network } };
};

/** Classes given for the whole stack, by volume or host path, become those of each mount. */
const withDataClasses = (spec: StackSpec, { data }: StackKeys): StackSpec => ({
  ...spec,
  services: spec.services.map((service) => {
    const given = service.mounts.flatMap((mount) => {
      const source =
        mount.type === 'bind' ? mount.source : mount.type === 'volume' ? mount.volume : undefined;
      const kind = source === undefined ? undefined : data[source];
      return kind === undefined ? [] : [[mount.target, kind] as const];
    });
    return { ...service, data: { ...Object.fromEntries(given), ...service.data } };
  }),
});

const distinct = (problems: Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values(),
];
