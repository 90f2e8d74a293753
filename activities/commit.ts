/** Commit: the release is recorded first; only then is anything dropped that could bring the old one back. */
import { parseAsideName, stackOf } from '../domain/labels.ts';
import type { SnapshotTaken } from '../domain/operation.ts';
import type { Plan } from '../domain/plan.ts';
import type { Subject } from '../domain/subject.ts';
import { beating } from './activity.ts';
import { guestsFirst } from './container.ts';
import { keptTag } from './image.ts';
import type { Ports } from './ports/index.ts';
import { loadRelease } from './release.ts';
import { removeObsoleteNetworks } from './resource.ts';

/** As many releases can be undone to; their images are kept. */
const keptReleases = 5;

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
        kind: plan.kind,
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

  /** Removes the containers and files set aside, obsolete networks, and the image tags of releases too old to undo to. */
  async dropReplaced(subject: Subject, plan: Plan): Promise<void> {
    await beating(async () => {
      for (const container of guestsFirst(await ports.engine.listContainers())) {
        const aside = parseAsideName(container.name);
        if (aside?.operation === subject.operation && stackOf(container.labels) === subject.stack)
          await ports.engine.removeContainer(container.id);
      }
      for (const { path } of plan.files) await ports.files.dropKept(path, subject.operation);
      await removeObsoleteNetworks(ports, plan);
      await dropOldImages(ports, subject);
    });
  },
});

const dropOldImages = async (ports: Ports, { stack }: Subject): Promise<void> => {
  const history = await ports.memory.history(stack);
  const newest = [...new Set(history.map(({ release }) => release).reverse())];
  for (const id of newest.slice(keptReleases)) {
    const release = await ports.memory.getRelease(stack, id);
    for (const service of Object.keys(release?.images ?? {}))
      await ports.engine.untagImage(keptTag(stack, service as never, id));
  }
};
