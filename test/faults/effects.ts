/**
 * Effects: the calls through a port that change the engine, the disk or the memory. A wrapper round the ports numbers them
 * in one log that outlives the worker, so that a fault can be put at the n-th, in whichever process it falls.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Audit } from '../../activities/ports/audit.ts';
import type { Disk } from '../../activities/ports/disk.ts';
import type { Commands } from '../../activities/ports/commands.ts';
import type { Copies } from '../../activities/ports/copies.ts';
import type { Engine } from '../../activities/ports/engine.ts';
import type { Files } from '../../activities/ports/files.ts';
import type { Ports } from '../../activities/ports/index.ts';
import type { Memory } from '../../activities/ports/memory.ts';
import type { Records } from '../../activities/ports/records.ts';
import type { Snapshots } from '../../activities/ports/snapshots.ts';

type Kind = 'effect' | 'look';
type Methods<Port> = {
  [Name in keyof Port as Port[Name] extends (...args: never[]) => Promise<unknown> ? Name : never]: Kind;
};

/** Every method of every port; the compiler demands an entry for a new one. */
export const methods: {
  engine: Methods<Engine>;
  snapshots: Methods<Snapshots>;
  memory: Methods<Memory>;
  files: Methods<Files>;
  commands: Methods<Commands>;
  copies: Methods<Copies>;
  audit: Methods<Audit>;
  disk: Methods<Disk>;
  records: Methods<Records>;
} = {
  engine: {
    info: 'look',
    listContainers: 'look',
    inspectContainer: 'look',
    createContainer: 'effect',
    startContainer: 'effect',
    stopContainer: 'effect',
    pauseContainer: 'effect',
    unpauseContainer: 'effect',
    renameContainer: 'effect',
    setRestartPolicy: 'effect',
    removeContainer: 'effect',
    waitContainer: 'look',
    // Probes: what they run is the stack's own affair.
    exec: 'look',
    // What it changes is inside a database; the scenarios with one count what is begun there.
    execStream: 'effect',
    logs: 'look',
    inspectImage: 'look',
    imageExistsRemotely: 'look',
    pullImage: 'effect',
    buildImage: 'effect',
    tagImage: 'effect',
    untagImage: 'effect',
    listImages: 'look',
    removeImage: 'effect',
    readUsage: 'look',
    readLoads: 'look',
    pruneBuildCache: 'effect',
    inspectNetwork: 'look',
    createNetwork: 'effect',
    removeNetwork: 'effect',
    inspectVolume: 'look',
    createVolume: 'effect',
    removeVolume: 'effect',
    listDanglingVolumes: 'look',
    close: 'look',
  },
  snapshots: {
    subvolumes: 'look',
    inspect: 'look',
    find: 'look',
    list: 'look',
    marks: 'look',
    survey: 'look',
    space: 'look',
    health: 'look',
    mark: 'effect',
    take: 'effect',
    sqliteIn: 'look',
    takeSqlite: 'effect',
    write: 'effect',
    empty: 'effect',
    isLent: 'look',
    lend: 'effect',
    takeBack: 'effect',
    restore: 'effect',
    swapIn: 'effect',
    clear: 'effect',
    moveAway: 'effect',
    remove: 'effect',
  },
  memory: {
    getRelease: 'look',
    history: 'look',
    releases: 'look',
    stacks: 'look',
    getBefore: 'look',
    keptFile: 'look',
    putRelease: 'effect',
    record: 'effect',
    forget: 'effect',
    putBefore: 'effect',
    keepFile: 'effect',
    putContent: 'effect',
    keepText: 'effect',
    notePaths: 'effect',
    notedPaths: 'look',
    noteProof: 'effect',
    proofs: 'look',
    putBaseline: 'effect',
    getBaseline: 'look',
    noteDelivery: 'effect',
    forgetDelivery: 'effect',
    hostKey: 'look',
  },
  files: {
    read: 'look',
    isWritable: 'look',
    replace: 'effect',
    remove: 'effect',
    keep: 'effect',
    putBack: 'effect',
    dropKept: 'effect',
  },
  audit: {
    append: 'effect',
    read: 'look',
  },
  commands: {
    run: 'effect',
    whereIs: 'look',
  },
  copies: {
    list: 'look',
    notes: 'look',
    init: 'effect',
    make: 'effect',
    remove: 'effect',
    prune: 'effect',
    // It locks a repository, and writes nothing to it.
    check: 'look',
    restore: 'effect',
    note: 'effect',
  },
  disk: {
    usage: 'look',
    realPath: 'look',
    homes: 'look',
    findOld: 'look',
    removeOld: 'effect',
    journal: 'look',
    vacuumJournal: 'effect',
  },
  records: {
    write: 'effect',
    series: 'look',
    points: 'look',
    hours: 'look',
    entries: 'look',
    newestOfEach: 'look',
    reserve: 'effect',
    reserved: 'look',
    tidy: 'effect',
    check: 'look',
    vacuum: 'effect',
    close: 'look',
  },
};

export type Effect = {
  /** Counts from 1 through all workers of one run. */
  n: number;
  /** `engine.createContainer`. */
  call: string;
  /** The first argument, where it is a name. */
  on: string;
};

/** Does the work, or something worse. */
export type Meddler = (effect: Effect, work: () => Promise<unknown>) => Promise<unknown>;

/** A log of effects begun: one line each, on the disk before the effect. */
export class EffectLog implements Log {
  readonly #file: string;
  #count: number;

  constructor(file: string) {
    this.#file = file;
    this.#count = existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
  }

  begin(call: string, on: string): Effect {
    this.#count += 1;
    const effect = { n: this.#count, call, on };
    appendFileSync(this.#file, `${JSON.stringify(effect)}\n`);
    return effect;
  }

  static read(file: string): Effect[] {
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Effect);
  }
}

/** Numbers effects as they begin. */
export type Log = { begin: (call: string, on: string) => Effect };

/** The same ports, with `meddle` round each effect while there is a log. */
export const watched = (ports: Ports, log: () => Log | undefined, meddle: Meddler): Ports => {
  const wrap = <Port extends object>(name: keyof typeof methods, port: Port): Port => {
    const kinds = methods[name] as Record<string | symbol, Kind | undefined>;
    return new Proxy(port, {
      get: (target, method) => {
        const work: unknown = Reflect.get(target, method);
        if (typeof work !== 'function') return work;
        return async (...args: unknown[]): Promise<unknown> => {
          const result = async (): Promise<unknown> => await (work.apply(target, args) as Promise<unknown>);
          if (kinds[method] !== 'effect') return await result();
          const effect = log()?.begin(`${name}.${String(method)}`, nameOf(args));
          return effect ? await meddle(effect, result) : await result();
        };
      },
    });
  };
  return {
    ...ports,
    engine: wrap('engine', ports.engine),
    snapshots: wrap('snapshots', ports.snapshots),
    memory: wrap('memory', ports.memory),
    files: wrap('files', ports.files),
    commands: wrap('commands', ports.commands),
    copies: wrap('copies', ports.copies),
    audit: wrap('audit', ports.audit),
    disk: wrap('disk', ports.disk),
    records: async () => wrap('records', await ports.records()),
  };
};

const nameOf = ([first]: unknown[]): string => {
  if (typeof first === 'string') return first;
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return '';
  if ('name' in first) return String(first.name);
  const { entries = [] } = first as { entries?: { kind: string }[] };
  return [...new Set(entries.map(({ kind }) => kind))].join(', ');
};
