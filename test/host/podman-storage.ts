/** Where the test host's Podman keeps its things, apart from any other Podman of the machine. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * @param directory of the test host's Podman.
 * @returns global options of `podman`. What it needs while it runs lies below /run: it refuses a path of more than 50 characters.
 */
export const podmanStorage = (directory: string): string[] => {
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 8);
  return [
    // A storage remembers its run directory, and refuses another: `root` is that of earlier versions.
    ...['--root', join(directory, 'storage')],
    ...['--runroot', `/run/baton-test-${name}`],
    ...['--network-config-dir', join(directory, 'networks')],
  ];
};
