/** The playbooks of the table: what each is carried out on, what is amiss there before, and how it is begun. */
import type { Client } from '@temporalio/client';
import { ask } from '../../client/ask.ts';
import { startChange } from '../../client/change.ts';
import { newOperationId, type Handle } from '../../client/operation.ts';
import { playbookWorkflowId } from '../../domain/ids.ts';
import type { PlaybookRequest } from '../../domain/playbook.ts';
import { targetText } from '../../domain/target.ts';
import type { planPlaybook } from '../../workflows/questions.ts';
import type { runPlaybook } from '../../workflows/run-playbook.ts';
import { dayMs } from '../e2e/clock.ts';
import type { Site } from '../e2e/site.ts';
import type { Published } from '../host/registry.ts';
import type { Town } from './town.ts';

/** @property amiss what the playbook is there for, on this stack. */
type Setting = {
  target: (site: Site, stack: string) => string;
  amiss?: (site: Site, stack: string, town: Town) => Promise<unknown>;
};

const ofService = (service: string) => (_site: Site, stack: string) => `${stack}/${service}`;

const inDatabase = (stack: string, query: string): string[] => [
  ...['exec', `${stack}-db-1`, 'psql', '-U', 'postgres', '-Atqc', query],
];

/** Rows that are gone, whose room nothing gives back by itself. */
const bloat = async (site: Site, stack: string): Promise<void> => {
  for (const query of [
    'create table lines (id int) with (autovacuum_enabled = false)',
    'insert into lines select n from generate_series(1, 2000) n',
    'delete from lines where id % 10 <> 0',
    'select pg_stat_force_next_flush()',
  ])
    await site.cli(...inDatabase(stack, query));
};

/** @returns nothing where none can be asked. */
export const deadRowsIn = async (site: Site, stack: string): Promise<number | undefined> => {
  const { code, out } = await site.engineCli(
    ...inDatabase(stack, "select n_dead_tup from pg_stat_user_tables where relname = 'lines'"),
  );
  return code === 0 ? Number(out) : undefined;
};

/** Of the shipped ones; the rest are in {@link alike}. */
export const settings = {
  'service-restart': { target: ofService('app') },
  'cascade-restart': {
    target: ofService('db'),
    amiss: async (site, stack) => await site.cli('stop', `${stack}-app-1`),
  },
  'snapshot-rotation': { target: ({ data }) => data },
  'drift-correction': {
    target: (_site, stack) => stack,
    amiss: async (site, stack) => await site.cli('rm', '-f', `${stack}-app-1`),
  },
  'database-maintenance': { target: ofService('db'), amiss: bloat },
  'undo-recent-deploy': { target: (_site, stack) => stack },
  'image-update': {
    target: ofService('app'),
    amiss: async (site, _stack, town) => await publish(town, site, 30),
  },
} satisfies Record<string, Setting>;
export type PlaybookName = keyof typeof settings;

/** By the same steps as one that is in the table, or by the workflow of another operation there. */
export const alike: Record<string, PlaybookName | 'cleanup'> = {
  'certificate-check': 'service-restart',
  'memory-relief': 'service-restart',
  'resource-pressure': 'service-restart',
  'disk-cleanup': 'cleanup',
};

const settingOf = (playbook: PlaybookName): Setting => settings[playbook];

/** Under the site's own tag, which `imageOf` names. */
export const publish = async ({ registry }: Town, { host }: Site, daysAgo: number): Promise<string> => {
  const published: Published = {
    createdAt: Date.now() - daysAgo * dayMs,
    runs: ['sleep', '1d'],
    labels: { 'org.opencontainers.image.source': 'https://example.org/changes' },
  };
  return await registry.publish(host, published);
};

export const imageOf = ({ registry }: Town, { host }: Site): string => `${registry.address}/base:${host}`;

export const preparePlaybook = async (
  site: Site,
  town: Town,
  playbook: PlaybookName,
  stack: string,
): Promise<void> => {
  await settingOf(playbook).amiss?.(site, stack, town);
};

/** What it is carried out on is found out as a person would: it may be called otherwise. */
export const askForPlaybook = async (
  client: Client,
  site: Site,
  playbook: PlaybookName,
  stack: string,
): Promise<PlaybookRequest> => {
  const { host } = site;
  const wanted = settingOf(playbook).target(site, stack);
  const asked = await ask<typeof planPlaybook>(client, host, 'planPlaybook', [playbook, wanted]);
  if (!asked.playbook || !asked.target || asked.problems.length > 0)
    throw new Error(JSON.stringify(asked.problems));
  const { update } = asked;
  return {
    operation: newOperationId(),
    host,
    playbook,
    hash: asked.playbook.hash,
    target: targetText(asked.target),
    cause: 'asked-for',
    ...(update ? { image: update.digest } : {}),
  };
};

export const beginPlaybook = async (client: Client, request: PlaybookRequest): Promise<Handle> => {
  const run = await startChange<typeof runPlaybook>(client, {
    host: request.host,
    workflow: 'runPlaybook',
    workflowId: playbookWorkflowId(request.host, request.operation),
    summary: 'runPlaybook',
    args: [request],
  });
  return run as unknown as Handle;
};
