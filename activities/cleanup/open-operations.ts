/** Operations that are open on this host, as Temporal tells it. */
import { defineSearchAttributeKey } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { stackWorkflowId } from '../../domain/ids.ts';
import type { OperationId, StackName } from '../../domain/names.ts';
import { searchAttributeName } from '../../domain/search-attributes.ts';

const operationKey = defineSearchAttributeKey(searchAttributeName.operation, 'KEYWORD');

/** Asked of the workflow that is the stack's lock, so that one which began a moment ago counts. */
export const isStackOpen = async (host: string, stack: StackName): Promise<boolean> => {
  try {
    const handle = Context.current().client.workflow.getHandle(stackWorkflowId(host, stack));
    return (await handle.describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false;
    throw error;
  }
};

/** From Temporal's list, which may be a moment behind. */
export const openOperations = async (host: string): Promise<Set<OperationId>> => {
  const query = `${searchAttributeName.host} = "${host}" AND ExecutionStatus = "Running"`;
  const ids = new Set<OperationId>();
  for await (const { typedSearchAttributes } of Context.current().client.workflow.list({ query })) {
    const id = typedSearchAttributes.get(operationKey);
    if (id !== undefined) ids.add(id as OperationId);
  }
  return ids;
};
