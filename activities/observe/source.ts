/** What a source is, and what all of them look at: asked once for each look, whoever asks first. */
import type { Seen, NotHere } from '../../domain/look.ts';
import type { StackName } from '../../domain/names.ts';
import type { Release, ReleaseRecord } from '../../domain/release.ts';
import type { StackStatus } from '../../domain/status.ts';
import type { ContainerState } from '../ports/engine.ts';
import type { Ports } from '../ports/index.ts';
import { statusOf } from '../status.ts';
import type { Counters } from './counters.ts';

/** Each reads only. One that cannot be asked rejects, and its reason is told. */
export type Source = {
  see: (scene: Scene) => Promise<Seen | NotHere>;
  /** One that hangs must not keep the others from being seen. */
  withinMs: number;
  /** For so long what it saw may be relied on; later it decides nothing. */
  freshForMs: number;
};

/** A stack with a release on record: what others run is theirs to look after. */
export type RecordedStack = {
  stack: StackName;
  release: Release;
  /** Oldest first. */
  history: ReleaseRecord[];
};

export type KnownStack = RecordedStack & { status: StackStatus };

export type Scene = {
  ports: Ports;
  /** Ms since the epoch. */
  at: number;
  /** What counts up, as it was at earlier looks. */
  counters: Counters;
  containers: () => Promise<ContainerState[]>;
  /** Known without the engine. */
  recorded: () => Promise<RecordedStack[]>;
  /** Every service of theirs is asked for its health. */
  stacks: () => Promise<KnownStack[]>;
};

export const setScene = (ports: Ports, at: number, counters: Counters): Scene => {
  const containers = once(async () => await ports.engine.listContainers());
  const recorded = once(async () => {
    const names = await ports.memory.stacks();
    const found = await Promise.all(names.map(async (name) => await recordedStack(ports, name)));
    return found.flatMap((one) => one ?? []);
  });
  const stacks = once(async () => {
    const all = await containers();
    return await Promise.all(
      (await recorded()).map(async (one) => ({ ...one, status: await statusOf(ports, one.stack, all) })),
    );
  });
  return { ports, at, counters, containers, recorded, stacks };
};

const recordedStack = async ({ memory }: Ports, stack: StackName): Promise<RecordedStack | undefined> => {
  const history = await memory.history(stack);
  const last = history.at(-1);
  const release = last && (await memory.getRelease(stack, last.release));
  return release && { stack, release, history };
};

const once = <Result>(make: () => Promise<Result>): (() => Promise<Result>) => {
  let made: Promise<Result> | undefined;
  return async () => await (made ??= make());
};
