/** What must be true after every run, whatever happened in it. */
import type { Client } from '@temporalio/client';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Handle } from '../../client/operation.ts';
import { questionWorkflowId, hostTaskQueue } from '../../domain/ids.ts';
import { label, parseAsideName } from '../../domain/labels.ts';
import type { Report } from '../../domain/operation.ts';
import { parseSnapshotName } from '../../domain/snapshot.ts';
import type { stackReleases, stackStatus } from '../../workflows/questions.ts';
import type { Container, Site } from '../e2e/site.ts';
import { decidedOnce } from './cycle.ts';
import { mayNeedHuman, type Fault } from './fault.ts';
import { canary } from './town-files.ts';
import type { Scenario } from './scenarios.ts';
import { comparable, type StackWorld, type World } from './world.ts';

export type Ended = {
  client: Client;
  handle: Handle;
  scenario: Scenario;
  fault: Fault;
  site: Site;
  before: World;
  after: World;
  report: Report;
  startedAt: Date;
  struck: boolean;
  logs: string;
};

/** @returns every rule that does not hold, in words. */
export const violations = async (run: Ended): Promise<string[]> => {
  const ended = { ...run, after: withoutToldLeftovers(run) };
  const found = await Promise.all([
    noLock(ended),
    onlyOnce(ended),
    sameStory(ended),
    noSecret(ended),
    noThrowaway(ended),
    noProcess(ended),
    'cycle' in run.scenario.operation ? decidedOnce(run.client, run.site) : [],
  ]);
  return [...wholeOrAsBefore(ended), ...snapshotsKept(ended), ...copiesWhole(ended), ...found.flat()];
};

/** What a commit could not remove, because the engine does not remove it any more, is no lie where the report tells of it. */
const withoutToldLeftovers = ({ after, fault, report: { outcome, notes } }: Ended): World => {
  if (outcome !== 'done' || !mayNeedHuman.includes(fault.kind)) return after;
  const told = notes.join();
  return {
    ...after,
    stacks: after.stacks.map((stack) => ({
      ...stack,
      containers: stack.containers.filter(
        ({ name }) => !(parseAsideName(name) && told.includes(`"${name}"`)),
      ),
    })),
  };
};

/** (1) Entirely new, or entirely as before, or an honest call for a person. */
const wholeOrAsBefore = ({ scenario, fault, before, after, report, struck }: Ended): string[] => {
  const { outcome } = report;
  if (!struck && outcome !== scenario.ends) return [`untouched, it ended in ${outcome}: ${told(report)}`];
  switch (outcome) {
    case 'done':
      // These were asked to restart something.
      return [
        ...scenario.isNew(after, before),
        ...(['edit', 'playbook', 'cycle'].some((key) => key in scenario.operation)
          ? []
          : unchangedAlone(before, after)),
      ];
    case 'needs-human':
      return [
        `it calls for a person${mayNeedHuman.includes(fault.kind) ? ', also after `baton resume`' : ''}: ${told(report)}`,
      ];
    default:
      return isDeepStrictEqual(comparable(after), comparable(before))
        ? []
        : [`${outcome}, but it is not as before: ${differences(before, after)}`];
  }
};

const told = ({ left, failure, problems }: Report): string =>
  [...left, failure?.message ?? '', ...problems.map(({ message }) => message)]
    .filter((text) => text !== '')
    .join('; ');

/** A service that the plan does not change is never restarted. */
const unchangedAlone = (before: World, after: World): string[] =>
  after.stacks.flatMap(({ containers, stack }, index) =>
    containers.flatMap(({ id, name, startedAt }) => {
      const was = before.stacks[index]?.containers.find((container) => container.id === id);
      return was && was.startedAt !== startedAt && was.running && !restored(before, after, stack)
        ? [`${name} was restarted, though nothing about it changed`]
        : [];
    }),
  );

/** An undo with data stops what uses the data. */
const restored = (before: World, after: World, stack: string): boolean =>
  rowsOf(before, stack).length > rowsOf(after, stack).length;

