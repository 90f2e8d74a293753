/** Makes the search attributes where they are missing: on a new cluster nobody else does. */
import type { NativeConnection } from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';
import { searchAttributeNames } from '../domain/search-attributes.ts';

/** Temporal's `IndexedValueType`. */
const keyword = 2;

/** A server reads from time to time what its namespaces have. */
const knownWithinMs = 60_000;
const askEveryMs = 500;

/** Where this may not be done (Temporal Cloud), `baton doctor` says what to type; operations fail until then. */
export const ensureSearchAttributes = async (
  connection: NativeConnection,
  namespace: string,
): Promise<void> => {
  const { operatorService } = connection;
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const missing = searchAttributeNames.filter((name) => customAttributes[name] === undefined);
    if (missing.length === 0) return;
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
    });
    await untilKnown(connection, namespace);
  } catch (error) {
    console.warn(
      `Search attributes could not be checked (${error instanceof Error ? error.message : String(error)}). See: baton doctor`,
    );
  }
};

/** Made is not known yet: until the server has read them, it refuses each operation that has one. */
const untilKnown = async ({ workflowService }: NativeConnection, namespace: string): Promise<void> => {
  const begun = performance.now();
  const query = searchAttributeNames.map((name) => `${name} = "none"`).join(' OR ');
  for (;;)
    try {
      await workflowService.countWorkflowExecutions({ namespace, query });
      return;
    } catch (error) {
      if (performance.now() - begun > knownWithinMs) throw error;
      await delay(askEveryMs);
    }
};
