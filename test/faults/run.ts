/** One run: an operation, a fault at one of its effects, and what must be true when it has ended. */
import { WorkflowFailedError, type Client } from '@temporalio/client';
import { execa } from 'execa';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  demandWorker,
  newOperationId,
  progressOf,
  startEcosystem,
  startGuard,
  startOperation,
  startResume,
  type Handle,
} from '../../client/operation.ts';
import { sha256 } from '../../activities/hash.ts';
import { resumeRequest } from '../../client/commands/resume.ts';
import {
  cleanupWorkflowId,
  copyWorkflowId,
  restoreTestWorkflowId,
  rotationWorkflowId,
  stackWorkflowId,
} from '../../domain/ids.ts';
import { startChange } from '../../client/change.ts';
import { ecosystemRequest } from '../../client/commands/deploy.ts';
import type { StackName } from '../../domain/names.ts';
import { snapshotQuestion, type GuardPlan, type GuardRequest } from '../../domain/guard.ts';
import { parseSnapshotName } from '../../domain/snapshot.ts';
import type { OperationRequest, ReleaseSource, Report } from '../../domain/operation.ts';
import type { ReleaseKind, Plan } from '../../domain/plan.ts';
import type { CleanupReport } from '../../domain/cleanup.ts';
import type { RestoreTestReport } from '../../domain/restore-test.ts';
import type { CopyReport } from '../../domain/copy.ts';
import type { RotationReport } from '../../domain/rotation.ts';
import type { cleanUp } from '../../workflows/clean-up.ts';
import type { initCopies } from '../../workflows/copies.ts';
import type { copyData } from '../../workflows/copy-data.ts';
import type { deployStack } from '../../workflows/deploy-stack.ts';
import type { restoreTest } from '../../workflows/restore-test.ts';
import type { rotateSnapshots } from '../../workflows/rotate-snapshots.ts';
import { freePort } from '../../setup/local.ts';
import { databases, makeImage } from '../e2e/database-image.ts';
import { Site, until } from '../e2e/site.ts';
import { EffectLog, type Effect } from './effects.ts';
import { mayNeedHuman, type Fault } from './fault.ts';
import { listed, violations } from './invariants.ts';
import type { Scenario, Settings } from './scenarios.ts';
import { fill, type FaultyWorker, type Town } from './town.ts';
import { copyDiskOf, lookAt, passwordOf, repositoryOf, scratchOf } from './world.ts';

/** Longer than any run takes that ends by itself. */
const patienceMs = 120_000;
/** A value that may appear nowhere. */
export const canary = 'canary-Wq7xK2mV9';

export type Run = { scenario: Scenario; fault: Fault };
export type RunResult = {
  /** False where the operation has fewer effects than `fault.at`. */
  struck: boolean;
  effect?: Effect;
  outcome?: string;
  violations: string[];
  durationMs: number;
  /** What was done, and why the operation failed, for who looks into a violation. */
  story: string[];
};

export const stackFile = (stack: string, port: number): string => {
  const version = `\${${stack.toUpperCase()}_VERSION:-1}`;
  return `
name: ${stack}
services:
  db:
    image: \${IMAGE}
    command: [httpd, -f, -p, "5432", -h, /data]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/${stack}:/data"]
    x-baton: {probe: {http: ":5432/rows"}}
  app:
    image: \${IMAGE}
    command:
      - sh
      - -c
      - "grep -qw ${version} /data/rows || printf '%s ' ${version} >> /data/rows || exit 1; mkdir -p /www; echo ${version} > /www/index.html; \${${stack.toUpperCase()}_BREAKS:-true}; exec httpd -f -p 80 -h /www"
    stop_signal: SIGKILL
    environment: {PASSWORD: "\${CANARY}"}
    secrets: [password]
    volumes: ["\${DATA}/${stack}:/data", "cache:/cache"]
    depends_on: {db: {condition: service_healthy}}
    networks: [front]
    ports: ["127.0.0.1:${port}:80"]
    x-baton: {probe: {http: ":80/"}, data: {/cache: discard}}
secrets: {password: {environment: CANARY}}
networks: {front: {name: "${stack}_${version}"}}
volumes: {cache: }
x-baton:
  min_healthy_time: 50ms
  healthy_deadline: 8s
  progress_deadline: 20s
  files: [{path: "\${FILES}/${stack}.route", content: "release: ${version}\\n"}]
  validate: [{service: app, http: ":80/", contains: "${version}"}]
`;
};

