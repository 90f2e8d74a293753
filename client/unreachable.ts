/** Channels through which something could not be told: an incident in itself. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { formatDistanceToNow } from 'date-fns/formatDistanceToNow';
import { parseISO } from 'date-fns/parseISO';
import { subDays } from 'date-fns/subDays';
import { channelWorkflowId, unreachableOf } from '../domain/ids.ts';
import { searchAttributeName } from '../domain/search-attributes.ts';

export type Unreachable = {
  host: string;
  channel: string;
  /** When it was given up; ISO 8601, UTC. */
  at: string;
  /** Why, and what could not be told there. */
  details: string;
};

/** What is older is known, or nobody's concern any more. */
const rememberedDays = 7;

/** Newest first, one a channel, as long as nothing has been told through it since. @param host absent: every host. */
export const unreachableChannels = async (client: Client, host?: string): Promise<Unreachable[]> => {
  const since = subDays(new Date(), rememberedDays).toISOString();
  const here = host === undefined ? '' : ` AND ${searchAttributeName.host} = "${host}"`;
  const query = `WorkflowType = "tellPeople" AND ${searchAttributeName.kind} = "unreachable" AND StartTime > "${since}"${here}`;
  const found = new Map<string, Unreachable>();
  for await (const { workflowId, runId, startTime } of client.workflow.list({ query })) {
    const which = unreachableOf(workflowId);
    const key = which && channelWorkflowId(which.host, which.channel);
    const at = startTime.toISOString();
    if (!which || key === undefined || (found.get(key)?.at ?? '') > at) continue;
    if (await hasToldSince(client, key, startTime)) continue;
    const description = await client.workflow.getHandle(workflowId, runId).describe();
    found.set(key, { ...which, at, details: (await description.staticDetails()) ?? '' });
  }
  return [...found.values()].sort((a, b) => (a.at < b.at ? 1 : -1));
};

const hasToldSince = async (client: Client, workflowId: string, since: Date): Promise<boolean> => {
  try {
    const { status, closeTime } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'COMPLETED' && closeTime !== undefined && closeTime > since;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
};

export const unreachableText = ({ host, channel, at, details }: Unreachable): string =>
  `${channel} could not be reached from ${host}, ${formatDistanceToNow(parseISO(at), { addSuffix: true })}: ${details.replaceAll(/\s*\n+\s*/g, ' · ')}`;
