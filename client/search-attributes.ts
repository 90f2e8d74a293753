/** Search attributes that an operation is started with; the workflow adds its step and outcome. */
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import type { OperationRequest } from '../domain/operation.ts';

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

export const searchAttributesOf = ({
  stack,
  host,
  kind,
  operation,
}: OperationRequest): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: keyword('BatonStack'), value: stack },
    { key: keyword('BatonHost'), value: host },
    { key: keyword('BatonKind'), value: kind },
    { key: keyword('BatonOperation'), value: operation },
  ]);
