/** Data sets and restore tests, in words. */
import { formatDistance } from 'date-fns/formatDistance';
import { parseISO } from 'date-fns/parseISO';
import type { SetStatus } from '../domain/data-set.ts';
import {
  restoreStateText,
  type RestoreProof,
  type RestoreTestOutcome,
  type RestoreTestPlan,
  type RestoreTestReport,
  type SetTest,
} from '../domain/restore-test.ts';
import { formatDuration } from '../domain/size.ts';

/** @property next when its schedule takes the next snapshot, ISO 8601. */
export type SetShown = SetStatus & { next?: string };

export const setText = (
  { name, place, class: kind, count, newest, next, restore, wrong }: SetShown,
  now: Date,
): string[] => {
  const when = (time: string): string => formatDistance(parseISO(time), now, { addSuffix: true });
  const proven = restore?.proven;
  return [
    `${name} · ${place} · ${kind}`,
    ...(newest
      ? [`  newest   ${newest.name} (${newest.driver}), ${when(newest.takenAt)}; ${count} in all`]
      : []),
    ...(next === undefined ? [] : [`  next     ${when(next)} (${next})`]),
    ...(proven
      ? [`  restore  proven ${when(proven.at)}, of ${proven.snapshot}, in ${formatDuration(proven.tookMs)}`]
      : []),
    ...wrong.map((line) => `  ! ${line}`),
  ];
};

/** @returns what to tell of the restore of a set; nothing where it is proven, or none is needed. */
export const unprovenText = ({ name, restore }: SetStatus): string | undefined =>
  restore && restoreStateText(name, restore.state, restore);

/** `restore proven on 2026-11-25`, of a snapshot. */
export const proofText = ({ result, at, why }: RestoreProof): string =>
  `restore ${result === 'proven' ? 'proven' : 'test failed'} on ${at.slice(0, 10)}${why === undefined ? '' : `: ${why}`}`;

export const testPlanText = ({ tests, untestable }: RestoreTestPlan): string[] => [
  ...tests.flatMap(({ set, snapshot, stack, service, question, ask }) => [
    `  test      ${set} · ${snapshot} · as ${stack}/${service}, for at most ${ask.timeoutMs / 1000} s`,
    `            asked: ${question}`,
  ]),
  ...untestable.map(({ set, why }) => `  not       ${set} · ${why}`),
  ...(tests.length === 0 ? ['Nothing can be tested.'] : []),
];

const titles: Record<RestoreTestOutcome, string> = {
  done: 'Proven',
  unchanged: 'Nothing could be tested',
  unproven: 'Not proven',
  refused: 'Refused: nothing was tried',
  stopped: 'Stopped midway',
};

const marks: Record<SetTest['result'], string> = { proven: '✓', failed: '✗', untested: '·' };

export const restoreTestText = ({ outcome, host, durationMs, tests, left }: RestoreTestReport): string[] => [
  `${titles[outcome]} · restore test on ${host} · ${formatDuration(durationMs)}`,
  ...tests.flatMap(({ set, result, why, snapshot, broughtUpAs, tookMs, logTail }) => [
    [
      `  ${marks[result]} ${set}: ${result}`,
      ...(snapshot === undefined ? [] : [snapshot]),
      ...(broughtUpAs === undefined ? [] : [`as ${broughtUpAs}`]),
      ...(tookMs === undefined ? [] : [formatDuration(tookMs)]),
    ].join(' · '),
    ...(why === undefined ? [] : [`      ${why}`]),
    ...(logTail === undefined ? [] : logTail.split('\n').map((line) => `      | ${line}`)),
  ]),
  ...left.map((line) => `  ! ${line}`),
];
