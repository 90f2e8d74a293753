/** The search attributes that an operation keeps up to date as it runs. */
import { defineSearchAttributeKey } from '@temporalio/common';
import { searchAttributeName } from '../domain/search-attributes.ts';

export const searchAttribute = {
  outcome: defineSearchAttributeKey(searchAttributeName.outcome, 'KEYWORD'),
  step: defineSearchAttributeKey(searchAttributeName.step, 'KEYWORD'),
} as const;
