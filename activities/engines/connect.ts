/** From a choice of engine to a connection. */
import type { Engine, EngineKind } from '../ports/engine.ts';
import { dockerEngine } from './docker.ts';
import { podmanEngine } from './podman.ts';

/** @param choice without a socket: Docker's default one, or a Podman API service of Baton's own. */
export const connectEngine = async (choice: {
  kind: EngineKind;
  socket?: string;
  environment?: Record<string, string>;
}): Promise<Engine> => {
  switch (choice.kind) {
    case 'docker':
      return dockerEngine(choice.socket ?? '/var/run/docker.sock');
    case 'podman':
      return await podmanEngine(choice);
  }
};
