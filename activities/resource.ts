/** Networks and volumes: made where they are missing, labelled, and removed again only by the operation that made them. */
import { label } from '../domain/labels.ts';
import type { Plan } from '../domain/plan.ts';
import type { Subject } from '../domain/subject.ts';
import { beating } from './activity.ts';
import { EngineError } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { loadRelease } from './release.ts';

export const resourceActivities = ({ engine, ...ports }: Ports) => ({
  async prepareResources(subject: Subject, plan: Plan): Promise<void> {
    await beating(async () => {
      const { spec } = await loadRelease({ engine, ...ports }, subject.stack, subject.release);
      const owned = {
        [label.stack]: subject.stack,
        [label.operation]: subject.operation,
        [label.composeProject]: subject.stack,
      };
      for (const { key, action } of plan.networks) {
        const network = spec.networks[key];
        if (action !== 'create' || !network || (await engine.inspectNetwork(network.name))) continue;
        await engine.createNetwork({
          ...network,
          labels: { ...network.labels, ...owned, 'com.docker.compose.network': key },
        });
      }
      for (const { key, action } of plan.volumes) {
        const volume = spec.volumes[key];
        if (action !== 'create' || !volume || (await engine.inspectVolume(volume.name))) continue;
        await engine.createVolume({
          ...volume,
          labels: { ...volume.labels, ...owned, 'com.docker.compose.volume': key },
        });
      }
    });
  },

  /** Undo of `prepareResources`. */
  async removeResources(subject: Subject, plan: Plan): Promise<void> {
    await beating(async () => {
      const made = (labels: Record<string, string> | undefined): boolean =>
        labels?.[label.operation] === subject.operation;
      for (const { name, action } of plan.networks)
        if (action === 'create' && made((await engine.inspectNetwork(name))?.labels))
          await engine.removeNetwork(name);
      for (const { name, action } of plan.volumes)
        if (action === 'create' && made((await engine.inspectVolume(name))?.labels))
          await engine.removeVolume(name);
    });
  },
});

/** Removes networks that the stack no longer has. @returns those that something else still uses. */
export const removeObsoleteNetworks = async ({ engine }: Ports, plan: Plan): Promise<string[]> => {
  const inUse: string[] = [];
  for (const { name, action } of plan.networks) {
    if (action !== 'remove') continue;
    try {
      await engine.removeNetwork(name);
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'in-use') throw error;
      inUse.push(name);
    }
  }
  return inUse;
};
