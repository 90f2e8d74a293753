/** What simulations found, as the smallest towns that showed it. */
import type { Service, Town } from './town.ts';

const service = (name: string, more: Partial<Service> = {}): Service => ({
  name,
  needs: [],
  data: [],
  readyMs: 20,
  changes: true,
  port: false,
  ...more,
});

export const regressions: readonly { what: string; town: Town }[] = [
  {
    what: 'Snapshots were deleted as unneeded when the new containers, which had written to the data, could not be stopped',
    town: {
      what: 'failing deploy',
      services: [
        service('s0', { data: ['one'] }),
        service('s1', { needs: [{ name: 's0', condition: 'service_started' }] }),
      ],
      breaks: 's1',
      file: false,
      faults: [{ kind: 'always', at: 14 }],
    },
  },
  {
    what: 'A container that a snapshot had paused, and that did not go on, kept a resumed unwind from its end',
    town: {
      what: 'deploy',
      services: [service('s0', { data: ['two'] }), service('s1', { data: ['two'], changes: false })],
      breaks: 's0',
      file: false,
      faults: [{ kind: 'always', at: 'engine.unpauseContainer' }],
    },
  },
  {
    what: 'A replaced container that could not be removed kept the others too, and forbade every later deploy',
    town: {
      what: 'deploy',
      services: [service('s0'), service('s1')],
      breaks: 's0',
      file: true,
      faults: [{ kind: 'always', at: 'engine.removeContainer' }],
    },
  },
  {
    what: 'An undo or a removal with data that failed in the middle of its snapshots could not be resumed: it looked for one that was never taken',
    town: {
      what: 'remove with data',
      services: [service('s0', { data: ['one', 'two'] })],
      breaks: 's0',
      file: false,
      faults: [{ kind: 'always', at: 'engine.unpauseContainer' }],
    },
  },
];
