/** How each operation of the table is prepared and begun. */
import type { Client } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../activities/hash.ts';
import { startChange } from '../../client/change.ts';
import { ecosystemOf } from '../../client/commands/deploy.ts';
import {
  newOperationId,
  startEcosystem,
  startGuard,
  startOperation,
  type Handle,
} from '../../client/operation.ts';
import { demandWorker } from '../../client/worker.ts';
import { manifestName } from '../../domain/dump.ts';
import type { GateWish } from '../../domain/gate.ts';
import { snapshotQuestion, type GuardRequest } from '../../domain/guard.ts';
import {
  cleanupWorkflowId,
  copyWorkflowId,
  cycleWorkflowId,
  playbookWorkflowId,
  restoreTestWorkflowId,
  rotationWorkflowId,
} from '../../domain/ids.ts';
import type { OperationId, StackName } from '../../domain/names.ts';
import type { OperationRequest, ReleaseSource, Report } from '../../domain/operation.ts';
import type { ReleaseKind } from '../../domain/plan.ts';
import { parseSnapshotName } from '../../domain/snapshot.ts';
import type { cleanUp } from '../../workflows/clean-up.ts';
import type { copyData } from '../../workflows/copy-data.ts';
import type { initCopies } from '../../workflows/copies.ts';
import type { restoreTest } from '../../workflows/restore-test.ts';
import type { rotateSnapshots } from '../../workflows/rotate-snapshots.ts';
import { until, type Site } from '../e2e/site.ts';
import { beginCycle, prepareCycle } from './cycle.ts';
import { answered } from './gate.ts';
import { askForPlaybook, beginPlaybook, preparePlaybook, type PlaybookName } from './playbooks.ts';
import type { Scenario, Settings } from './scenarios.ts';
import type { Scene } from './scene.ts';
import { canary, variablesOf } from './town-files.ts';
import { copyDiskOf, looseVolume, passwordOf, scratchOf, spareImage } from './world.ts';

const requestOf = (
  site: Site,
  kind: ReleaseKind,
  stack: string,
  source: ReleaseSource,
  gate?: GateWish,
): OperationRequest => ({
  operation: newOperationId(),
  kind,
  stack: stack as StackName,
  host: site.host,
  source,
  options: { copyLimitBytes: 2 ** 30, build: false, pull: false },
  ...(gate ? { gate } : {}),
});

/** What it writes can be seen, and that it was written once. */
const guardRequestOf = (
  site: Site,
  stack: string,
  exitCode: number,
  dumped?: Scenario['dumped'],
): GuardRequest => {
  const data = join(site.data, stack);
  const append = dumped
    ? `podman --url unix://${site.environment['BATON_ENGINE_SOCKET'] ?? ''} exec ${stack}-db-1 redis-cli append rows 'guarded '`
    : `printf 'guarded ' >> ${data}/rows`;
  return {
    operation: newOperationId(),
    kind: 'guard',
    stack: stack as StackName,
    host: site.host,
    title: 'append to the rows',
    data: [data],
    command: {
      args: [`${append} && exit ${exitCode}`],
      shell: true,
      directory: site.files,
      variables: ['CANARY'],
      timeoutMs: 60_000,
      outputLimitBytes: 2 ** 20,
    },
    checks: [],
    onFailure: 'roll-back',
    onCrash: 'fail',
    copyLimitBytes: 2 ** 30,
  };
};

const editRequestOf = async (site: Site, stack: string, breaks: boolean): Promise<GuardRequest> => {
  const { command: _none, ...request } = guardRequestOf(site, stack, 0);
  const file = join(site.data, stack, 'rows');
  const before = await readFile(file);
  const text = Buffer.concat([before, Buffer.from('edited ')]);
  const draft = await site.write('drafts/rows', text.toString());
  return {
    ...request,
    title: 'edit the rows',
    data: [file],
    edits: [{ file, draft, was: sha256(before), becomes: sha256(text) }],
    restart: true,
    checks: breaks ? [{ type: 'json', file }] : [],
  };
};