const rowsOf = ({ stacks }: World, stack: string): string =>
  stacks.find((candidate) => candidate.stack === stack)?.rows ?? '';

/** `needs-human`: what differs is listed, and what is listed differs. */
export const listed = (before: World, after: World, { left }: Report): string[] => {
  if (left.length === 0) return ['it calls for a person, but lists nothing'];
  const text = left.join('\n');
  const changed = after.stacks.flatMap((now, index) => changedContainers(before.stacks[index], now));
  const named = [...text.matchAll(/Container "([^"]+)"/g)].map(([, name]) => name);
  return [
    ...changed.flatMap((name) =>
      text.includes(name) ? [] : [`${name} is not as it was, but the list does not say so: ${text}`],
    ),
    ...named.flatMap((name) =>
      name !== undefined && changed.includes(name) ? [] : [`${name} is listed, but is as it was: ${text}`],
    ),
  ];
};

const changedContainers = (was: StackWorld | undefined, now: StackWorld): string[] => {
  const state = ({ id, name, running, paused }: Container): string => [id, name, running, paused].join(' ');
  const then = (was?.containers ?? []).map(state);
  const still = now.containers.map(state);
  const gone = (was?.containers ?? []).filter((container) => !still.includes(state(container)));
  const fresh = now.containers.filter((container) => !then.includes(state(container)));
  return [...new Set([...gone, ...fresh].map(({ name }) => name))];
};

const differences = (before: World, after: World): string => {
  const parts: string[] = [];
  for (const [index, now] of after.stacks.entries()) {
    const was = before.stacks[index];
    if (!was) continue;
    for (const key of ['containers', 'networks', 'page', 'route', 'rows', 'data'] as const) {
      const [a, b] = [brief(was, key), brief(now, key)];
      if (a !== b) parts.push(`${now.stack} ${key}: was ${a}, is ${b}`);
    }
  }
  return parts.join(' | ');
};

const brief = (world: StackWorld, key: keyof StackWorld): string =>
  key === 'containers'
    ? world.containers
        .map(({ id, name, running, paused, networks, image, restart }) =>
          [id.slice(0, 8), name, running, paused ? 'paused' : '', networks, image.slice(-8), restart].join(
            ' ',
          ),
        )
        .join(', ')
    : JSON.stringify(world[key]);

/** (2) Earlier snapshots are what they were, but for those that a rotation tells of as removed; none, and no renamed container, is without an owner. */
const snapshotsKept = ({ scenario, before, after, report, fault }: Ended): string[] =>
  after.stacks.flatMap((now, index) => {
    const was = before.stacks[index];
    const removes = ['rotate', 'cleanup', 'playbook'].some((key) => key in scenario.operation);
    const told = removes ? report.notes : [];
    const broken = Object.entries(was?.snapshots ?? {}).flatMap(([name, hash]) => {
      if (told.includes(name)) return name in now.snapshots ? [`${name} is there, and told as removed`] : [];
      return now.snapshots[name] === hash ? [] : [`snapshot ${name} was there before and is not the same`];
    });
    const torn = Object.keys(now.snapshots).flatMap((name) =>
      parseSnapshotName(name) || (name === '.draft-lent' && isTold({ report, fault }))
        ? []
        : [`${name} lies among the snapshots`],
    );
    const aside =
      report.outcome === 'needs-human'
        ? []
        : now.containers.flatMap(({ name }) => (parseAsideName(name) ? [`${name} was left`] : []));
    const fresh = Object.entries(now.snapshots).filter(([name]) => !(name in (was?.snapshots ?? {})));
    const unused = fresh.flatMap(([name]) =>
      ['rolled-back', 'cancelled', 'refused'].includes(report.outcome) &&
      parseSnapshotName(name)?.purpose === 'before'
        ? [`${name} was left, though nothing needs it`]
        : [],
    );
    const wrong = fresh.flatMap(([name, hash]) =>
      parseSnapshotName(name)?.purpose === 'before' &&
      report.outcome === 'done' &&
      // A dump is no files: what it holds shows where it is taken in.
      scenario.dumped !== 'redis' &&
      hash !== was?.data.join('\n') &&
      // Of one file of it.
      !was?.data.some((entry) => entry.replace('./rows', '.') === hash)
        ? [`${name} is not the data as it was before`]
        : [],
    );
    return [...broken, ...torn, ...aside, ...unused, ...wrong];
  });

