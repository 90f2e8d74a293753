/** Schedules: what `baton.yml` wants, and what a file is of by the time that its hour has come. */
import { isEcosystem, loadEcosystem } from '../compose/ecosystem.ts';
import { loadStack } from '../compose/load.ts';
import { orderOf, type EcosystemOrder } from '../domain/ecosystem.ts';
import type { StackName } from '../domain/names.ts';
import { isError, problemText, type Problem } from '../domain/problem.ts';
import type { Schedule, Task } from '../domain/schedule.ts';
import { beating, permanent } from './activity.ts';
import type { Ports } from './ports/index.ts';

export type WantedSchedules = { schedules: Schedule[]; problems: Problem[] };

export const scheduleActivities = (ports: Ports) => ({
  /** With every file of a stack read, so that one that cannot be deployed is told now and not at night. */
  async readSchedules(): Promise<WantedSchedules> {
    return await beating(async () => {
      const read = await ports.settings();
      if (!read.ok) return { schedules: [], problems: read.problems };
      const { schedules } = read.settings;
      const found = await Promise.all(
        schedules.map(async ({ task }) => (task.do === 'deploy' ? await readStackOf(ports, task) : [])),
      );
      return { schedules, problems: found.flatMap((one) => (Array.isArray(one) ? one : [])) };
    });
  },

  /** The stack that a file is of, or the stacks of an ecosystem. @throws a permanent failure where the file cannot be read. */
  async stackOfFile(task: DeployTask): Promise<StackName | EcosystemOrder> {
    return await beating(async () => {
      const found = await readStackOf(ports, task);
      if (!Array.isArray(found)) return found;
      throw permanent('StackFile', found.map(problemText).join(' '));
    });
  },
});

type DeployTask = Task & { do: 'deploy' };

/** @returns what would be deployed, or why there is nothing that can be. */
const readStackOf = async (
  { environment }: Ports,
  { source }: DeployTask,
): Promise<StackName | EcosystemOrder | Problem[]> => {
  if (await isEcosystem(source.file)) {
    const loaded = await loadEcosystem({ ...source, environment });
    return loaded.ok ? orderOf(loaded.ecosystem) : loaded.problems.filter(isError);
  }
  const loaded = await loadStack({ ...source, environment });
  return loaded.ok ? loaded.stack.name : loaded.problems.filter(isError);
};
