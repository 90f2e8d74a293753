/** Search attributes that an operation is started with; the workflow adds its step and outcome. */
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { firstStep, searchAttributeName } from '../domain/search-attributes.ts';
import type { Announced } from '../domain/operation.ts';

export const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

export const searchAttributesOf = ({ stack, host, kind, operation }: Announced): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: keyword(searchAttributeName.stack), value: stack },
    { key: keyword(searchAttributeName.host), value: host },
    { key: keyword(searchAttributeName.kind), value: kind },
    { key: keyword(searchAttributeName.operation), value: operation },
    { key: keyword(searchAttributeName.step), value: firstStep },
  ]);

/** Alone: by it the next worker of the host finds what a dead one had under way. */
export const hostSearchAttribute = (host: string): TypedSearchAttributes =>
  new TypedSearchAttributes([{ key: keyword(searchAttributeName.host), value: host }]);
