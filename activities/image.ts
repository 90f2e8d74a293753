/** Images: pulled or built before anything that runs is touched, and kept under a tag of ours while a release needs them. */
import type { ReleaseId, ServiceName, StackName } from '../domain/names.ts';
import { beating } from './activity.ts';
import type { ImageState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { loadRelease, secretsOf, serviceOfRelease } from './release.ts';

export const imageActivities = (ports: Ports) => ({
  /** Pulls or builds the image of one service. @param of.exactly what is pulled instead, by digest. @returns the engine's image id. */
  async fetchImage(of: {
    stack: StackName;
    release: ReleaseId;
    service: ServiceName;
    exactly?: string;
  }): Promise<{ id: string }> {
    return await beating(async (signal) => {
      const release = await loadRelease(ports, of.stack, of.release);
      const service = serviceOfRelease(release, of.service);
      const ignoreProgress = (): void => undefined;
      const { build, platform } = service;
      const forPlatform = platform === undefined ? {} : { platform };
      if (!build) {
        const { id } = await ports.engine.pullImage(of.exactly ?? service.image, ignoreProgress, {
          signal,
          ...forPlatform,
        });
        return { id };
      }
      const secrets = await secretsOf(ports, release);
      const args = Object.fromEntries(
        Object.entries(build.args).flatMap(([name, template]) => {
          const value = template === null ? ports.environment[name] : secrets.resolve(template);
          return value === undefined ? [] : [[name, value]];
        }),
      );
      const image = await ports.engine.buildImage(
        {
          contextDir: build.context,
          ...(build.dockerfile === undefined ? {} : { dockerfile: build.dockerfile }),
          ...(build.dockerfileInline === undefined
            ? {}
            : { dockerfileInline: secrets.resolve(build.dockerfileInline) }),
          ...(build.target === undefined ? {} : { target: build.target }),
          ...(build.network === undefined ? {} : { network: build.network }),
          args,
          labels: build.labels,
          noCache: build.noCache,
          pull: build.pull,
          tag: service.image,
          ...forPlatform,
          ...(build.shmSizeBytes === undefined ? {} : { shmSizeBytes: build.shmSizeBytes }),
          ...(build.extraHosts.length > 0 ? { extraHosts: build.extraHosts } : {}),
        },
        ignoreProgress,
        signal,
      );
      for (const tag of build.tags) await ports.engine.tagImage(image.id, tag);
      return { id: image.id };
    });
  },
});

export const hasHealthcheck = ({ healthcheck = [] }: Pick<ImageState, 'healthcheck'>): boolean =>
  healthcheck.length > 0 && healthcheck[0] !== 'NONE';

/** The tag that keeps an image of a release from being pruned: undo never pulls. */
export const keptTag = (stack: StackName, service: ServiceName, release: ReleaseId): string =>
  `localhost/baton-kept/${stack}/${service.toLowerCase()}:${release}`;
