/**
 * The operations that faults are tried on. Each begins from a stack that runs release 1 (or from nothing), and says what the
 * world must be like when it ends in `done`. Adding a workflow without an entry here does not compile.
 */
import type { ReleaseKind } from '../../domain/plan.ts';
import type * as workflows from '../../workflows/index.ts';
import type { PlaybookName } from './playbooks.ts';
import type { World } from './world.ts';

type Question =
  | 'auditTrail'
  | 'autonomy'
  | 'autonomyRecord'
  | 'decisions'
  | 'cleanupPlan'
  | 'copiesStanding'
  | 'copyPlan'
  | 'filesystemHealth'
  | 'dataSets'
  | 'diskForecasts'
  | 'hostDependencies'
  | 'hostHealth'
  | 'hostIncidents'
  | 'incidentHistory'
  | 'briefingFacts'
  | 'planStack'
  | 'quietWindows'
  | 'recordedHistory'
  | 'planGuarded'
  | 'planPlaybook'
  | 'playbookList'
  | 'restoreTestPlan'
  | 'rotationPlan'
  | 'stackStatus'
  | 'stackReleases'
  | 'snapshotCheck'
  | 'snapshotList'
  | 'snapshotDifference'
  | 'wantedSchedules';
/** One effect: a mark beside a snapshot, which the marks of guards show under faults already. */
type Mark = 'pinSnapshot' | 'unpinSnapshot';
/** One activity each, which a fault of a copy shows too: `test/activities/copies.test.ts`. */
type OfCopies = 'initCopies' | 'checkCopies' | 'restoreCopy';
/** Its only effect is a line of the audit log, without which it goes on: `test/workflows/hold.test.ts`. */
type Hold = 'holdHost';
/** Each is one activity that comes to the same again: `test/activities/tend-records.test.ts`. */
type Tending = 'tendRecords';
/** What they keep is a transaction an activity: `test/workflows/carry-out.test.ts`. */
type Loop = 'measureOutcome' | 'noteSaying';
/** They only start what is in the table: `test/workflows/scheduled.test.ts`, `test/web/webhook.test.ts`. */
type Wrapper = 'runScheduled' | 'takeDelivery';
/** They touch no stack; `test/workflows/tell-people.test.ts` tries them. */
type Notice = 'tellPeople' | 'tellChannel';
export type OperationWorkflow = Exclude<
  keyof typeof workflows,
  Question | Mark | OfCopies | Hold | Loop | Tending | Wrapper | Notice
>;

/** What a stack is deployed with; the rest is in its file, see `run.ts`. `breaks`: the application writes, and then ends. */
export type Settings = { version: string; breaks?: true };

/** Two runs of the matrix side by side need different names for their stacks. */
const town = process.env['BATON_FAULT_TOWN'] ?? '';
const books = `books${town}`;
const till = `till${town}`;
/** Their rows are in a database. */
const keys = `keys${town}`;
const vault = `vault${town}`;
/** Its database is only tended. */
const ledger = `ledger${town}`;

export type Scenario = {
  name: string;
  /** Stacks of the town that take part. */
  stacks: readonly string[];
  /** Its rows are in a database, and are dumped. */
  dumped?: 'redis' | 'sqlite';
  /** Its `db` is a PostgreSQL, in which nothing is kept. */
  maintained?: true;
  /** Releases deployed before, without faults. */
  before: readonly Settings[];
  /** Snapshots taken of the first stack's data after that, for their own sake. */
  taken?: number;
  /** What is deployed; or an undo, or a removal, of the first stack. */
  operation:
    | { deploy: Settings }
    /** The same, which waits for an answer, and gets it. */
    | { approved: Settings }
    | { undo: { withData: boolean } }
    | { remove: { withData: boolean } }
    | { ecosystem: Record<string, Settings> }
    /** Appends to the rows of the first stack, and ends with this exit code. */
    | { guard: { exitCode: number } }
    /** Edits the rows of the first stack, which restarts; `breaks`: a check refuses the new ones. */
    | { edit: { breaks: boolean } }
    /** The data of the first stack goes back to its first snapshot; `breaks`: a check refuses what was put back. */
    | { restore: { breaks: boolean } }
    /** The snapshots that no rule keeps are removed. */
    | { rotate: 'every stack' }
    /** The same, and temporary files, logs, an image and a volume that nothing needs. */
    | { cleanup: 'all of it' }
    /** The newest snapshot of each data set is brought up and asked. */
    | { restoreTest: 'every set' }
    /** The snapshot that the first deploy took is copied elsewhere. */
    | { copy: 'restic' | 'btrfs' }
    /** Of the shipped ones: on a service of the first stack, or on the disk that its data is on. */
    | { playbook: PlaybookName }
    /** A service of the first stack is down, and the cycle restarts it unasked. */
    | { cycle: 'service-down' };
  /** About how many effects it has; only spreads a sample over them. */
  effects: number;
  /** A release comes of it, though it is no deploy itself. */
  releases?: true;
  /** How it ends when nothing is in its way. */
  ends: 'done' | 'rolled-back';
  /** What must hold of each stack after `done`. @returns what does not, in words. */
  isNew: (now: World, before: World) => string[];
};