/** Only its own: others use the same engine. */
const settingsOf = (site: Site, { stacks: [first = ''], operation }: Scenario): string => `
snapshots: [{keep: {minimum: 1}}]
${'restoreTest' in operation ? setOf(join(site.data, first)) : ''}
cleanup:
  images: {older_than: 0s, only: ['localhost/${site.host}/*']}
  logs: {older_than: 0s}
  temp: [{path: ${scratchOf(site)}, older_than: 0s}]
`;

/** What it asks is in the snapshot of before release 2. */
const setOf = (path: string): string =>
  `data: {rows: {path: ${path}, class: snapshot, restore_test: {service: db, exec: [grep, -q, opening 1, /data/rows], timeout: 20s}}}`;
const copySettings = (site: Site, { stacks: [first = ''], operation }: Scenario): string =>
  'copy' in operation
    ? `copies:
  elsewhere:
    data: [${join(site.data, first)}]
    fresh: 1h
    keep: {minimum: 1}
    ${
      operation.copy === 'restic'
        ? `restic: {repository: ${repositoryOf(site)}, password_file: ${passwordOf(site)}}`
        : `btrfs: {to: ${copyDiskOf(site)}}`
    }
`
    : '';

/** As {@link stackFile}, with the rows as a key of a Redis that is dumped. */
const dumpedStackFile = (stack: string, port: number): string => {
  const version = `\${${stack.toUpperCase()}_VERSION:-1}`;
  const writes = [
    `ask() { printf '%s\\r\\nQUIT\\r\\n' "$$1" | nc db 6379; };`,
    `ask 'GET rows' | grep -qw ${version} || ask 'APPEND rows "${version} "' | grep -q ^: || exit 1;`,
  ].join(' ');
  const redis = `image: ${databases.name}\n    command: [redis-server, --protected-mode, "no", --save, "", --appendonly, "yes", --dir, /data]`;
  const changes: [string, string][] = [
    ['image: ${IMAGE}\n    command: [httpd, -f, -p, "5432", -h, /data]\n    stop_signal: SIGKILL', redis],
    ['{probe: {http: ":5432/rows"}}', '{probe: {exec: [redis-cli, ping]}, data: {/data: {dump: redis}}}'],
    [
      `grep -qw ${version} /data/rows || printf '%s ' ${version} >> /data/rows || exit 1;`,
      JSON.stringify(writes).slice(1, -1),
    ],
    [`"\${DATA}/${stack}:/data", "cache:/cache"`, '"cache:/cache"'],
    ['networks: [front]', 'networks: [front, default]'],
  ];
  return changes.reduce((text, [from, to]) => text.replace(from, () => to), stackFile(stack, port));
};

const variablesOf = (stack: string, { version, breaks }: Settings): Record<string, string> => ({
  [`${stack.toUpperCase()}_VERSION`]: version,
  ...(breaks ? { [`${stack.toUpperCase()}_BREAKS`]: 'exit 1' } : {}),
});

/** A site with its stacks as they are before the operation, and the worker that will meet the fault. */
class Scene {
  readonly town: Town;
  readonly site: Site;
  readonly ports: Record<string, number> = {};
  readonly log: string;
  worker: FaultyWorker;
  workerLogs = '';
  /** Set by faults that must be ended when the run is over. */
  mend: (() => Promise<void>) | undefined;
  #strike: (scene: Scene) => Promise<void> = () => Promise.resolve();
  readonly #broken = Promise.withResolvers<never>();

  private constructor(town: Town, site: Site) {
    this.town = town;
    this.site = site;
    this.log = join(site.files, 'effects.jsonl');
    this.worker = this.#takeWorker();
    this.#broken.promise.catch(() => undefined);
  }

