/** What the figures are to be, and what they are: each reached or not, as measured. */
import { fan100, titleOf, unchangedTitle, type Row } from './compare.ts';
import type { Results } from './results.ts';
import type { Variant } from './stacks.ts';
import { median, quantile, times } from './stats.ts';

type Figure = { what: string; goal: string; measured: string; reached: boolean };

/** Of what has been measured; what has not is left out. */
export const figuresOf = (results: Results): Figure[] => [
  ...deployFigures(results),
  ...unchangedFigures(results),
  ...dataFigures(results),
  ...ownFigures(results),
  ...commandFigures(results),
  ...watchingFigures(results),
];

const web5 = titleOf({ shape: 'web5', readySeconds: 0, intervalSeconds: 1 });
const web5Default = titleOf({ shape: 'web5', readySeconds: 0 });

const rowOf = ({ rows }: Results, peer: string, title: string): Row[] =>
  rows.filter((row) => row.peer === peer && row.title === title);

const ratioOf = ({ peerMs, batonMs }: Row): number => median(peerMs) / median(batonMs);
const ofLimit = ({ batonMs, limitMs }: Row): number => median(batonMs) / limitMs;

const atLeast = (goal: number) => (what: string, row: Row) => ({
  what,
  goal: `≥ ${goal} times as fast`,
  measured: `${times(row.peerMs, row.batonMs)} times`,
  reached: ratioOf(row) >= goal,
});

const within = (goal: number) => (what: string, row: Row) => ({
  what,
  goal: `≤ ${goal} × T*`,
  measured: `${ofLimit(row).toFixed(2)} × T*`,
  reached: ofLimit(row) <= goal,
});

const deployFigures = (results: Results): Figure[] => {
  const of = (
    peer: string,
    title: string,
    what: string,
    figure: (what: string, row: Row) => Figure,
  ): Figure[] => rowOf(results, peer, title).map((row) => figure(what, row));
  const many: Variant[] = [
    { shape: 'fan20', readySeconds: 0, intervalSeconds: 1 },
    { shape: 'layers20', readySeconds: 0, intervalSeconds: 1 },
  ];
  const peers = ['podman-compose', 'docker compose'];
  const engineOf = (peer: string): string => (peer === 'podman-compose' ? 'Podman' : 'Docker');
  return [
    ...of('podman-compose', web5, 'web5 on Podman, beside podman-compose', atLeast(3)),
    ...of('podman-compose', web5, 'web5 on Podman', within(1.7)),
    ...of('docker compose', web5, 'web5 on Docker, interval 1 s, beside docker compose', atLeast(3)),
    ...of(
      'docker compose',
      web5Default,
      'web5 on Docker, default interval, beside docker compose',
      atLeast(40),
    ),
    ...peers.flatMap((peer) => [
      ...many.flatMap((variant) =>
        of(peer, titleOf(variant), `${variant.shape} on ${engineOf(peer)}`, within(1.4)),
      ),
      ...of(peer, titleOf(fan100), `fan100 on ${engineOf(peer)}`, within(1.2)),
    ]),
  ];
};

const unchangedFigures = (results: Results): Figure[] => {
  const start = median(smallOf(results, 'deploy --help')?.ms ?? []);
  return rowOf(results, 'docker compose', unchangedTitle).flatMap((row) => {
    const beyond = median(row.batonMs) - start;
    return [
      atLeast(6)('5 services deployed again unchanged, beside docker compose', row),
      ...(Number.isNaN(beyond)
        ? []
        : [
            {
              what: 'the same, beyond the start of the command',
              goal: '≤ 100 ms',
              measured: `${Math.round(beyond)} ms`,
              reached: beyond <= 100,
            },
          ]),
    ];
  });
};

const smallOf = ({ small = [] }: Results, text: string) => small.find(({ what }) => what.includes(text));

/** Twice the time for ten times the files would still be no growth with the size: both are a few processes. */
const sameWithin = 1.5;

const dataFigures = (results: Results): Figure[] => {
  const [few, many] = [smallOf(results, ' 1000 files'), smallOf(results, ' 10000 files')];
  if (!few || !many?.beside) return [];
  const growth = median(many.ms) / median(few.ms);
  return [
    {
      what: 'data of 10,000 files put back, beside tar',
      goal: '≥ 50 times as fast',
      measured: `${times(many.beside.ms, many.ms)} times`,
      reached: median(many.beside.ms) / median(many.ms) >= 50,
    },
    {
      what: 'the same, beside data of 1,000 files',
      goal: `independent of size (≤ ${sameWithin} times)`,
      measured: `${growth.toFixed(2)} times`,
      reached: growth <= sameWithin,
    },
  ];
};

const ownFigures = ({ own }: Results): Figure[] => {
  if (!own) return [];
  const released = quantile(own.releasedMs, 0.95);
  const rollback = median(own.rollbackMs) / median(own.rollbackPartsMs);
  return [
    {
      what: 'from ready to its dependents released, p95',
      goal: '≤ 50 ms',
      measured: `${Math.round(released)} ms`,
      reached: released <= 50,
    },
    {
      what: 'rollback to serving',
      goal: '≤ 1.3 × (stop + swap + start)',
      measured: `${rollback.toFixed(2)} times`,
      reached: rollback <= 1.3,
    },
    ...own.histories.flatMap(({ shape, services, events, actions }) => [
      {
        what: `history of a deploy of ${shape}`,
        goal: `≤ 6N + 15 = ${6 * services + 15} events`,
        measured: String(events),
        reached: events <= 6 * services + 15,
      },
      {
        what: `activities of a deploy of ${shape}`,
        goal: `≤ N + 4 = ${services + 4}`,
        measured: String(actions),
        reached: actions <= services + 4,
      },
    ]),
  ];
};

const watchingFigures = ({ watching }: Results): Figure[] => {
  if (!watching) return [];
  const { services, cycleMs, yearBytes } = watching;
  return [
    {
      what: `a cycle that watches ${services} services`,
      goal: '≤ 2 s',
      measured: `${(median(cycleMs) / 1000).toFixed(2)} s`,
      reached: median(cycleMs) <= 2_000,
    },
    {
      what: 'the records of a year of it',
      goal: '≤ 300 MB',
      measured: `${Math.round(yearBytes / 1e6)} MB`,
      reached: yearBytes <= 300e6,
    },
  ];
};

const commandFigures = (results: Results): Figure[] =>
  (
    [
      ['`baton --help`', 150],
      ['`baton plan`', 400],
    ] as const
  ).flatMap(([what, goal]) => {
    const row = smallOf(results, what);
    return row
      ? [
          {
            what,
            goal: `≤ ${goal} ms`,
            measured: `${Math.round(median(row.ms))} ms`,
            reached: median(row.ms) <= goal,
          },
        ]
      : [];
  });
