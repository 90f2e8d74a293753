/** Search attributes by which operations are filtered in the Temporal Web UI and by `baton status`. All are Keywords. */
import { defineSearchAttributeKey } from '@temporalio/common';

export const searchAttribute = {
  stack: defineSearchAttributeKey('BatonStack', 'KEYWORD'),
  host: defineSearchAttributeKey('BatonHost', 'KEYWORD'),
  kind: defineSearchAttributeKey('BatonKind', 'KEYWORD'),
  outcome: defineSearchAttributeKey('BatonOutcome', 'KEYWORD'),
  step: defineSearchAttributeKey('BatonStep', 'KEYWORD'),
  operation: defineSearchAttributeKey('BatonOperation', 'KEYWORD'),
} as const;