const serves =
  (version: string) =>
  (now: World): string[] =>
    now.stacks.flatMap(({ stack, page, containers, route }) => [
      ...(page === `${version}\n` ? [] : [`${stack} serves ${JSON.stringify(page)}, not ${version}`]),
      ...(route?.text === `release: ${version}\n`
        ? []
        : [`the route of ${stack} is ${route?.text ?? 'gone'}`]),
      ...(containers.length === 2 ? [] : [`${stack} has ${containers.length} containers, not 2`]),
      ...containers.flatMap(({ name, running }) => (running ? [] : [`${name} does not run`])),
    ]);

const rows =
  (wanted: string) =>
  (now: World): string[] =>
    now.stacks.flatMap(({ stack, rows: found }) =>
      found === wanted ? [] : [`the rows of ${stack} are ${JSON.stringify(found)}`],
    );

const both =
  (...checks: ((now: World, before: World) => string[])[]) =>
  (now: World, before: World): string[] =>
    checks.flatMap((check) => check(now, before));

const byKind: Record<ReleaseKind, Scenario[]> = {
  deploy: [
    {
      name: 'first deploy',
      effects: 14,
      stacks: [books],
      before: [],
      operation: { deploy: { version: '1' } },
      ends: 'done',
      isNew: both(serves('1'), rows('opening 1 ')),
    },
    {
      name: 'changing deploy',
      effects: 17,
      stacks: [books],
      before: [{ version: '1' }],
      operation: { deploy: { version: '2' } },
      ends: 'done',
      isNew: both(serves('2'), rows('opening 1 2 ')),
    },
    {
      name: 'failing deploy',
      effects: 24,
      stacks: [books],
      before: [{ version: '1' }],
      operation: { deploy: { version: '2', breaks: true } },
      ends: 'rolled-back',
      isNew: () => ['it should not have succeeded'],
    },
    {
      name: 'approved deploy',
      effects: 19,
      stacks: [books],
      before: [{ version: '1' }],
      operation: { approved: { version: '2' } },
      ends: 'done',
      isNew: both(serves('2'), rows('opening 1 2 ')),
    },
    {
      name: 'failing deploy with a dump of SQLite',
      effects: 20,
      stacks: [vault],
      dumped: 'sqlite',
      before: [{ version: '1' }],
      operation: { deploy: { version: '2', breaks: true } },
      ends: 'rolled-back',
      isNew: () => ['it should not have succeeded'],
    },
    {
      name: 'failing deploy with a dump',
      effects: 39,
      stacks: [keys],
      dumped: 'redis',
      before: [{ version: '1' }],
      operation: { deploy: { version: '2', breaks: true } },
      ends: 'rolled-back',
      isNew: () => ['it should not have succeeded'],
    },
  ],
  undo: [
    {
      name: 'undo',
      effects: 16,
      stacks: [books],
      before: [{ version: '1' }, { version: '2' }],
      operation: { undo: { withData: false } },
      ends: 'done',
      isNew: both(serves('1'), rows('opening 1 2 ')),
    },
    {
      name: 'undo with data',
      effects: 18,
      stacks: [books],
      before: [{ version: '1' }, { version: '2' }],
      operation: { undo: { withData: true } },
      ends: 'done',
      isNew: both(serves('1'), rows('opening 1 ')),
    },
    {
      name: 'undo with a dump',
      effects: 35,
      stacks: [keys],
      dumped: 'redis',
      before: [{ version: '1' }, { version: '2' }],
      operation: { undo: { withData: true } },
      ends: 'done',
      isNew: both(serves('1'), rows('1 ')),
    },
  ],
  remove: [
    {
      name: 'remove',
      effects: 12,
      stacks: [books],
      before: [{ version: '1' }],
      operation: { remove: { withData: false } },
      ends: 'done',
      isNew: (now, before) =>
        now.stacks.flatMap(({ stack, containers, networks, data }, index) => [
          ...containers.map(({ name }) => `${name} is still there`),
          // Its volume is data.
          ...networks.filter((name) => name !== `${stack}_cache`).map((name) => `${name} is still there`),
          ...(String(data) === String(before.stacks[index]?.data) ? [] : [`the data of ${stack} changed`]),
        ]),
    },
    {
      name: 'remove with data',
      effects: 14,
      stacks: [books],
      before: [{ version: '1' }],
      operation: { remove: { withData: true } },
      ends: 'done',
      isNew: (now) =>
        now.stacks.flatMap(({ stack, containers, rows: found }) => [
          ...containers.map(({ name }) => `${name} is still there`),
          ...(found === '' ? [] : [`${stack} still holds ${found}`]),
        ]),
    },
  ],
};

