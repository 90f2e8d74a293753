/** Names of the search attributes by which operations are filtered, in the Temporal Web UI and by `baton`. All are Keywords. */

export const searchAttributeName = {
  stack: 'BatonStack',
  host: 'BatonHost',
  kind: 'BatonKind',
  outcome: 'BatonOutcome',
  step: 'BatonStep',
  operation: 'BatonOperation',
} as const;

export const searchAttributeNames: readonly string[] = Object.values(searchAttributeName);

/** What `BatonStep` says of an operation that has just been started. */
export const firstStep = 'preflight';
