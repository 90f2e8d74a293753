/** What Temporal knows of a host, asked through the connection of the worker that an activity runs in. */
import { Context, getClient } from '@temporalio/activity';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { Hold } from '../domain/hold.ts';
import { cycleScheduleId, holdWorkflowId } from '../domain/ids.ts';
import { readMandate } from '../domain/mandate.ts';
import { changesServices, searchAttributeName } from '../domain/search-attributes.ts';
import { ifFound } from './if-found.ts';
import type { Standing, UnderWay } from './ports/standing.ts';

/** @param ownPorts ports of this host on which Temporal and the records are reached. */
export const openStanding = (ownPorts: readonly number[]): Standing => ({
  ownPorts,

  mandate: async (host) => {
    const found = await ifFound(
      async () => await getClient().schedule.getHandle(cycleScheduleId(host)).describe(),
    );
    return found && !found.state.paused ? readMandate(found.action.args?.[0]) : undefined;
  },

  heldBy: async (host) => {
    const hold = await ifFound(
      async () => await getClient().workflow.getHandle(holdWorkflowId(host)).describe(),
    );
    if (hold?.status.name !== 'RUNNING') return [];
    return [(hold.memo?.['hold'] as Partial<Hold> | undefined)?.by ?? 'somebody'];
  },

  underWay: async (host, endedWithinMs) => {
    const { host: at, stack, kind, step } = searchAttributeName;
    const serverNow = Context.current().info.currentAttemptScheduledTimestampMs;
    const since = new Date(serverNow - endedWithinMs).toISOString();
    const query = `${at} = "${host}" AND ${stack} IS NOT NULL AND (ExecutionStatus = "Running" OR CloseTime >= "${since}")`;
    // Of two machines' clocks, not of one: what is seen here is told by this one.
    // eslint-disable-next-line no-restricted-syntax
    const aheadMs = Date.now() - serverNow;
    const found: UnderWay[] = [];
    for await (const { typedSearchAttributes: told, closeTime } of getClient().workflow.list({ query })) {
      const [on = '', does = 'something'] = [told.get(keyword(stack)), told.get(keyword(kind))];
      const changes = changesServices(does, told.get(keyword(step)));
      const ended = closeTime ? { endedAt: closeTime.getTime() + aheadMs } : {};
      found.push({ what: `${does} of ${on}`, on, changes, ...ended });
    }
    return found;
  },

  isRunning: async (workflowId) => {
    const found = await ifFound(async () => await getClient().workflow.getHandle(workflowId).describe());
    return found?.status.name === 'RUNNING';
  },
});

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');