/** @param dumped whether the oldest dump is brought back; else the oldest snapshot. */
const restoreRequestOf = async (
  site: Site,
  stack: string,
  breaks: boolean,
  dumped?: Scenario['dumped'],
): Promise<GuardRequest> => {
  const { command: _none, ...request } = guardRequestOf(site, stack, 0);
  const [path = ''] = request.data;
  const directory = join(site.data, '.baton-snapshots', stack);
  const snapshot = (await readdir(directory))
    .sort()
    .flatMap((name) => parseSnapshotName(name)?.name ?? [])
    .find((name) => !dumped || existsSync(join(directory, name, manifestName)));
  if (!snapshot) throw new Error('there is no snapshot to restore');
  return {
    ...request,
    title: 'put the rows back',
    restore: [{ path, snapshot }],
    checks: breaks ? [{ type: 'json', file: join(path, 'rows') }] : [],
  };
};

const takeRequestOf = (site: Site, stack: string): GuardRequest => ({
  ...snapshotQuestion('taken before', [join(site.data, stack)], 2 ** 30),
  operation: newOperationId(),
  host: site.host,
  stack: stack as StackName,
});

/** What a cleanup finds besides snapshots. */
const strew = async (site: Site): Promise<void> => {
  const scratch = scratchOf(site);
  await mkdir(join(scratch, 'deep'), { recursive: true });
  for (const name of ['one', 'two', 'deep/three']) await writeFile(join(scratch, name), 'x');
  const archive = join(site.files, 'spare.tar');
  await execa('tar', ['-c', '-f', archive, '-C', site.data, 'scratch']);
  await site.cli('import', archive, spareImage(site));
  await site.cli('volume', 'create', looseVolume(site));
};

/** Somewhere for copies to go. */
const prepareCopies = async (client: Client, site: Site, target: 'restic' | 'btrfs'): Promise<void> => {
  const disk = copyDiskOf(site);
  if (target === 'restic') await writeFile(passwordOf(site), `${canary}\n`);
  else {
    await mkdir(disk);
    await execa('truncate', ['-s', '200M', `${disk}.img`]);
    await execa('mkfs.btrfs', ['-q', `${disk}.img`]);
    await execa('mount', ['-o', 'loop', `${disk}.img`, disk]);
  }
  const { host } = site;
  const made = { operation: newOperationId(), host, name: 'elsewhere' };
  const id = copyWorkflowId(host, 'elsewhere');
  const handle = await beginChange<typeof initCopies>(client, site, 'initCopies', id, [made]);
  await handle.result();
};

/** What is no operation on a stack. Its report is read by `asOperation`. */
const beginChange = async <W extends Workflow>(
  client: Client,
  { host }: Site,
  workflow: string,
  workflowId: string,
  args: Parameters<W>,
): Promise<Handle> => {
  const handle = await startChange<W>(client, { host, workflow, workflowId, summary: workflow, args });
  return handle;
};

const fromFile = (site: Site, stack: string, settings: Settings): ReleaseSource => ({
  from: 'file',
  file: join(site.files, `${stack}.yml`),
  envFiles: [],
  variables: variablesOf(stack, settings),
  profiles: [],
});

/** What is asked before has been asked when this resolves. @returns how to begin it. */
export const ready = async (
  client: Client,
  site: Site,
  scenario: Scenario,
): Promise<() => Promise<Handle>> => {
  const { operation, stacks } = scenario;
  if (!('playbook' in operation)) return async () => await begin(client, site, { ...scenario, operation });
  const request = await askForPlaybook(client, site, operation.playbook, stacks[0] ?? '');
  return async () => await beginPlaybook(client, request);
};

type Begun = Omit<Scenario, 'operation'> & {
  operation: Exclude<Scenario['operation'], { playbook: PlaybookName }>;
};

