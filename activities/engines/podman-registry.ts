/** Whether a registry has an image, asked through Podman: its API has no `/distribution`, but tells manifests of registries, too. */
import { EngineError } from '../ports/engine.ts';
import type { EngineApi } from './api.ts';

/** As a registry says no; everything else is no answer. A wrong name and a missing login look the same from outside. */
const saysNo = /manifest unknown|name unknown|not found|unauthorized|authentication required|denied/i;

export const registryHas = async (api: EngineApi, reference: string): Promise<boolean> => {
  const name = encodeURIComponent(withRegistry(reference));
  try {
    await api.json({ path: `/v4.0.0/libpod/manifests/${name}/json`, timeoutMs: 20_000 });
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (saysNo.test(why)) return false;
    throw new EngineError('unreachable', `the registry of ${reference} does not answer (${why})`, {
      cause: error,
    });
  }
};

/** Docker's own short names, which the pull takes for the same: containers.conf(5), `compat_api_enforce_docker_hub`. */
export const withRegistry = (reference: string): string => {
  const [first = '', ...rest] = reference.split('/');
  if (rest.length === 0) return `docker.io/library/${reference}`;
  return /[.:]/.test(first) || first === 'localhost' ? reference : `docker.io/${reference}`;
};
