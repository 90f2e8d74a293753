/** A playbook: when it applies, what it does, how its success is measured, and whether there is a way back. Data only. */
import type { Check } from './check.ts';
import type { CleanupPart } from './cleanup.ts';
import { commandText } from './commands.ts';
import type { Evidence } from './decision.ts';
import type { GuardQuestion } from './guard.ts';
import type { ImageUpdate } from './image-update.ts';
import type { Severity } from './incident.ts';
import type { Criterion, MeasureName } from './measure.ts';
import { maintenanceTitle } from './maintenance.ts';
import type { OperationId, ReleaseId } from './names.ts';
import type { Measurement } from './outcome.ts';
import type { Problem } from './problem.ts';
import type { Target, TargetKind } from './target.ts';

export const risks = ['low', 'medium', 'high'] as const;

export type Playbook = {
  name: string;
  title: string;
  /** The file that it was read from, and whose it is: an owner's goes before a shipped one of its name. */
  file: string;
  origin: 'shipped' | 'own';
  /** SHA-256 (hex) of its text. */
  hash: string;
  /** What it is carried out on. */
  target: TargetKind;
  /** Any of them makes it apply; the first that does counts. None: only where a person asks for it. */
  when: Condition[];
  steps: PlaybookStep[];
  /** What is snapshotted before the first step: absolute paths, or all data of the target's stack. */
  protects: string[] | 'stack';
  success: Success;
  /** Whether a step that has succeeded can be taken back, and how, in words. */
  undo: { possible: boolean; how: string };
  risk: (typeof risks)[number];
  /** Between two runs on one target that nobody asked for. */
  cooldownMs: number;
  /** How long it takes at most, and what must hold before it begins. */
  needs: { timeMs: number; checks: Check[] };
};

/** Patterns of places: `*` stands for anything. */
type Where = { where?: string };

export type Condition = Where &
  (
    | {
        see: 'incident';
        what: string;
        /** At least. */
        severity: Severity;
        /** Whether others are only its effects; absent: either. */
        effects?: 'some' | 'none';
      }
    /** Of the records. @property forMs for so long without a break; absent: at its newest sample. */
    | { see: 'measure'; measure: string; above?: number; below?: number; forMs?: number }
    /** A filesystem that is expected to be full. */
    | { see: 'forecast'; withinMs: number }
    /** A tag that names another image by now, that long ago at least, of which enough is known. */
    | { see: 'update'; olderThanMs: number }
  );

export type PlaybookStep =
  /** A service, and, where asked for, what needs it and is not healthy, in order of dependence. */
  | { do: 'restart'; dependents: boolean }
  /** Of the target's filesystem alone. */
  | { do: 'cleanup'; until?: number; only?: CleanupPart[] }
  /** Snapshots that no retention rule keeps. */
  | { do: 'rotate' }
  /** Back to the release before the running one. */
  | { do: 'undo'; withData: boolean }
  /** What is recorded runs again. */
  | { do: 'deploy' }
  /** Its service runs the image that was decided on, and nothing else of it changes. */
  | { do: 'update' }
  /** The database that the service runs. @property indexes whether they are built anew, too. */
  | { do: 'maintain'; indexes: boolean }
  | { do: 'guard'; question: Omit<GuardQuestion, 'operation' | 'host'> };

export type Success = {
  /** All of them must hold. */
  criteria: Criterion[];
  /** Figures that are told with it, and decide nothing. */
  tells?: MeasureName[];
  /** How long after its end it is measured again, ms, growing: what is full again next morning was not freed. */
  againAfterMs: number[];
};

export type ReadPlaybooks = { playbooks: Playbook[]; problems: Problem[] };

/** Why a playbook applies to a target now, and what a decision has to know of what it would do there. */
export type Occasion = {
  playbook: string;
  /** As incidents name places: `shop/db`, `/srv`. */
  target: string;
  /** What it is to mend: `disk-filling`. */
  cause: string;
  evidence: Evidence[];
  /** How far the diagnosis or the forecast that it stands on can be relied on, 0 to 1, by its own record. */
  reliability: number;
  reversible: boolean;
  changesData: boolean;
  disruptive: boolean;
  /** By when the harm is there, ms since the epoch; absent: it is there already. */
  dueAt?: number;
  takesMs: number;
  /** Digest of the image that it is to run. */
  image?: string;
};

