/**
 * The whole of an operation, workflow and activities, on a Temporal server, with an engine in memory and the disk in memory
 * too: a stack, an operation and its faults are drawn from a seed. See test/faults for the same on real parts.
 */
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createActivities, type Activities } from '../../activities/index.ts';
import { EngineError } from '../../activities/ports/engine.ts';
import { openMemory } from '../../activities/memory.ts';
import { openSnapshots } from '../../activities/snapshots/index.ts';
import { newOperationId, type Handle } from '../../client/operation.ts';
import { resumeRequest } from '../../client/commands/resume.ts';
import { searchAttributesOf } from '../../client/search-attributes.ts';
import { hostTaskQueue, stackWorkflowId } from '../../domain/ids.ts';
import { parseAsideName } from '../../domain/labels.ts';
import type { StackName } from '../../domain/names.ts';
import type { OperationRequest, ReleaseSource, Report } from '../../domain/operation.ts';
import type { ReleaseKind, Plan } from '../../domain/plan.ts';
import { parseSnapshotName } from '../../domain/snapshot.ts';
import type { deployStack } from '../../workflows/deploy-stack.ts';
import type { resumeUnwind } from '../../workflows/resume-unwind.ts';
import { watched, type Effect } from '../faults/effects.ts';
import { sooner } from '../faults/sooner.ts';
import { MemoryEngine } from './engine.ts';
import { memoryPorts } from './ports.ts';
import { runInMemory } from './run.ts';
import { dataNames, drawTown, townFile, type Town } from './town.ts';

const image = 'simulated:1';
/** Longer than any run takes that ends by itself. */
const patienceMs = 60_000;

/** What of the world must be as before, or new. */
type Sight = {
  containers: string[];
  networks: string[];
  data: Record<string, string>;
  route: string | undefined;
  releases: number;
};

/** One seed's world: an engine, a directory, and a worker that can die. */
class World {
  readonly town: Town;
  readonly engine: MemoryEngine;
  readonly stack: string;
  readonly directory: string;
  readonly #host: string;
  #activities: Activities;
  /** One worker after another. */
  #life = new Life();
  readonly #over = Promise.withResolvers<undefined>();
  #armed = false;
  #effects = 0;
  /** The call that fails until it is mended. */
  #broken: string | undefined;
  #cancel: () => Promise<void> = () => Promise.resolve();
  static readonly #alive = new AsyncLocalStorage<Life>();

  constructor(stack: string, town: Town, host: string, root: string) {
    this.town = town;
    this.stack = stack;
    this.#host = host;
    this.directory = join(root, this.stack);
    this.engine = new MemoryEngine(join(this.directory, 'volumes'), [image]);
    this.#activities = this.#restart();
  }

