/** What the matrix found, in words, and the cells that show it: each stays as a case of `npm test`. */
import type { Cell } from './matrix.ts';

export const found: readonly { what: string; cells: readonly Cell[] }[] = [
  {
    what: 'A paused container counted as running, so an unwind said that everything was as before',
    cells: [{ scenario: 'remove with data', kind: 'fails-always', at: 6 }],
  },
  {
    what: 'An undo with data left a service stopped that it does not change',
    cells: [{ scenario: 'undo with data', kind: 'server-dies', at: 8 }],
  },
  {
    what: 'Snapshots were deleted though the data could not be put back from them',
    cells: [{ scenario: 'failing deploy', kind: 'fails-always', at: 16 }],
  },
  {
    what: 'A wait for health ended at once when the clock was set',
    cells: [{ scenario: 'failing ecosystem', kind: 'clock-jumps', at: 10 }],
  },
  {
    what: 'An ecosystem of which no stack could commit was put back whole, and called for a person all the same',
    cells: [{ scenario: 'ecosystem', kind: 'fails-always', at: 27 }],
  },
  {
    what: 'The mark of a snapshot, which a full disk did not take, left its draft among the snapshots',
    cells: [{ scenario: 'guard', kind: 'disk-full', at: 5 }],
  },
  {
    what: 'A copy that a full disk did not take left its draft among the snapshots',
    cells: [{ scenario: 'failing edit', kind: 'disk-full', at: 5 }],
  },
  {
    what: 'After a guard an app began at once with its database, and wrote while that still read its file',
    cells: [{ scenario: 'failing guard with a dump', kind: 'disk-full', at: 17 }],
  },
  {
    what: 'An action whose end the records did not keep failed without a report, or said that nothing was changed',
    cells: [{ scenario: 'cycle that acts', kind: 'fails-always', at: 12 }],
  },
  {
    what: 'An image whose tag could not be set after an update kept the container that it had replaced, and the report named neither',
    cells: [{ scenario: 'playbook that updates an image', kind: 'fails-always', at: 15 }],
  },
];
