/** What `baton doctor` says of data: how old its copies elsewhere are, and when its filesystems were last read as a whole. */
import { WorkflowFailedError, type Client } from '@temporalio/client';
import type { CopiesStanding } from '../domain/copy.ts';
import { copyFinding } from '../domain/copy-notes.ts';
import { healthFinding, type FilesystemHealth } from '../domain/filesystem-health.ts';
import type { Finding } from '../setup/examine.ts';
import type { copiesStanding, filesystemHealth } from '../workflows/questions.ts';
import { ask } from './ask.ts';
import { CommandFailure } from './failure.ts';
import { newOperationId } from './operation.ts';
import { listSchedules, type Described } from './schedules.ts';
import { thisHost } from './this-host.ts';

/** Nothing where no worker is there to ask, which is a finding of its own. */
export const dataFindings = async (client: Client): Promise<Finding[]> => {
  const { host } = thisHost();
  try {
    const health = await ask<typeof filesystemHealth>(client, host, 'filesystemHealth', []);
    const standing = await ask<typeof copiesStanding>(client, host, 'copiesStanding', [
      newOperationId(),
      false,
    ]);
    const schedules = standing.length === 0 ? [] : await listSchedules(client, host);
    return [...health.map(healthOf), ...standing.map((one) => copiesOf(one, schedules))];
  } catch (error) {
    if (error instanceof CommandFailure) return [];
    // Such as a mistake in baton.yml, which is told on its own.
    if (error instanceof WorkflowFailedError)
      return [{ what: 'Copies', state: 'problem', detail: 'could not be looked at', mend: 'baton copies' }];
    throw error;
  }
};

const healthOf = (health: FilesystemHealth): Finding => {
  const { state, detail } = healthFinding(health, Date.now());
  return {
    what: 'Filesystem',
    state,
    detail: `${health.filesystem}: ${detail}`,
    ...(state === 'ok' || health.unknown !== undefined
      ? {}
      : { mend: `${process.getuid?.() === 0 ? '' : 'sudo '}btrfs scrub start ${health.filesystem}` }),
  };
};

const copiesOf = (standing: CopiesStanding, schedules: readonly Described[]): Finding => {
  const { name, paths } = standing;
  const { state, detail } = copyFinding(standing, paths, intervalOf(name, schedules), Date.now());
  return {
    what: 'Copies',
    state,
    detail: `${name}: ${detail}`,
    ...(state === 'ok' ? {} : { mend: state === 'problem' ? 'baton copies' : `baton copy ${name}` }),
  };
};

/** The shortest between two next times of any schedule that makes this copy. @returns ms */
const intervalOf = (name: string, schedules: readonly Described[]): number | undefined => {
  const intervals = schedules
    .filter(({ schedule: { task }, paused }) => task.do === 'copy' && task.copy === name && !paused)
    .flatMap(({ next: [one, other] }) => (one && other ? [other.getTime() - one.getTime()] : []));
  return intervals.length > 0 ? Math.min(...intervals) : undefined;
};