  /** A worker that has just started: nothing of the one before it is left but what it did to the world. */
  #restart(): Activities {
    this.#life = new Life();
    const ports = {
      ...memoryPorts(this.#host, this.directory, this.engine),
      snapshots: openSnapshots({ run: runInMemory }),
    };
    const log = { begin: (call: string, on: string): Effect => ({ n: (this.#effects += 1), call, on }) };
    this.#activities = createActivities(
      watched(
        ports,
        () => (this.#armed ? log : undefined),
        async (effect, work) => await this.#meddle(effect, work),
      ),
    );
    return this.#activities;
  }

  /** The names of all. */
  get activities(): (keyof Activities)[] {
    return Object.keys(this.#activities) as (keyof Activities)[];
  }

  /** Runs an activity until it ends or its worker dies, whichever is first. */
  async run(name: keyof Activities, args: unknown[]): Promise<unknown> {
    const life = this.#life;
    const work = Reflect.get(this.#activities, name) as (...all: unknown[]) => Promise<unknown>;
    try {
      return await Promise.race([World.#alive.run(life, async () => await work(...args)), life.end]);
    } catch (error) {
      throw sooner(error);
    }
  }

  /** From here on effects are counted, and go wrong. */
  arm(cancel: () => Promise<void>): void {
    this.#armed = true;
    this.#cancel = cancel;
  }

  mend(): void {
    this.#broken = undefined;
    this.#armed = false;
  }

  async #meddle(effect: Effect, work: () => Promise<unknown>): Promise<unknown> {
    const life = World.#alive.getStore();
    if (life?.dead) return await this.#never();
    const call = `${effect.call} ${effect.on}`;
    if (this.#broken === call) throw new EngineError('internal', `${call}: broken`);
    const fault = this.town.faults.find(({ at }) => at === effect.n || at === effect.call);
    switch (fault?.kind) {
      case undefined:
        return await work();
      case 'fails before':
        throw new EngineError('internal', `${call}: injected`);
      case 'fails after':
        await work();
        throw new EngineError('timeout', `${call}: injected`);
      case 'twice':
        await work();
        return await work();
      case 'slow':
        await delay(100);
        return life?.dead ? await this.#never() : await work();
      case 'dies before':
        return await this.#die();
      case 'dies after':
        await work();
        return await this.#die();
      case 'cancel':
        await this.#cancel();
        return await work();
      case 'always':
        this.#broken = call;
        throw new EngineError('internal', `${call}: broken`);
    }
  }

  async #die(): Promise<never> {
    this.#life.die();
    this.#restart();
    return await this.#never();
  }

  /** A dead worker does nothing any more; what is left of it here ends with the world. */
  async #never(): Promise<never> {
    await this.#over.promise;
    throw new Error('This worker is dead.');
  }

  end(): void {
    this.#over.resolve(undefined);
  }

  /** @param release writes the file of that release. */
  async write(version: 1 | 2, broken = false): Promise<string> {
    const file = join(this.directory, `${this.stack}.yml`);
    await mkdir(this.directory, { recursive: true });
    for (const one of dataNames) await mkdir(join(this.directory, 'data', one), { recursive: true });
    const place = { stack: this.stack, image, directory: join(this.directory, 'data'), firstPort: 40_000 };
    await writeFile(file, townFile(this.town, place, { version, broken }));
    return file;
  }

  async look(): Promise<Sight> {
    const containers = await this.engine.listContainers();
    const data = join(this.directory, 'data');
    const rows = async (one: string): Promise<string> =>
      await readFile(join(data, one, 'rows'), 'utf8').catch(() => '');
    return {
      containers: containers
        .map(({ id, name, status, restartPolicy }) => `${name} ${id.slice(0, 8)} ${status} ${restartPolicy}`)
        .sort(),
      networks: (await this.engine.inspectNetwork(`${this.stack}_default`)) ? ['default'] : [],
      data: { one: await rows('one'), two: await rows('two') },
      route: await readFile(join(data, 'route'), 'utf8').catch(() => undefined),
      releases: (await openMemory(join(this.directory, 'state')).history(this.stack as StackName)).length,
    };
  }

  /** Names of snapshots that lie there. */
  async snapshots(): Promise<string[]> {
    const names = await Promise.all(
      dataNames.map(
        async (one) => await readdir(join(this.directory, 'data', '.baton-snapshots', one)).catch(() => []),
      ),
    );
    return names.flat();
  }
}

/** The time that one worker lives. */
class Life {
  dead = false;
  readonly end: Promise<never>;
  die: () => void = () => undefined;
  constructor() {
    this.end = new Promise((_resolve, reject) => {
      this.die = () => {
        this.dead = true;
        reject(new EngineError('timeout', 'the worker died'));
      };
    });
    // Where nobody waits for it, nobody misses it.
    this.end.catch(() => undefined);
  }
}

/** All seeds of one process: their worlds, and the activities that find theirs by its stack. */
export class Simulation {
  readonly #client: Client;
  readonly #host: string;
  readonly #root: string;
  readonly #worlds = new Map<string, World>();

  /** @param root a directory on a filesystem in memory. */
  constructor(client: Client, host: string, root: string) {
    this.#client = client;
    this.#host = host;
    this.#root = root;
  }

  /** For the worker: each finds the world that its workflow is in. */
  get activities(): Activities {
    const anyWorld = new World('any', drawTown(0), this.#host, this.#root);
    return Object.fromEntries(
      anyWorld.activities.map((name) => [
        name,
        async (...args: unknown[]) => {
          const id = Context.current().info.workflowExecution?.workflowId ?? '';
          const world = this.#worlds.get(id);
          if (!world) throw new Error(`There is no world ${id}.`);
          return await world.run(name, args);
        },
      ]),
    ) as unknown as Activities;
  }

  /** @returns every rule that does not hold, in words. */
  async run(stack: string, town: Town): Promise<string[]> {
    const world = new World(stack, town, this.#host, this.#root);
    const id = stackWorkflowId(this.#host, world.stack as StackName);
    this.#worlds.set(id, world);
    try {
      return await this.#play(world, id);
    } finally {
      world.end();
      this.#worlds.delete(id);
      // What a dead worker had begun may still write for a moment.
      await rm(world.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    }
  }

  async #play(world: World, id: string): Promise<string[]> {
    const { what } = world.town;
    const file = await world.write(1);
    const from: ReleaseSource = { from: 'file', file, envFiles: [], variables: {}, profiles: [] };
    const earlier = what === 'first deploy' ? 0 : what.startsWith('undo') ? 2 : 1;
    for (const version of ([1, 2] as const).slice(0, earlier)) {
      await world.write(version);
      const { outcome, failure, problems } = await (await this.#start(world, 'deploy', from)).result();
      if (outcome !== 'done')
        return [`release ${version} was ${outcome}: ${failure?.message ?? ''} ${JSON.stringify(problems)}`];
    }
    const before = await world.look();
    const snapshotsBefore = await world.snapshots();
    const madeBefore = world.engine.made.length;
    const startsBefore = world.engine.starts.length;
    await world.write(what === 'first deploy' ? 1 : 2, what === 'failing deploy');
    const [kind, source] = operationOf(what, from);
    const started = Promise.withResolvers<Handle>();
    world.arm(async () => {
      await (await started.promise).signal('requestRollBack', 'a cancel at this moment');
    });
    const handle = await this.#start(world, kind, source);
    started.resolve(handle);
    const report = await Promise.race([handle.result(), delay(patienceMs, undefined, { ref: false })]);
    if (!report) return [`it had not ended after ${patienceMs / 1000} s`];
    world.mend();
    const ended = report.outcome === 'needs-human' ? await this.#resume(world, id, report) : report;
    const seen = await world.look();
    const made = world.engine.made.slice(madeBefore);
    const leftOver = seen.containers.filter((line) => toldAsLeft(line, ended));
    const after = { ...seen, containers: seen.containers.filter((line) => !leftOver.includes(line)) };
    const untidied = leftOver.length > 0 ? await this.#tidies(world, from) : [];
    return [
      ...untidied,
      ...whole(world.town, before, after, report, ended),
      ...twice(made),
      ...torn(snapshotsBefore, await world.snapshots(), ended),
      ...early(world.town, world.stack, made, world.engine.starts.slice(startsBefore)),
    ].map((line) => `${what}: ${line}`);
  }

  /** What a commit could not remove goes with the next change of the stack. */
  async #tidies(world: World, from: ReleaseSource): Promise<string[]> {
    await world.write(world.town.what === 'deploy' ? 1 : 2);
    const { outcome } = await (await this.#start(world, 'deploy', from)).result();
    const left = (await world.look()).containers.filter((line) => line.includes('.baton-'));
    return outcome === 'done' && left.length === 0
      ? []
      : [`the next deploy was ${outcome}, and left ${left.join(', ')}`];
  }

  async #start(world: World, kind: ReleaseKind, source: ReleaseSource): Promise<Handle> {
    const request: OperationRequest = {
      operation: newOperationId(),
      kind,
      stack: world.stack as StackName,
      host: this.#host,
      source,
      options: { copyLimitBytes: 2 ** 30, build: false, pull: false },
    };
    return await this.#client.workflow.start<typeof deployStack>('deployStack', {
      workflowId: stackWorkflowId(this.#host, request.stack),
      taskQueue: hostTaskQueue(this.#host),
      args: [request],
      typedSearchAttributes: searchAttributesOf(request),
    });
  }

  async #resume(world: World, id: string, report: Report): Promise<Report> {
    const plan = await this.#client.workflow
      .getHandle<typeof deployStack>(id)
      .query<Plan | undefined>('plan');
    const request = resumeRequest(world.stack, report, plan);
    return await this.#client.workflow.execute<typeof resumeUnwind>('resumeUnwind', {
      workflowId: id,
      taskQueue: hostTaskQueue(this.#host),
      args: [request],
      typedSearchAttributes: searchAttributesOf(request),
    });
  }
}

const operationOf = (what: Town['what'], file: ReleaseSource): [ReleaseKind, ReleaseSource] => {
  switch (what) {
    case 'undo':
    case 'undo with data':
      return ['undo', { from: 'release', withData: what === 'undo with data' }];
    case 'remove':
    case 'remove with data':
      return ['remove', { from: 'nothing', withData: what === 'remove with data' }];
    default:
      return ['deploy', file];
  }
};

/** Entirely new, or entirely as before; and a call for a person only where something stayed broken. */
const whole = (
  town: Town,
  before: Sight,
  after: Sight,
  first: Report,
  { outcome, left }: Report,
): string[] => {
  const lasting = town.faults.some(({ kind }) => kind === 'always');
  const told = [...left, first.failure?.message ?? ''].join('; ');
  if (first.outcome === 'needs-human' && !lasting)
    return [`it calls for a person: ${told} ${first.left.join('; ')}`];
  if (outcome === 'needs-human') return [`it calls for a person, though all is mended: ${told}`];
  if (outcome === 'unchanged') return [`it says that nothing was to be done`];
  if (outcome !== 'done')
    return isDeepStrictEqual(after, before)
      ? []
      : [
          `${outcome}, but it is not as before: was ${JSON.stringify(before)}, is ${JSON.stringify(after)}; ${told}`,
        ];
  if (town.what === 'failing deploy') return ['it succeeded, though a service breaks'];
  return newWorld(town, before, after);
};

/** A container that a committed operation set aside, could not remove, and told of. */
const toldAsLeft = (line: string, { outcome, notes }: Report): boolean => {
  const [name = ''] = line.split(' ');
  return outcome === 'done' && parseAsideName(name) !== undefined && notes.join().includes(`"${name}"`);
};

const newWorld = (town: Town, before: Sight, after: Sight): string[] => {
  const { what, services, file } = town;
  const removed = what.startsWith('remove');
  const names = removed ? [] : services.map(({ name }) => name);
  const running = after.containers.filter((line) => / running /.test(line)).length;
  const release = what === 'deploy' ? 2 : 1;
  const found: string[] = [];
  if (running !== names.length || after.containers.length !== names.length)
    found.push(
      `${running} of ${after.containers.length} containers run, not ${names.length}: ${after.containers.join(', ')}`,
    );
  const route = file && !removed ? `release ${release}\n` : undefined;
  if (after.route !== route) found.push(`the managed file says ${String(after.route)}, not ${String(route)}`);
  if (after.releases !== before.releases + 1) found.push(`${after.releases} releases are on record`);
  if (what === 'remove with data' && Object.values(after.data).some((rows) => rows !== ''))
    found.push(`data is left: ${JSON.stringify(after.data)}`);
  if (what === 'remove' && !isDeepStrictEqual(after.data, before.data)) found.push('the data changed');
  return found;
};

const twice = (made: string[]): string[] =>
  [...new Set(made)].flatMap((name) => {
    const times = made.filter((other) => other === name).length;
    return times > 1 ? [`${name} was made ${times} times`] : [];
  });

/** Nothing half-made lies among the snapshots, and no new one that nothing needs. */
const torn = (were: string[], are: string[], { outcome }: Report): string[] =>
  are.flatMap((name) => {
    // What is noted of a snapshot lies beside it, and nowhere else.
    if (name.endsWith('.json') && are.includes(name.slice(0, -'.json'.length))) return [];
    const parsed = parseSnapshotName(name);
    if (!parsed) return [`${name} lies among the snapshots`];
    const needless = outcome !== 'done' && parsed.purpose === 'before' && !were.includes(name);
    return needless ? [`${name} was left`] : [];
  });

/** The scheduler: what is new starts only when what it needs is healthy. */
const early = ({ services }: Town, stack: string, made: string[], starts: MemoryEngine['starts']): string[] =>
  starts.flatMap(({ name, beside }) => {
    const service = services.find((one) => containerOf(stack, one.name) === name);
    if (!service || !made.includes(name)) return [];
    return service.needs.flatMap((need) =>
      need.condition === 'service_started' || beside.includes(containerOf(stack, need.name))
        ? []
        : [`${service.name} was started before ${need.name} was healthy`],
    );
  });

const containerOf = (stack: string, service: string): string => `${stack}-${service}-1`;
