/** Pins, and what a rotation would do or has done, in words. */
import { countText } from '../domain/count-text.ts';
import { keepText } from '../domain/retention.ts';
import type { PathRotation, RotationOutcome, RotationReport } from '../domain/rotation.ts';
import { formatBytes, formatDuration } from '../domain/size.ts';
import type { Pin } from '../domain/snapshot.ts';

export const pinText = ({ by, reason }: Pin): string =>
  `pinned by ${by}${reason === undefined ? '' : `: ${reason}`}`;

/** One block a path: what goes, and why each of the others stays. Newest first. */
export const rotationText = (paths: readonly PathRotation[], settingsFile: string): string[] =>
  paths.flatMap(({ path, keep, decisions }) => {
    const counted = countText(decisions.length, 'snapshot');
    if (!keep) return [`${path}: no rule in ${settingsFile} is for it, so all is kept (${counted})`];
    return [
      `${path}: ${keepText(keep)}`,
      ...decisions.map(({ name, reasons }) =>
        reasons.length === 0 ? `  remove  ${name}` : `  keep    ${name}  ${reasons.join(' · ')}`,
      ),
    ];
  });

const titles: Record<RotationOutcome, string> = {
  done: 'Done',
  unchanged: 'Nothing to remove',
  refused: 'Refused: nothing was removed',
  incomplete: 'Not all could be removed',
  stopped: 'Stopped midway',
};

export const rotationReportText = (report: RotationReport): string[] => {
  const { outcome, host, durationMs, removed, gone, kept, failed, left, space } = report;
  return [
    `${titles[outcome]} · snapshots on ${host} · ${formatDuration(durationMs)}`,
    ...removed.map(({ name, path }) => `  removed ${name} of ${path}`),
    ...gone.map(({ name, path }) => `  gone already: ${name} of ${path}`),
    ...kept.map(({ name, path, reasons }) => `  kept after all: ${name} of ${path}: ${reasons.join(' · ')}`),
    ...failed.map(({ name, path, why }) => `  could not be removed: ${name} of ${path}: ${why}`),
    ...space.map(spaceText),
    ...(left > 0 ? [`  ${left} more are left for another run: baton snapshots prune`] : []),
  ];
};

/** What was freed, as it was measured. */
export const spaceText = ({
  filesystem,
  freeBefore,
  freeAfter,
  settled,
}: RotationReport['space'][number]): string =>
  `  free on ${filesystem}: ${formatBytes(freeBefore)} before, ${formatBytes(freeAfter)} after${settled ? '' : ' (the filesystem was still freeing space)'}`;
