/** The search attributes that an operation keeps up to date as it runs. */
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import type { Announced } from '../domain/operation.ts';
import { firstStep, searchAttributeName } from '../domain/search-attributes.ts';

export const searchAttribute = {
  outcome: defineSearchAttributeKey(searchAttributeName.outcome, 'KEYWORD'),
  step: defineSearchAttributeKey(searchAttributeName.step, 'KEYWORD'),
} as const;

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

/** What an operation is found by from its start. */
export const memberSearchAttributes = ({ host, stack, kind, operation }: Announced): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: keyword(searchAttributeName.host), value: host },
    { key: keyword(searchAttributeName.stack), value: stack },
    { key: keyword(searchAttributeName.kind), value: kind },
    { key: keyword(searchAttributeName.operation), value: operation },
    { key: keyword(searchAttributeName.step), value: firstStep },
  ]);

/** What a notice is found by. */
export const noticeSearchAttributes = (host: string, kind: string): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: keyword(searchAttributeName.host), value: host },
    { key: keyword(searchAttributeName.kind), value: kind },
  ]);