const ecosystems: Scenario[] = [
  {
    name: 'ecosystem',
    effects: 30,
    stacks: [books, till],
    before: [{ version: '1' }],
    operation: { ecosystem: { [books]: { version: '2' }, [till]: { version: '2' } } },
    ends: 'done',
    isNew: both(serves('2'), rows('opening 1 2 ')),
  },
  {
    name: 'failing ecosystem',
    effects: 38,
    stacks: [books, till],
    before: [{ version: '1' }],
    operation: { ecosystem: { [books]: { version: '2' }, [till]: { version: '2', breaks: true } } },
    ends: 'rolled-back',
    isNew: () => ['it should not have succeeded'],
  },
];

const guards: Scenario[] = [
  {
    name: 'guard',
    effects: 5,
    stacks: [books],
    before: [{ version: '1' }],
    operation: { guard: { exitCode: 0 } },
    ends: 'done',
    isNew: both(serves('1'), rows('opening 1 guarded ')),
  },
  {
    name: 'failing guard',
    effects: 11,
    stacks: [books],
    before: [{ version: '1' }],
    operation: { guard: { exitCode: 3 } },
    ends: 'rolled-back',
    isNew: () => ['it should not have succeeded'],
  },
];

const dumpingGuards: Scenario[] = [
  {
    name: 'failing guard with a dump',
    effects: 29,
    stacks: [keys],
    dumped: 'redis',
    before: [{ version: '1' }],
    operation: { guard: { exitCode: 3 } },
    ends: 'rolled-back',
    isNew: () => ['it should not have succeeded'],
  },
];

const edits: Scenario[] = [
  {
    name: 'edit',
    effects: 8,
    stacks: [books],
    before: [{ version: '1' }],
    operation: { edit: { breaks: false } },
    ends: 'done',
    isNew: both(serves('1'), rows('opening 1 edited ')),
  },
  {
    name: 'failing edit',
    effects: 16,
    stacks: [books],
    before: [{ version: '1' }],
    operation: { edit: { breaks: true } },
    ends: 'rolled-back',
    isNew: () => ['it should not have succeeded'],
  },
];

const restores: Scenario[] = [
  {
    name: 'restore',
    effects: 10,
    stacks: [books],
    before: [{ version: '1' }, { version: '2' }],
    operation: { restore: { breaks: false } },
    ends: 'done',
    // Of before release 1; release 2 starts on it, and writes.
    isNew: both(serves('2'), rows('opening 2 ')),
  },
  {
    name: 'failing restore',
    effects: 15,
    stacks: [books],
    before: [{ version: '1' }, { version: '2' }],
    operation: { restore: { breaks: true } },
    ends: 'rolled-back',
    isNew: () => ['it should not have succeeded'],
  },
  {
    name: 'restore of a dump',
    effects: 27,
    stacks: [keys],
    dumped: 'redis',
    before: [{ version: '1' }, { version: '2' }, { version: '1' }],
    operation: { restore: { breaks: false } },
    ends: 'done',
    // Of before release 2: what that wrote is gone.
    isNew: both(serves('1'), rows('1 ')),
  },
];

const rotations: Scenario[] = [
  {
    name: 'rotate',
    effects: 3,
    stacks: [books],
    // The newest is kept. Nothing goes back to before the first release.
    before: [{ version: '1' }],
    taken: 3,
    operation: { rotate: 'every stack' },
    ends: 'done',
    isNew: both(serves('1'), (now, before) =>
      now.stacks.flatMap(({ stack, snapshots }, index) => {
        const left = Object.keys(snapshots).length;
        const expected = Object.keys(before.stacks[index]?.snapshots ?? {}).length - 3;
        return left === expected ? [] : [`${stack} has ${left} snapshots, not ${expected}`];
      }),
    ),
  },
];

const restoreTests: Scenario[] = [
  {
    name: 'restore test',
    effects: 8,
    stacks: [books],
    before: [{ version: '1' }, { version: '2' }],
    operation: { restoreTest: 'every set' },
    ends: 'done',
    isNew: both(serves('2'), rows('opening 1 2 ')),
  },
];

const cleanups: Scenario[] = [
  {
    name: 'cleanup',
    effects: 6,
    stacks: [books],
    before: [{ version: '1' }],
    taken: 3,
    operation: { cleanup: 'all of it' },
    ends: 'done',
    isNew: both(
      ...rotations.map(({ isNew }) => isNew),
      ({ loose }) => loose.map((name) => `${name} is still there`),
      (_now, { loose }) => (loose.length === 5 ? [] : [`there were ${loose.join(', ')} before`]),
    ),
  },
];