  static async open(town: Town, scenario: Scenario): Promise<Scene> {
    const { stacks, dumped = false } = scenario;
    const site = await Site.found('podman', town.disk, {
      BATON_ENGINE_SOCKET: town.socket,
      TEMPORAL_ADDRESS: town.address,
      CANARY: canary,
    });
    site.environment['FILES'] = site.files;
    const scene = new Scene(town, site);
    if (dumped) await makeImage(site, databases);
    for (const stack of stacks) {
      const port = await freePort();
      scene.ports[stack] = port;
      const data = join(site.data, stack);
      await execa('btrfs', ['subvolume', 'create', data]);
      await site.write(`${stack}.yml`, (dumped ? dumpedStackFile : stackFile)(stack, port));
      if (dumped) continue;
      await writeFile(join(data, 'rows'), 'opening ');
      await mkdir(join(data, 'sub'), { mode: 0o700 });
      await writeFile(join(data, 'sub', 'private'), 'x', { mode: 0o600 });
    }
    await site.write(
      '.config/baton/baton.yml',
      `${settingsOf(site, scenario)}${copySettings(site, scenario)}`,
    );
    await site.write(
      'all.yml',
      `stack:\n  name: town\n  data:\n    - stack: ${stacks[0] ?? ''}.yml\n  edge:\n${stacks
        .slice(1)
        .map((stack) => `    - stack: ${stack}.yml\n`)
        .join('')}`,
    );
    scene.worker.order({ environment: site.environment });
    await until('the worker', () => scene.worker.log.includes('RUNNING') || !scene.worker.alive);
    return scene;
  }

  #takeWorker(): FaultyWorker {
    const worker = this.town.takeWorker();
    worker.onFault = async () => {
      await this.whole(this.#strike(this));
    };
    return worker;
  }

  /** Rejects where bringing about the fault, or ending it, failed: then the run says nothing about Baton. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  /** Part of a fault: fails the run where it fails itself. */
  async whole(part: Promise<void>): Promise<void> {
    await part.catch((error: unknown) => {
      this.#broken.reject(error);
    });
  }

  /** From here on effects are numbered. */
  async arm(fault: Fault | undefined, strike: (scene: Scene) => Promise<void>): Promise<void> {
    this.#strike = strike;
    this.worker.say(JSON.stringify({ log: this.log, ...(fault ? { fault } : {}) }));
    await until('the worker to be armed', () => this.worker.log.includes('ARMED') || !this.worker.alive);
  }

  /** The next worker, where this one is dead: it counts on where that one was killed. */
  replaceDead(fault: Fault | undefined): void {
    if (this.worker.alive) return;
    this.workerLogs += this.worker.log;
    this.worker = this.#takeWorker();
    this.worker.order({
      environment: this.site.environment,
      arms: { log: this.log, ...(fault ? { fault } : {}) },
    });
  }

  async close(): Promise<void> {
    await this.mend?.();
    await execa('umount', ['--lazy', copyDiskOf(this.site)], { reject: false });
    await this.town.giveBack(this.worker);
    for (const stack of Object.keys(this.ports)) {
      const ids = (await this.site.containers(stack)).map(({ id }) => id);
      if (ids.length > 0) await this.site.engineCli('rm', '-f', '-v', '-t', '0', ...ids);
      const names = await this.site.volumesAndNetworks(stack);
      if (names.length === 0) continue;
      await this.site.engineCli('network', 'rm', '-f', ...names);
      await this.site.engineCli('volume', 'rm', '-f', ...names);
    }
    await this.site.engineCli('rmi', spareImage(this.site));
    await this.site.engineCli('volume', 'rm', looseVolume(this.site));
    await rm(this.site.files, { recursive: true, force: true });
    await rm(this.site.data, { recursive: true, force: true }).catch(() => undefined);
  }
}

const requestOf = (
  site: Site,
  kind: ReleaseKind,
  stack: string,
  source: ReleaseSource,
): OperationRequest => ({
  operation: newOperationId(),
  kind,
  stack: stack as StackName,
  host: site.host,
  source,
  options: { copyLimitBytes: 2 ** 30, build: false, pull: false },
});

