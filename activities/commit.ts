/** Commit: the release is recorded first; only then is anything dropped that could bring the old one back. */
import { parseAsideName, stackOf } from '../domain/labels.ts';
import type { OperationId } from '../domain/names.ts';
import type { SnapshotTaken } from '../domain/operation.ts';
import type { Plan } from '../domain/plan.ts';
import { keptReleases, newestReleases } from '../domain/release.ts';
import type { Subject } from '../domain/subject.ts';
import { beating } from './activity.ts';
import { guestsFirst } from './container.ts';
import { keptTag } from './image.ts';
import { EngineError } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { loadRelease } from './release.ts';
import { removeObsoleteNetworks } from './resource.ts';

export const commitActivities = (ports: Ports) => ({
  /** After this the release is what the stack is. */
  async recordRelease(subject: Subject, plan: Plan, snapshots: SnapshotTaken[]): Promise<void> {
    await beating(async () => {
      const release = await loadRelease(ports, subject.stack, subject.release);
      for (const [service, image] of Object.entries(release.images))
        await ports.engine.tagImage(
          image,
          keptTag(subject.stack, service as keyof typeof release.images, release.id),
        );
      await ports.memory.record(subject.stack, {
        release: subject.release,
        operation: subject.operation,
        committedAt: new Date().toISOString(),
        startedAt: subject.startedAt,
        kind: plan.kind,
        ...(subject.because === undefined ? {} : { because: subject.because }),
        snapshots: snapshots.map(({ path, name }) => ({ path, name })),
      });
    });
  },

  /** Undo of `recordRelease`: the release is not what the stack is. */
  async forgetRelease(subject: Subject): Promise<void> {
    await beating(async () => {
      await ports.memory.forget(subject.stack, subject.operation);
    });
  },

  /** Removes the containers and files set aside, obsolete networks, and the image tags of releases too old to undo to. What resists keeps nothing else. */
  async dropReplaced(subject: Subject, plan: Plan): Promise<void> {
    await beating(async () => {
      await eachTried(
        () => nameUpdates(ports, plan),
        () => dropContainers(ports, subject),
        () => dropKeptFiles(ports, subject, plan),
        () => removeObsoleteNetworks(ports, plan),
        () => dropOldImages(ports, subject),
      );
    });
  },
});

/** @throws what failed; where several did, one failure that tells of all. */
const eachTried = async (...parts: (() => Promise<unknown>)[]): Promise<void> => {
  const failed: Error[] = [];
  for (const part of parts) await part().catch((error: unknown) => failed.push(error as Error));
  const [first, ...others] = failed;
  if (!first) return;
  if (others.length === 0) throw first;
  throw new EngineError(codeOf(first), failed.map(({ message }) => message).join('; '), { cause: first });
};

const codeOf = (error: Error): EngineError['code'] =>
  error instanceof EngineError ? error.code : 'internal';

/** Else the next deploy of the stack's file would go back to what the tag named on this machine before. */
const nameUpdates = async ({ engine }: Ports, { services }: Plan): Promise<void> => {
  for (const { image } of services)
    if (image.exactly !== undefined && image.id !== undefined)
      await engine.tagImage(image.id, image.reference).catch((cause: unknown) => {
        const { message } = cause as Error;
        throw new EngineError(
          codeOf(cause as Error),
          `${image.reference} still names the image before, to which the next deploy would go back: ${message}`,
          { cause },
        );
      });
};

const dropKeptFiles = async ({ files }: Ports, { operation }: Subject, plan: Plan): Promise<void> => {
  for (const { path } of plan.files) await files.dropKept(path, operation);
};

/** Those that this operation set aside, and those of earlier ones that could not be removed then. One that resists keeps no other. */
const dropContainers = async ({ engine, memory }: Ports, { stack, operation }: Subject): Promise<void> => {
  const committed = new Set([operation, ...(await memory.history(stack)).map((entry) => entry.operation)]);
  const left: { name: string; error: Error }[] = [];
  for (const { id, name, labels } of guestsFirst(await engine.listContainers())) {
    const aside = parseAsideName(name);
    if (!aside || !committed.has(aside.operation as OperationId) || stackOf(labels) !== stack) continue;
    await engine.removeContainer(id).catch((error: unknown) => left.push({ name, error: error as Error }));
  }
  const [first] = left;
  if (!first) return;
  const names = left.map(({ name }) => `"${name}"`).join(', ');
  const { error } = first;
  throw new EngineError(codeOf(error), `${names} could not be removed: ${error.message}`, { cause: error });
};

const dropOldImages = async (ports: Ports, { stack }: Subject): Promise<void> => {
  const history = await ports.memory.history(stack);
  for (const id of newestReleases(history).slice(keptReleases)) {
    const release = await ports.memory.getRelease(stack, id);
    for (const service of Object.keys(release?.images ?? {}))
      await ports.engine.untagImage(keptTag(stack, service as never, id));
  }
};