const begin = async (client: Client, site: Site, { stacks, operation, dumped }: Begun): Promise<Handle> => {
  const [first = ''] = stacks;
  if ('remove' in operation)
    return await startOperation(
      client,
      requestOf(site, 'remove', first, { from: 'nothing', withData: operation.remove.withData }),
    );
  if ('undo' in operation)
    return await startOperation(
      client,
      requestOf(site, 'undo', first, { from: 'release', withData: operation.undo.withData }),
    );
  if ('deploy' in operation)
    return await startOperation(
      client,
      requestOf(site, 'deploy', first, fromFile(site, first, operation.deploy)),
    );
  if ('approved' in operation) {
    const source = fromFile(site, first, operation.approved);
    const request = requestOf(site, 'deploy', first, source, { approve: true });
    return answered(await startOperation(client, request));
  }
  if ('guard' in operation)
    return await startGuard(client, guardRequestOf(site, first, operation.guard.exitCode, dumped));
  if ('restore' in operation)
    return await startGuard(client, await restoreRequestOf(site, first, operation.restore.breaks, dumped));
  const { host } = site;
  const asked = { operation: newOperationId(), host };
  if ('rotate' in operation)
    return await beginChange<typeof rotateSnapshots>(
      client,
      site,
      'rotateSnapshots',
      rotationWorkflowId(host),
      [asked],
    );
  if ('cleanup' in operation)
    return await beginChange<typeof cleanUp>(client, site, 'cleanUp', cleanupWorkflowId(host), [
      {
        ...asked,
        only: ['temp', 'images', 'logs', 'snapshots', 'volumes'],
        volumes: [looseVolume(site)],
      },
    ]);
  if ('restoreTest' in operation)
    return await beginChange<typeof restoreTest>(client, site, 'restoreTest', restoreTestWorkflowId(host), [
      { ...asked, sets: [] },
    ]);
  if ('copy' in operation)
    return await beginChange<typeof copyData>(client, site, 'copyData', copyWorkflowId(host, 'elsewhere'), [
      { ...asked, name: 'elsewhere' },
    ]);
  if ('cycle' in operation) return await beginCycle(client, site, first);
  if ('edit' in operation)
    return await startGuard(client, await editRequestOf(site, first, operation.edit.breaks));
  const set = Object.assign(
    {},
    ...Object.entries(operation.ecosystem).map(([stack, settings]) => variablesOf(stack, settings)),
  ) as Record<string, string>;
  Object.assign(process.env, {
    IMAGE: site.environment['IMAGE'],
    APP_IMAGE: site.environment['APP_IMAGE'],
    DATA: site.data,
    FILES: site.files,
    CANARY: canary,
  });
  const request = await ecosystemOf(join(site.files, 'all.yml'), {
    set,
    envFile: [],
    profile: [],
    copyLimit: 2 ** 30,
    host: site.host,
  });
  if (!request) throw new Error('all.yml is no ecosystem');
  return await startEcosystem(client, request);
};

const yes = (): boolean => true;
const no = (): boolean => false;

/** Releases that run before the operation. */
export const prepare = async (
  client: Client,
  { site, town }: Scene,
  { stacks, before, taken = 0, operation }: Scenario,
): Promise<void> => {
  // A worker that runs has not always been heard of yet.
  await until('the worker to be known', async () => await demandWorker(client, site.host).then(yes, no));
  for (const settings of before)
    for (const stack of stacks) {
      const handle = await startOperation(
        client,
        requestOf(site, 'deploy', stack, fromFile(site, stack, settings)),
      );
      demandDone(await handle.result());
    }
  for (let count = 0; count < taken; count += 1) {
    const handle = await startGuard(client, takeRequestOf(site, stacks[0] ?? ''));
    demandDone(await handle.result());
  }
  if ('cleanup' in operation) await strew(site);
  if ('copy' in operation) await prepareCopies(client, site, operation.copy);
  if ('cycle' in operation) await prepareCycle(client, site, stacks[0] ?? '');
  if ('playbook' in operation) await preparePlaybook(site, town, operation.playbook, stacks[0] ?? '');
};

const demandDone = ({ outcome, failure, problems }: Report): void => {
  if (outcome !== 'done')
    throw new Error(`Before the run: ${outcome} ${JSON.stringify({ failure, problems })}`);
};

/** A rotation, a cleanup and a copy put nothing back; they stop. */
export const stops = ({ workflowId }: Handle, { host }: Site): boolean =>
  [
    rotationWorkflowId(host),
    cleanupWorkflowId(host),
    restoreTestWorkflowId(host),
    copyWorkflowId(host, 'elsewhere'),
    cycleWorkflowId(host),
  ].includes(workflowId) || workflowId.startsWith(playbookWorkflowId(host, '' as OperationId));