/** (2b) What counts as a copy is all of its snapshot, and nothing else. */
const copiesWhole = ({ after }: Ended): string[] => {
  const snapshots = new Map(after.stacks.flatMap((stack) => Object.entries(stack.snapshots)));
  return Object.entries(after.copies).flatMap(([name, content]) =>
    content === snapshots.get(name)?.split('\n').slice(1).join('\n')
      ? []
      : [`the copy of ${name} is not what its snapshot is`],
  );
};

/** (2c) What the operation started has ended. */
const noProcess = async ({ report: { operation } }: Ended): Promise<string[]> => {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const environments = await Promise.all(
    pids.map(async (pid) => [pid, await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')] as const),
  );
  return environments.flatMap(([pid, text]) =>
    text.split('\0').includes(`BATON_OPERATION=${operation}`)
      ? [`process ${pid} of the operation is left`]
      : [],
  );
};

/** People are told after the end, and a worker may have to start for that. */
const toldWithinMs = 15_000;

/** (3) Nothing holds the stack, and nothing that was to be told hangs. */
const noLock = async (ended: Ended): Promise<string[]> => {
  const patience = Date.now() + toldWithinMs;
  for (;;) {
    const found = await stillRunning(ended);
    const isTelling = found.length > 0 && found.every((id) => id.startsWith('event/'));
    if (!isTelling || Date.now() > patience) return found.map((id) => `${id} is still running`);
    await delay(200);
  }
};

const stillRunning = async ({ client, site }: Ended): Promise<string[]> => {
  const found: string[] = [];
  // What measures an outcome again waits for a day, and holds nothing.
  const query = `BatonHost = "${site.host}" AND ExecutionStatus = "Running" AND WorkflowType != "measureOutcome"`;
  for await (const { workflowId } of client.workflow.list({ query }))
    if (!(await hasEnded(client, workflowId))) found.push(workflowId);
  return found;
};

/** The list lags a moment behind. */
const hasEnded = async (client: Client, workflowId: string): Promise<boolean> =>
  (await client.workflow.getHandle(workflowId).describe()).status.name !== 'RUNNING';

/** (4) As the engine itself tells it: no container of the operation was made twice, and none was started twice. */
const onlyOnce = async ({ site, startedAt, scenario, fault }: Ended): Promise<string[]> => {
  if (fault.kind === 'fails-always' || fault.kind === 'hangs') return [];
  const out = await site.cli(
    'events',
    '--stream=false',
    ...['--since', startedAt.toISOString(), '--until', new Date().toISOString()],
    ...['--filter', 'event=create', '--filter', 'event=start'],
    ...['--format', '{{.Type}} {{.Status}} {{.Name}} {{.ID}}'],
  );
  const events = out
    .split('\n')
    .map((line) => line.split(' '))
    .filter(
      ([type, , name]) =>
        type === 'container' && scenario.stacks.some((stack) => name?.startsWith(`${stack}-`)),
    );
  // A database is stopped and started while its dump is restored.
  const restored = scenario.dumped === 'redis' ? scenario.stacks.map((stack) => `${stack}-db-1`) : [];
  // A name is made once. The same name may be started twice: first the new container's, then the one that is put back.
  const keys = events.map(([, what, name, id]) =>
    what === 'create' ? `${name} was made` : `${name} (${id}) was started`,
  );
  return [...new Set(keys)].flatMap((key) => {
    if (restored.some((name) => key.startsWith(`${name} `) && key.endsWith('started'))) return [];
    const times = keys.filter((other) => other === key).length;
    return times > 1 ? [`${key} ${times} times`] : [];
  });
};

/** A service is down, or gone, before; and again where nothing was done. */
const isAmiss = ({ operation }: Scenario): boolean =>
  'cycle' in operation ||
  ('playbook' in operation && ['drift-correction', 'cascade-restart'].includes(operation.playbook));

/** (5) Report, `baton status`, `baton releases` and the engine tell the same. */
const sameStory = async ({ client, site, after, report, scenario }: Ended): Promise<string[]> => {
  if (report.outcome === 'needs-human') return [];
  const ask = async <T>(workflow: string, stack: string): Promise<T> =>
    (await client.workflow.execute(workflow, {
      workflowId: questionWorkflowId(site.host, workflow, `${Date.now()}${stack}`),
      taskQueue: hostTaskQueue(site.host),
      args: [stack],
    })) as T;
  const found: string[] = [];
  for (const { stack, containers } of after.stacks) {
    const [status] = await ask<Awaited<ReturnType<typeof stackStatus>>>('stackStatus', stack);
    const running = status?.services.filter(({ state }) => state === 'running').length ?? 0;
    const really = containers.filter((container) => container.running).length;
    if (running !== really) found.push(`status says ${running} of ${stack} run, the engine ${really}`);
    const isDown = isAmiss(scenario) && report.outcome !== 'done';
    for (const line of isDown ? [] : (status?.drift ?? []))
      if (!report.notes.some((note) => note.includes(line.split('"')[1] ?? '?')))
        found.push(`status of ${stack}: ${line}`);
    const releases = await ask<Awaited<ReturnType<typeof stackReleases>>>('stackReleases', stack);
    const ids = new Set(containers.map(({ release }) => release));
    const last = releases.at(-1)?.release;
    if (containers.length > 0 && (last === undefined || !ids.has(last)))
      found.push(`the last release of ${stack} is ${last ?? 'none'}, but ${[...ids].join(', ')} runs`);
    const released = report.outcome === 'done' && report.kind !== 'guard';
    const adds = released || (report.outcome === 'done' && scenario.releases === true);
    const expected = scenario.before.length + (adds ? 1 : 0);
    if (releases.length !== expected)
      found.push(`${stack} has ${releases.length} releases on record, not ${expected}`);
    if (released && scenario.stacks.length === 1 && last !== report.release)
      found.push(`the report says ${report.release ?? ''}, the record ${last ?? ''}`);
  }
  return found;
};

/** What cannot be removed is told, and left to the next restore test. */
const isTold = ({ report: { kind, left }, fault }: Pick<Ended, 'report' | 'fault'>): boolean =>
  mayNeedHuman.includes(fault.kind) && kind === 'guard' && left.some((line) => /of the test/.test(line));

/** No container of a restore test; a copy that was left lies among the snapshots. */
const noThrowaway = async (ended: Ended): Promise<string[]> => {
  if (isTold(ended)) return [];
  const { site } = ended;
  const filter = `label=${label.restoreTest}=${site.host}`;
  const left = await site.cli('ps', '-a', '--filter', filter, '--format', '{{.Names}}');
  return left === '' ? [] : [`left of a restore test: ${left}`];
};

/** (6) In no history, no log, and in no file of the state directory but the private ones. */
const noSecret = async ({ handle, site, logs, report }: Ended): Promise<string[]> => {
  const { events } = await handle.fetchHistory();
  const history = JSON.stringify(events, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
  );
  const places: [string, string][] = [
    ['the history', history],
    ['the worker’s log', logs],
    ['the report', JSON.stringify(report)],
  ];
  const state = join(site.files, '.state');
  const files = await readdir(state, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const file of files)
    if (file.isFile() && !file.parentPath.includes('/contents/'))
      places.push([
        join(file.parentPath, file.name),
        await readFile(join(file.parentPath, file.name), 'utf8'),
      ]);
  return places.flatMap(([place, text]) => (text.includes(canary) ? [`the canary is in ${place}`] : []));
};
