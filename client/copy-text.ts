/** What is copied elsewhere, in words: plans, reports, and how copies stand. */
import { formatDistanceToNow } from 'date-fns/formatDistanceToNow';
import { parseISO } from 'date-fns/parseISO';
import {
  setReportText,
  type CheckReport,
  type CopiesStanding,
  type CopyOutcome,
  type CopyPlan,
  type CopyReport,
  type PlannedSet,
} from '../domain/copy.ts';
import { countText } from '../domain/count-text.ts';
import { keepText } from '../domain/retention.ts';
import { formatBytes, formatDuration } from '../domain/size.ts';

const ago = (time: string): string => formatDistanceToNow(parseISO(time), { addSuffix: true });

/** A block a path: from which snapshot, and how much that was last time. */
export const copyPlanText = ({ target, sets, remove, keep }: CopyPlan): string[] => [
  `To ${target}`,
  ...sets.flatMap((set) => [`  ${set.path}`, ...plannedText(set).map((line) => `    ${line}`)]),
  `  copies there: ${keep ? keepText(keep) : 'all are kept'}`,
  ...remove.map(
    ({ snapshot, path, complete }) =>
      `    remove ${snapshot} of ${path}${complete ? '' : ', which is not whole'}`,
  ),
];

const plannedText = ({ action, newest, last, lastMeasured }: PlannedSet): string[] => {
  const found = newest ? `${newest.name}, ${ago(newest.takenAt)}` : 'no good snapshot';
  const what = {
    take: `takes a snapshot first (newest: ${found})`,
    copy: `copies ${found}`,
    there: `${found}, is there already`,
  }[action];
  const before = last
    ? `newest copy: ${last.snapshot}, ${ago(last.takenAt)}`
    : 'no copy yet: all of it is sent';
  return [what, before, ...(lastMeasured ? [`last time ${measuredText(lastMeasured)}`] : [])];
};

const measuredText = ({ files, sizeBytes, addedBytes }: NonNullable<PlannedSet['lastMeasured']>): string =>
  [
    ...(files === undefined ? [] : [countText(files, 'file')]),
    ...(sizeBytes === undefined ? [] : [`${formatBytes(sizeBytes)} read`]),
    `${formatBytes(addedBytes)} new there`,
  ].join(', ');

const titles: Record<CopyOutcome, string> = {
  done: 'Copied',
  unchanged: 'Nothing to copy: all of it is there',
  refused: 'Refused: nothing was copied',
  incomplete: 'Not all was copied',
  stopped: 'Stopped midway',
};

export const copyReportText = (report: CopyReport): string[] => {
  const { outcome, name, durationMs, target, sets, retired, notRetired } = report;
  return [
    `${titles[outcome]} · ${name}${target === undefined ? '' : ` to ${target}`} · ${formatDuration(durationMs)}`,
    ...sets.flatMap((set) => [
      `  ${setReportText(set)}`,
      ...(set.snapshot === undefined
        ? []
        : [`    of snapshot ${set.snapshot}${set.from === undefined ? '' : `, from ${set.from} on`}`]),
      ...(set.unread && set.unread.count > 0
        ? set.unread.items.map((item) => `    could not be read: ${item}`)
        : []),
    ]),
    ...retired.removed.map(({ snapshot, path }) => `  removed there: ${snapshot} of ${path}`),
    ...(retired.pruned ? ['  data that nothing refers to any more was removed there'] : []),
    ...(notRetired === undefined ? [] : [`  old copies could not be removed: ${notRetired}`]),
  ];
};

export const checkReportText = ({ outcome, name, problems, durationMs }: CheckReport): string[] => [
  `${{ done: 'All is well', incomplete: 'Something is wrong', refused: 'Could not be checked', stopped: 'Stopped midway' }[outcome]} · copies ${name} · ${formatDuration(durationMs)}`,
  ...problems.map((problem) => `  ✗ ${problem}`),
];

/** Of each path the newest copy, and how many there are. */
export const standingText = ({
  name,
  target,
  paths,
  last,
  there,
  unreachable,
  run,
  check,
}: CopiesStanding): string[] => [
  `${name} to ${target}`,
  ...paths.map((path) => {
    const whole = there?.filter((copy) => copy.path === path && copy.complete);
    const newest = whole?.at(-1) ?? last[path];
    const age = newest ? ageText(newest) : 'no copy';
    return `  ${path}: ${age}${whole ? `, ${whole.length} there` : ''}`;
  }),
  ...(there ?? [])
    .filter(({ complete }) => !complete)
    .map(({ snapshot, path }) => `  not whole: ${snapshot} of ${path}`),
  ...(unreachable === undefined
    ? []
    : [`  could not be asked, so this is what is known here: ${unreachable}`]),
  run
    ? `  last run ${ago(run.at)}: ${run.outcome}${run.why.map((why) => `\n    ${why}`).join('')}`
    : '  never run',
  check
    ? `  last check ${ago(check.at)}: ${check.problems.length === 0 ? 'all is well' : check.problems.join('; ')}`
    : '  never checked',
];

const ageText = (newest: { snapshot: string; takenAt?: string; at?: string }): string => {
  const time = newest.takenAt ?? newest.at;
  return `${newest.snapshot}${time === undefined ? '' : `, ${ago(time)}`}`;
};
