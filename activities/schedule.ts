/** Schedules: what `baton.yml` wants, and which stack a file is of by the time that its hour has come. */
import { isEcosystem } from '../compose/ecosystem.ts';
import { loadStack } from '../compose/load.ts';
import type { StackName } from '../domain/names.ts';
import { problemText, type Problem } from '../domain/problem.ts';
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
      const problems = await Promise.all(schedules.map(async ({ task }) => await problemsOf(ports, task)));
      return { schedules, problems: problems.flat() };
    });
  },

  /** @throws a permanent failure where the file cannot be read. */
  async stackOfFile(task: Task & { do: 'deploy' }): Promise<StackName> {
    return await beating(async () => {
      const problems = await problemsOf(ports, task);
      const loaded = await loadStack({ ...task.source, environment: ports.environment });
      if (loaded.ok && problems.length === 0) return loaded.stack.name;
      throw permanent('StackFile', problems.map(problemText).join(' '));
    });
  },
});

const problemsOf = async ({ environment }: Ports, task: Task): Promise<Problem[]> => {
  if (task.do !== 'deploy') return [];
  const { file } = task.source;
  if (await isEcosystem(file))
    return [
      {
        severity: 'error',
        code: 'ecosystem',
        message: `${file} is an ecosystem; only its stacks can be scheduled, each by itself. Nothing was changed.`,
      },
    ];
  const loaded = await loadStack({ ...task.source, environment });
  return loaded.ok ? [] : loaded.problems.filter(({ severity }) => severity === 'error');
};
