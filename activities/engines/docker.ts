/** What is particular to Docker. */
import type { Engine } from '../ports/engine.ts';
import { engineApi } from './api.ts';
import { dockerApiEngine } from './docker-api.ts';

export const dockerEngine = (socket: string): Engine =>
  dockerApiEngine({
    kind: 'docker',
    api: engineApi(socket, 'Docker'),
    version: '/v1.41',
    info: (raw) => {
      const rootless = (raw.SecurityOptions ?? []).some((option) => option.includes('rootless'));
      return { rootless, reach: rootless ? 'ports' : 'directly' };
    },
    hasBuildCache: true,
    close: () => Promise.resolve(),
  });