const copies: Scenario[] = (['restic', 'btrfs'] as const).map((target) => ({
  name: `copy by ${target}`,
  effects: 5,
  stacks: [books],
  before: [{ version: '1' }],
  operation: { copy: target },
  ends: 'done',
  isNew: both(serves('1'), ({ copies: there }) =>
    Object.keys(there).length === 1 ? [] : [`there are ${Object.keys(there).length} copies, not 1`],
  ),
}));

const restartsOnly =
  (...services: string[]) =>
  (now: World, before: World): string[] =>
    now.stacks.flatMap(({ stack, containers }, index) =>
      containers.flatMap(({ id, name, startedAt }) => {
        const was = before.stacks[index]?.containers.find((one) => one.id === id);
        if (!was) return [`${name} is another container`];
        const wanted = services.some((service) => name === `${stack}-${service}-1`);
        return (was.startedAt !== startedAt) === wanted
          ? []
          : [`${name} was ${wanted ? 'not restarted' : 'restarted, though nobody asked for it'}`];
      }),
    );

const otherImage =
  (service: string) =>
  (now: World, before: World): string[] =>
    now.stacks.flatMap(({ stack, containers }, index) => {
      const name = `${stack}-${service}-1`;
      const was = before.stacks[index]?.containers.find((one) => one.name === name);
      const is = containers.find((one) => one.name === name);
      return was?.image === is?.image ? [`${name} runs the image of before`] : [];
    });

const playbooks: Scenario[] = [
  {
    name: 'playbook that restarts',
    effects: 6,
    stacks: [books],
    before: [{ version: '1' }],
    operation: { playbook: 'service-restart' },
    ends: 'done',
    isNew: both(serves('1'), rows('opening 1 '), restartsOnly('app')),
  },
  {
    name: 'playbook that restarts dependents',
    effects: 8,
    stacks: [books],
    before: [{ version: '1' }],
    operation: { playbook: 'cascade-restart' },
    ends: 'done',
    isNew: both(serves('1'), rows('opening 1 '), restartsOnly('db', 'app')),
  },
  {
    name: 'playbook that corrects drift',
    effects: 12,
    stacks: [books],
    before: [{ version: '1' }],
    operation: { playbook: 'drift-correction' },
    releases: true,
    ends: 'done',
    isNew: both(serves('1'), rows('opening 1 ')),
  },
  {
    name: 'playbook that undoes a deploy',
    effects: 17,
    stacks: [books],
    before: [{ version: '1' }, { version: '2' }],
    operation: { playbook: 'undo-recent-deploy' },
    releases: true,
    ends: 'done',
    isNew: both(serves('1'), rows('opening 1 2 ')),
  },
  {
    name: 'playbook that updates an image',
    effects: 18,
    stacks: [books],
    before: [{ version: '1' }],
    operation: { playbook: 'image-update' },
    releases: true,
    ends: 'done',
    isNew: both(serves('1'), rows('opening 1 '), otherImage('app')),
  },
  {
    name: 'playbook that maintains a database',
    effects: 20,
    stacks: [ledger],
    maintained: true,
    before: [{ version: '1' }],
    operation: { playbook: 'database-maintenance' },
    ends: 'done',
    isNew: both(serves('1'), rows('opening 1 '), restartsOnly(), ({ stacks }) =>
      stacks.flatMap(({ stack, deadRows }) =>
        deadRows === 0 ? [] : [`${stack} has ${deadRows ?? 'unknown'} dead rows`],
      ),
    ),
  },
  {
    name: 'playbook that cleans up',
    effects: 5,
    stacks: [books],
    before: [{ version: '1' }],
    taken: 3,
    operation: { playbook: 'snapshot-rotation' },
    ends: 'done',
    isNew: both(...rotations.map(({ isNew }) => isNew), restartsOnly()),
  },
];

const cycles: Scenario[] = [
  {
    name: 'cycle that acts',
    effects: 12,
    stacks: [books],
    before: [{ version: '1' }],
    operation: { cycle: 'service-down' },
    ends: 'done',
    isNew: both(serves('1'), rows('opening 1 '), restartsOnly('app')),
  },
];

const byWorkflow: Record<OperationWorkflow, Scenario[]> = {
  deployStack: Object.values(byKind).flat(),
  deployEcosystem: ecosystems,
  guardOperation: [...guards, ...dumpingGuards, ...edits, ...restores],
  // After each run that ends in `needs-human`: see `run.ts`.
  resumeUnwind: [],
  rotateSnapshots: rotations,
  restoreTest: restoreTests,
  cleanUp: cleanups,
  copyData: copies,
  runPlaybook: playbooks,
  oodaCycle: cycles,
  // What a cycle begins.
  carryOut: [],
};

export const scenarios: readonly Scenario[] = Object.values(byWorkflow).flat();
