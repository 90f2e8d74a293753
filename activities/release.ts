/** Making a release from a spec: images pinned, secrets hashed, an id from the content; and reading one back. */
import type { ReleaseId, ServiceName, StackName } from '../domain/names.ts';
import type { Release } from '../domain/release.ts';
import { lookedAfterBy } from '../domain/restated.ts';
import type { ServiceSpec, StackSpec } from '../domain/stack.ts';
import type { World } from '../domain/world.ts';
import { permanent } from './activity.ts';
import { contentHash } from './hash.ts';
import type { Ports } from './ports/index.ts';
import { digestsOf, openSecrets, type Secrets } from './secrets.ts';

export const makeRelease = async (
  spec: StackSpec,
  variables: Record<string, string>,
  images: World['images'],
  secrets: Secrets,
): Promise<Release> => {
  const pinned = Object.fromEntries(
    Object.entries(images).flatMap(([service, image]) =>
      image.state === 'present' ? [[service, image.id]] : [],
    ),
  ) as Record<ServiceName, string>;
  const content = { spec, variables, images: pinned, secretsDigest: await digestsOf(spec, secrets) };
  return { id: contentHash(content) as ReleaseId, ...content };
};

/** As it was committed last. */
export const runningRelease = async (
  { memory }: Pick<Ports, 'memory'>,
  stack: StackName,
): Promise<Release | undefined> => {
  const last = (await memory.history(stack)).at(-1);
  return last && (await memory.getRelease(stack, last.release));
};

/** Hash of everything that the service's container is made from; absent while its image is not here. */
export const serviceHash = (release: Release, service: ServiceSpec): string | undefined => {
  const image = release.images[service.name];
  if (image === undefined) return undefined;
  return contentHash({
    ...containerPart(service),
    image,
    secrets: release.secretsDigest[service.name],
    networks: networksOf(release.spec, service),
    volumes: service.mounts.flatMap((mount) =>
      mount.type === 'volume' && mount.volume ? [release.spec.volumes[mount.volume]] : [],
    ),
  });
};

/** Fields that say how Baton deploys the service, not what its container is, do not make it another one. */
const deployOnly: readonly (keyof ServiceSpec)[] = [
  ...lookedAfterBy,
  'updateOrder',
  'failureAction',
  'pullPolicy',
  'build',
  'image',
];

const containerPart = (service: ServiceSpec): Partial<ServiceSpec> =>
  Object.fromEntries(Object.entries(service).filter(([field]) => !deployOnly.some((name) => name === field)));

const networksOf = (spec: StackSpec, { network }: ServiceSpec): unknown[] =>
  network.mode === 'bridge' ? network.attachments.map((attachment) => spec.networks[attachment.network]) : [];

export const loadRelease = async (ports: Ports, stack: StackName, id: ReleaseId): Promise<Release> => {
  const release = await ports.memory.getRelease(stack, id);
  if (!release)
    throw permanent('ReleaseMissing', `Release ${id} of stack ${stack} is not in the state directory.`);
  return release;
};

export const secretsOf = async (
  ports: Ports,
  { spec, variables }: Pick<Release, 'spec' | 'variables'>,
): Promise<Secrets> => await openSecrets(spec, variables, ports.environment, await ports.memory.hostKey());

export const serviceOfRelease = (release: Release, name: ServiceName): ServiceSpec => {
  const service = release.spec.services.find((candidate) => candidate.name === name);
  if (!service)
    throw permanent(
      'ServiceMissing',
      `Release ${release.id} of stack ${release.spec.name} has no service "${name}".`,
    );
  return service;
};
