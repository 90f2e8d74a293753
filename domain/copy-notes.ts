/** What a host knows of its copies without asking where they are: how the last ones went, and how old they are. */
import type { CopyOutcome, Measured } from './copy.ts';
import type { OperationId } from './names.ts';
import { formatDuration } from './size.ts';
import type { SnapshotName } from './snapshot.ts';

export type CopyNotes = {
  /** By path: the last whole copy. */
  last: Record<string, LastCopy>;
  /** By path: begun, and not known how it ended. What there is of it counts for nothing. */
  making: Record<string, { snapshot: SnapshotName; operation: OperationId }>;
  /** How the last run ended. */
  run?: { operation: OperationId; at: string; outcome: CopyOutcome; why: string[] };
  check?: LastCheck;
  /** ISO 8601, UTC. */
  prunedAt?: string;
};

export type LastCopy = Measured & {
  snapshot: SnapshotName;
  operation: OperationId;
  /** When it was made. ISO 8601, UTC. */
  at: string;
};

export type LastCheck = { at: string; problems: string[] };

export const noNotes: CopyNotes = { last: {}, making: {} };

/** Whether data that nothing refers to is removed again. @param now ms since the epoch. */
export const isPruneDue = (prunedAt: string, everyMs: number, now: number): boolean =>
  now - Date.parse(prunedAt) >= everyMs;

/** What a person should know of how old copies are. */
export type CopyFinding = { state: 'ok' | 'warning' | 'problem'; detail: string };

/**
 * @param everyMs between two runs by a schedule; absent: there is none, and no age is too old.
 * @param now ms since the epoch.
 */
export const copyFinding = (
  { last, run, check }: Pick<CopyNotes, 'last' | 'run' | 'check'>,
  paths: readonly string[],
  everyMs: number | undefined,
  now: number,
): CopyFinding => {
  const never = paths.filter((path) => last[path] === undefined);
  // A run that finds its snapshot there has nothing to copy: what counts is when it last ended well.
  const checked = run?.outcome === 'unchanged' ? Date.parse(run.at) : 0;
  const ages = paths.flatMap((path) => {
    const at = last[path]?.at;
    return at === undefined ? [] : [now - Math.max(Date.parse(at), checked)];
  });
  const oldest = Math.max(0, ...ages);
  const bad = [
    ...(run && run.outcome !== 'done' && run.outcome !== 'unchanged'
      ? [
          `the last run, ${ageText(now - Date.parse(run.at))}, was ${run.outcome}: ${run.why.join('; ') || 'cancelled'}`,
        ]
      : []),
    // Once may be a holiday of the other machine.
    ...(everyMs !== undefined && oldest > 2 * everyMs
      ? [`the last copy is of ${ageText(oldest)}, though one is due every ${formatDuration(everyMs)}`]
      : []),
    ...(check && check.problems.length > 0
      ? [`the last check, ${ageText(now - Date.parse(check.at))}, found: ${check.problems.join('; ')}`]
      : []),
  ];
  if (bad.length > 0) return { state: 'problem', detail: bad.join('. ') };
  if (never.length > 0) return { state: 'warning', detail: `never copied: ${never.join(', ')}` };
  return {
    state: everyMs === undefined ? 'warning' : 'ok',
    detail: `copied ${ageText(oldest)}${everyMs === undefined ? ', and no schedule does it' : ''}; ${check ? `checked ${ageText(now - Date.parse(check.at))}` : 'never checked'}`,
  };
};

const minuteMs = 60_000;

const ageText = (ms: number): string =>
  ms < minuteMs
    ? 'just now'
    : `${formatDuration(Math.floor(ms / minuteMs) * minuteMs).replace(' 0s', '')} ago`;
