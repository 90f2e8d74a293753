/** Makes the search attributes where they are missing: on a new cluster nobody else does. */
import type { NativeConnection } from '@temporalio/worker';
import { searchAttributeNames } from '../domain/search-attributes.ts';

/** Temporal's `IndexedValueType`. */
const keyword = 2;

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
  } catch (error) {
    console.warn(
      `Search attributes could not be checked (${error instanceof Error ? error.message : String(error)}). See: baton doctor`,
    );
  }
};