/** What it writes can be seen, and that it was written once. */
const guardRequestOf = (site: Site, stack: string, exitCode: number, dumped = false): GuardRequest => {
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

const restoreRequestOf = async (site: Site, stack: string, breaks: boolean): Promise<GuardRequest> => {
  const { command: _none, ...request } = guardRequestOf(site, stack, 0);
  const [path = ''] = request.data;
  const names = (await readdir(join(site.data, '.baton-snapshots', stack))).sort();
  const [snapshot] = names.flatMap((name) => parseSnapshotName(name)?.name ?? []);
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

const spareImage = ({ host }: Site): string => `localhost/${host}/spare:1`;
const looseVolume = ({ host }: Site): string => `${host}_loose`;

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

/** Its report is read by {@link asOperation}. */
const startCleanup = async (client: Client, site: Site): Promise<Handle> => {
  const { host } = site;
  const handle = await startChange<typeof cleanUp>(client, {
    host,
    workflow: 'cleanUp',
    workflowId: cleanupWorkflowId(host),
    summary: 'free space',
    args: [
      {
        operation: newOperationId(),
        host,
        only: ['temp', 'images', 'logs', 'snapshots', 'volumes'],
        volumes: [looseVolume(site)],
      },
    ],
  });
  return handle as unknown as Handle;
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
  const handle = await startChange<typeof initCopies>(client, {
    host,
    workflow: 'initCopies',
    workflowId: copyWorkflowId(host, 'elsewhere'),
    summary: 'make ready',
    args: [{ operation: newOperationId(), host, name: 'elsewhere' }],
  });
  await handle.result();
};

/** Its report is read by {@link asOperation}. */
const startCopy = async (client: Client, { host }: Site): Promise<Handle> => {
  const handle = await startChange<typeof copyData>(client, {
    host,
    workflow: 'copyData',
    workflowId: copyWorkflowId(host, 'elsewhere'),
    summary: 'copy',
    args: [{ operation: newOperationId(), host, name: 'elsewhere' }],
  });
  return handle as unknown as Handle;
};

/** Its report is read by {@link asOperation}. */
const startRotation = async (client: Client, { host }: Site): Promise<Handle> => {
  const handle = await startChange<typeof rotateSnapshots>(client, {
    host,
    workflow: 'rotateSnapshots',
    workflowId: rotationWorkflowId(host),
    summary: 'prune',
    args: [{ operation: newOperationId(), host }],
  });
  return handle as unknown as Handle;
};

/** Its report is read by {@link asOperation}. */
const startRestoreTest = async (client: Client, { host }: Site): Promise<Handle> => {
  const handle = await startChange<typeof restoreTest>(client, {
    host,
    workflow: 'restoreTest',
    workflowId: restoreTestWorkflowId(host),
    summary: 'restore test',
    args: [{ operation: newOperationId(), host, sets: [] }],
  });
  return handle as unknown as Handle;
};

const asOperation = (
  report: Report | RotationReport | CleanupReport | RestoreTestReport | CopyReport,
): Report => {
  if ('tests' in report) return testAsOperation(report);
  if ('sets' in report) return copyAsOperation(report);
  if ('parts' in report) return cleanupAsOperation(report);
  if (!('removed' in report)) return report;
  const { operation, host, outcome, startedAt, durationMs, removed, gone, failed, problems } = report;
  return {
    operation,
    kind: 'guard',
    stack: 'snapshots' as StackName,
    host,
    // What it did not get to is as it was.
    outcome: outcome === 'incomplete' || outcome === 'stopped' ? 'cancelled' : outcome,
    startedAt,
    durationMs,
    changes: [],
    data: [],
    problems,
    left: [],
    notes: [...removed, ...gone].map(({ name }) => name),
    ...(failed[0] ? { failure: { step: failed[0].name, message: failed[0].why } } : {}),
  };
};

/** It changes nothing, whatever comes of it. */
const testAsOperation = ({ tests, left, outcome, ...report }: RestoreTestReport): Report => ({
  ...report,
  kind: 'guard',
  stack: 'restore-test' as StackName,
  outcome: outcome === 'done' || outcome === 'refused' ? outcome : 'cancelled',
  changes: [],
  data: [],
  left,
  notes: [],
  ...tests
    .filter(({ result }) => result !== 'proven')
    .map(({ set, why = '' }) => ({ failure: { step: set, message: why } }))[0],
});

const copyAsOperation = ({ sets, outcome, notRetired, ...report }: CopyReport): Report => {
  const failed = sets.find(({ did }) => did === 'failed')?.why ?? notRetired;
  return {
    operation: report.operation,
    kind: 'guard',
    stack: 'copies' as StackName,
    host: report.host,
    // What it did not get to is as it was.
    outcome: outcome === 'incomplete' || outcome === 'stopped' ? 'cancelled' : outcome,
    startedAt: report.startedAt,
    durationMs: report.durationMs,
    changes: [],
    data: [],
    problems: report.problems,
    left: [],
    notes: [],
    ...(failed === undefined ? {} : { failure: { step: 'copy', message: failed } }),
  };
};

const cleanupAsOperation = ({ parts, outcome, ...report }: CleanupReport): Report => ({
  operation: report.operation,
  kind: 'guard',
  stack: 'cleanup' as StackName,
  host: report.host,
  outcome:
    outcome === 'refused' ? 'refused' : ['done', 'freed-nothing'].includes(outcome) ? 'done' : 'cancelled',
  startedAt: report.startedAt,
  durationMs: report.durationMs,
  changes: [],
  data: [],
  problems: report.problems,
  left: [],
  notes: parts.flatMap(({ removed, gone }) => [...removed, ...gone].map(({ id }) => id)),
  ...failureOf(parts),
});

const failureOf = (parts: CleanupReport['parts']): Pick<Report, 'failure'> => {
  const [failed] = parts.flatMap((part) => part.failed);
  return failed ? { failure: { step: failed.title, message: failed.why } } : {};
};

const fromFile = (site: Site, stack: string, settings: Settings): ReleaseSource => ({
  from: 'file',
  file: join(site.files, `${stack}.yml`),
  envFiles: [],
  variables: variablesOf(stack, settings),
  profiles: [],
});

const begin = async (
  client: Client,
  site: Site,
  { stacks, operation, dumped }: Scenario,
): Promise<Handle> => {
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
  if ('guard' in operation)
    return await startGuard(client, guardRequestOf(site, first, operation.guard.exitCode, dumped));
  if ('restore' in operation)
    return await startGuard(client, await restoreRequestOf(site, first, operation.restore.breaks));
  if ('rotate' in operation) return await startRotation(client, site);
  if ('cleanup' in operation) return await startCleanup(client, site);
  if ('restoreTest' in operation) return await startRestoreTest(client, site);
  if ('copy' in operation) return await startCopy(client, site);
  if ('edit' in operation)
    return await startGuard(client, await editRequestOf(site, first, operation.edit.breaks));
  const set = Object.assign(
    {},
    ...Object.entries(operation.ecosystem).map(([stack, settings]) => variablesOf(stack, settings)),
  ) as Record<string, string>;
  Object.assign(process.env, {
    IMAGE: site.environment['IMAGE'],
    DATA: site.data,
    FILES: site.files,
    CANARY: canary,
  });
  const request = await ecosystemRequest(join(site.files, 'all.yml'), {
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
const prepare = async (
  client: Client,
  site: Site,
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
};

const demandDone = ({ outcome, failure, problems }: Report): void => {
  if (outcome !== 'done')
    throw new Error(`Before the run: ${outcome} ${JSON.stringify({ failure, problems })}`);
};

/** A rotation, a cleanup and a copy put nothing back; they stop. */
const stops = ({ workflowId }: Handle, { host }: Site): boolean =>
  [
    rotationWorkflowId(host),
    cleanupWorkflowId(host),
    restoreTestWorkflowId(host),
    copyWorkflowId(host, 'elsewhere'),
  ].includes(workflowId);

/** What the parent does for a fault that a worker cannot bring about itself. */
const strike =
  ({ kind }: Fault, handle: Promise<Handle>) =>
  async (scene: Scene): Promise<void> => {
    const { town } = scene;
    switch (kind) {
      case 'engine-dies':
        await town.killEngine();
        void scene.whole(delay(300).then(async () => await town.startEngine()));
        return;
      case 'server-dies':
        await town.killTemporal();
        void scene.whole(delay(200).then(async () => await town.startTemporal()));
        return;
      case 'both-die':
        await Promise.all([town.killTemporal(), scene.worker.kill()]);
        await town.startTemporal();
        return;
      case 'cancel':
        if (stops(await handle, scene.site)) await (await handle).cancel();
        else await (await handle).signal('requestRollBack', 'a cancel at this moment');
        return;
      case 'disk-full':
        scene.mend = await fill(scene.site.data);
        return;
      default:
        throw new Error(`${kind} is the worker's own affair.`);
    }
  };

/** @param town is left as it was found. */
export const runOnce = async (town: Town, { scenario, fault }: Run): Promise<RunResult> => {
  const began = Date.now();
  const client = await town.client();
  const scene = await Scene.open(town, scenario);
  try {
    await prepare(client, scene.site, scenario);
    const before = await lookAt(scene.site, scene.ports, scenario.dumped);
    const started = Promise.withResolvers<Handle>();
    await scene.arm(fault, strike(fault, started.promise));
    const startedAt = new Date();
    const handle = await begin(client, scene.site, scenario);
    started.resolve(handle);
    const outcome = outcomeOf(client, handle, () => {
      scene.replaceDead(fault);
    });
    const report = await Promise.race([outcome, scene.broken]);
    await scene.mend?.();
    scene.mend = undefined;
    const torn = await lookAt(scene.site, scene.ports, scenario.dumped);
    const resumed =
      report?.outcome === 'needs-human' && mayNeedHuman.includes(fault.kind)
        ? await resumeAll(client, scene, scenario)
        : undefined;
    const after = resumed ? await lookAt(scene.site, scene.ports, scenario.dumped) : torn;
    const effects = EffectLog.read(scene.log);
    const effect = effects.find(({ n }) => n === fault.at);
    return {
      struck: effect !== undefined,
      ...(effect ? { effect } : {}),
      ...(report ? { outcome: report.outcome } : {}),
      violations: report
        ? [
            ...(resumed ? listed(before, torn, report) : []),
            ...(await violations({
              client,
              handle,
              scenario,
              fault,
              site: scene.site,
              before,
              after,
              report: resumed ?? report,
              startedAt,
              struck: effect !== undefined,
              logs: scene.workerLogs + scene.worker.log,
            })),
          ]
        : [
            `it had not ended after ${patienceMs / 1000} s: ${await stateOf(client, scene.site)}; worker: ${scene.worker.log.slice(-500)}`,
          ],
      durationMs: Date.now() - began,
      story: [
        ...effects.map(({ n, call, on }) => `${n} ${call} ${on}`),
        ...(report?.failure ? [`${report.failure.step}: ${report.failure.message}`] : []),
      ],
    };
  } finally {
    await scene.close();
  }
};

/** The cause is mended: `baton resume` for each stack that needs it. @returns the last report. */
const resumeAll = async (client: Client, scene: Scene, { stacks }: Scenario): Promise<Report | undefined> => {
  await scene.worker.kill();
  scene.replaceDead(undefined);
  let last: Report | undefined;
  for (const stack of [...stacks].reverse()) {
    const ended = client.workflow.getHandle<typeof deployStack>(
      stackWorkflowId(scene.site.host, stack as StackName),
    );
    const progress = await until('the worker', async () => (await progressOf(ended)) !== undefined).then(
      async () => await progressOf(ended),
    );
    if (progress?.report?.outcome !== 'needs-human') continue;
    const request = resumeRequest(
      stack,
      progress.report,
      await ended.query<Plan | GuardPlan | undefined>('plan'),
    );
    last = await (await startResume(client, request)).result();
  }
  return last;
};

/** Waits for the end, whatever dies meanwhile. @returns undefined where it does not come. */
const outcomeOf = async (client: Client, handle: Handle, look: () => void): Promise<Report | undefined> => {
  const patience = AbortSignal.timeout(patienceMs);
  const watch = setInterval(look, 50);
  try {
    while (!patience.aborted) {
      const result = await client.withAbortSignal(
        patience,
        async () =>
          await handle.result().catch((error: unknown) => {
            if (error instanceof WorkflowFailedError) throw error;
            return undefined;
          }),
      );
      if (result) return asOperation(result);
      await delay(100);
    }
    return undefined;
  } finally {
    clearInterval(watch);
  }
};

/** What each workflow of the host waits for: the members of an ecosystem are workflows of their own. */
const stateOf = async (client: Client, { host }: Site): Promise<string> => {
  const states: string[] = [];
  const query = `BatonHost = "${host}" AND ExecutionStatus = "Running"`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
    const task = raw.pendingWorkflowTask;
    const waits = [
      ...(raw.pendingActivities ?? []).map(
        ({ activityType, attempt, lastFailure }) =>
          `${activityType?.name ?? ''} attempt ${attempt ?? 0}: ${lastFailure?.message ?? 'no failure'}`,
      ),
      ...(raw.pendingChildren ?? []).map(({ workflowId: child }) => `child ${child ?? ''}`),
      ...(task ? [`a decision, attempt ${task.attempt ?? 0}`] : []),
    ];
    states.push(`${workflowId}: ${waits.join(', ') || 'a message or a timer'}`);
  }
  return states.join('; ') || 'no workflow runs';
};