/** A playbook that is to be run on a target. */
export type PlaybookRequest = {
  operation: OperationId;
  host: string;
  playbook: string;
  /** SHA-256 of its text: what was decided on is what runs. */
  hash: string;
  target: string;
  cause: string;
  /** Of the decision that it comes from; absent where a person asked for it. */
  decision?: string;
  /** Of an update: the digest that was decided on. */
  image?: string;
};

/** A figure that its `success` is measured by, before and after. Absent where it could not be measured. */
export type Figure = { what: string; unit: string; before?: number; after?: number };

/** What success is held against, however the playbook is edited meanwhile. */
export type Baseline = {
  target: Target;
  success: Success;
  /** Of an update: the digest that is to run. */
  image?: string;
  /** As they were before. */
  figures: Figure[];
  /** When the run ended, ms since the epoch; absent until it is measured for the first time. */
  endedAt?: number;
};

/** A playbook and its target, looked at: what would be done, and what speaks against it. */
export type PreparedPlaybook = {
  playbook?: Playbook;
  target?: Target;
  /** Of a stack: what is recorded last. */
  release?: ReleaseId;
  /** Of an update, where one is outstanding. */
  update?: ImageUpdate;
  /** As they are now. */
  figures: Figure[];
  problems: Problem[];
};

export type PlaybookOutcome =
  /** Every step was done. Whether it helped is what the measurements say. */
  | 'done'
  /** There was nothing to do. */
  | 'unchanged'
  /** It, or something it needs, is not as it was decided on; nothing was changed. */
  | 'refused'
  /** A step failed, and everything is verified to be as before. */
  | 'rolled-back'
  | 'cancelled'
  /** A step failed, and what the steps before it did is as it was left. */
  | 'incomplete'
  | 'needs-human';

/** @property outcome in the words of what carried it out. */
export type StepReport = { title: string; outcome: string; notes: string[] };

export type PlaybookReport = PlaybookRequest & {
  outcome: PlaybookOutcome;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  steps: StepReport[];
  figures: Figure[];
  /** Right after its end; absent where it could not be made. */
  measurement?: Measurement;
  /** What is not as it should be. */
  left: string[];
  notes: string[];
};

/** How a step ended, whatever carried it out. */
export type StepEnd =
  'done' | 'unchanged' | 'refused' | 'rolled-back' | 'cancelled' | 'incomplete' | 'needs-human';

/** Of the steps that were begun, in order: the last one is the only one that may have failed. */
export const playbookOutcome = (ends: readonly StepEnd[]): PlaybookOutcome => {
  const last = ends.at(-1);
  const before = ends.slice(0, -1);
  if (last === undefined || ends.every((end) => end === 'unchanged')) return 'unchanged';
  if (last === 'done' || last === 'unchanged') return 'done';
  if (last === 'needs-human' || last === 'incomplete') return last;
  // What stands of the steps before cannot be called "as before".
  return before.some((end) => end === 'done') ? 'incomplete' : last;
};

export const stepTitle = (step: PlaybookStep, target: string): string => {
  switch (step.do) {
    case 'restart':
      return `Restart ${target}${step.dependents ? ', and what is down under it' : ''}`;
    case 'cleanup':
      return `Free space on ${target}`;
    case 'rotate':
      return `Remove surplus snapshots of ${target}`;
    case 'undo':
      return `Undo the last deploy of ${target}${step.withData ? ', with its data' : ''}`;
    case 'deploy':
      return `Deploy the recorded release of ${target}`;
    case 'update':
      return `Run what the tag of ${target} names now`;
    case 'maintain':
      return maintenanceTitle(target, step);
    case 'guard':
      return step.question.command ? `Run ${commandText(step.question.command)}` : 'Snapshot data';
  }
};

export const playbookExitCodes: Record<PlaybookOutcome, number> = {
  done: 0,
  unchanged: 0,
  refused: 1,
  'rolled-back': 3,
  cancelled: 3,
  incomplete: 1,
  'needs-human': 5,
};
