/** What a cleanup would do or has done, in words. */
import {
  partTitles,
  type CleanupItem,
  type CleanupOutcome,
  type CleanupReport,
  type ExplainedCleanup,
  type PartReport,
} from '../domain/cleanup.ts';
import { expectedNeed, usedPercent, type DiskUsage } from '../domain/cleanup-target.ts';
import { countText } from '../domain/count-text.ts';
import type { SpaceChange } from '../domain/rotation.ts';
import { formatBytes, formatDuration } from '../domain/size.ts';
import { spaceText } from './snapshot-text.ts';

/** Of a long list so many; all of it is in `--json`. */
const mostLines = 20;

/** One block a part, in the order in which they go: what goes, and why the rest stays. */
export const cleanupText = ({ remove, usage, until, parts }: ExplainedCleanup): string[] => {
  const expected = expectedNeed(remove, usage, until);
  const needed = new Set(remove.filter((_, index) => expected[index]));
  return [
    ...parts.flatMap(({ part, kept, notes }) => {
      const own = remove.filter((item) => item.part === part);
      return [
        `${partTitles[part]}${own.length > 0 ? `: ${sizeOf(own)}` : ''}`,
        ...notes.map((note) => `  ${note}`),
        ...few(
          own.map((item) => `  remove  ${itemText(item)}${needed.has(item) ? '' : '  only if still needed'}`),
        ),
        ...few(
          kept.map(({ title, reasons, bytes }) => `  keep    ${title}${size(bytes)}  ${reasons.join(' · ')}`),
        ),
      ];
    }),
    ...usage.map((one) => usageText(one, until)),
  ];
};

const few = (lines: string[]): string[] =>
  lines.length <= mostLines
    ? lines
    : [...lines.slice(0, mostLines), `  … and ${lines.length - mostLines} more: --json tells all`];

const itemText = ({
  title,
  files,
  bytes,
  rule,
}: Pick<CleanupItem, 'title' | 'files' | 'bytes' | 'rule'>): string =>
  `${title}${files === undefined ? '' : `: ${countText(files, 'file')}`}${size(bytes)}${rule === undefined ? '' : `  ${rule}`}`;

const size = (bytes: number | undefined): string => (bytes === undefined ? '' : `, ${formatBytes(bytes)}`);

const sizeOf = (items: readonly CleanupItem[]): string => {
  const known = items.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  const unknown = items.filter(({ bytes }) => bytes === undefined).length;
  return `about ${formatBytes(known)}${unknown > 0 ? `, and ${unknown} of a size that is not known before` : ''}`;
};

const usageText = (usage: DiskUsage, until: number | undefined): string =>
  `${usage.filesystem} is ${percent(usage)} full, ${formatBytes(usage.freeBytes)} free${until === undefined ? '' : `; enough at ${until} %`}`;

const percent = (usage: DiskUsage): string => `${usedPercent(usage).toFixed(1)} %`;

const titles: Record<CleanupOutcome, string> = {
  done: 'Done',
  'freed-nothing': 'Freed nothing',
  unchanged: 'Nothing removed',
  refused: 'Refused: nothing was removed',
  incomplete: 'Not all could be removed',
  short: 'Not enough: all that may go is gone',
  stopped: 'Stopped midway',
};

export const cleanupReportText = (report: CleanupReport): string[] => {
  const { outcome, host, durationMs, parts, space, usage, until, left } = report;
  return [
    `${titles[outcome]} · cleanup on ${host} · ${formatDuration(durationMs)}`,
    ...parts.flatMap(partText),
    ...space.map(spaceText),
    ...(until === undefined ? [] : usage.map((one) => `  ${usageText(one, until)}`)),
    ...(left > 0 ? [`  ${left} more are left for another run: baton cleanup`] : []),
  ];
};

const partText = ({ part, removed, gone, kept, failed, notNeeded, space }: PartReport): string[] => [
  `  ${partTitles[part]}: ${freedOf({ removed, notNeeded, space })}`,
  ...few([
    ...removed.map(
      ({ title, files, notes }) =>
        `    removed ${itemText({ title, ...(files === undefined ? {} : { files }) })}${notes.map((note) => `  ${note}`).join('')}`,
    ),
    ...gone.map(({ title }) => `    gone already: ${title}`),
    ...kept.map(({ title, reasons }) => `    kept after all: ${title}: ${reasons.join(' · ')}`),
  ]),
  ...failed.map(({ title, why }) => `    could not be removed: ${title}: ${why}`),
  ...few(notNeeded.map((item) => `    not needed: ${itemText(item)}`)),
];

const freedOf = ({
  removed,
  notNeeded,
  space,
}: Pick<PartReport, 'removed' | 'notNeeded' | 'space'>): string => {
  if (space.length > 0) return space.map(freedText).join(', ');
  if (removed.length > 0) return 'removed; how much that freed could not be measured';
  return notNeeded.length > 0 ? 'not needed' : 'nothing removed';
};

const freedText = ({ filesystem, freeBefore, freeAfter }: SpaceChange): string => {
  const freed = freeAfter - freeBefore;
  if (freed > 0) return `freed ${formatBytes(freed)} on ${filesystem}`;
  return `freed nothing on ${filesystem}${freed < 0 ? `, where others took ${formatBytes(-freed)} meanwhile` : ''}`;
};
