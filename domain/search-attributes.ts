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

/** As long as `BatonStep` is one of these, an operation only prepares, or waits. */
const stepsWithoutChange = [firstStep, 'approval', 'hour', 'release', 'settle', 'images'];

/** Whether services of its stack may be down because of it: while a person's own command runs, they are as they were. */
export const changesServices = (kind: string | undefined, step: string | undefined): boolean =>
  ['deploy', 'undo', 'remove'].includes(kind ?? '') && !stepsWithoutChange.includes(step ?? firstStep);
