/** What a briefing is made of: what the records and Temporal hold of a period. Nothing in it is worded yet. */
import type { SetStatus } from '../data-set.ts';
import type { Decided } from '../decided.ts';
import type { DiskForecast } from '../disk-forecast.ts';
import type { Forecast } from '../forecast/forecast.ts';
import type { Score } from '../forecast/score.ts';
import type { Incident } from '../incident.ts';
import type { Progress } from '../operation.ts';
import type { ActionOutcome } from '../outcome.ts';
import type { TargetHours } from '../quiet-calendar.ts';
import type { Span } from '../window.ts';

export const briefingKinds = ['night', 'morning', 'weekly', 'monthly'] as const;
/** `night`: of the day that ends, and what comes in the night. `morning`: of the night that is over. */
export type BriefingKind = (typeof briefingKinds)[number];

/** What is left of a look: its score, and the sources that could not be asked. */
export type LookSeen = { at: number; score: number; unknown: string[] };

/** An operation, or another change, that ended in the period or is under way. Times are ms since the epoch. */
export type Ended = {
  workflowId: string;
  /** `deploy photos`. */
  what: string;
  /** The stack's name, or the workflow's where it is of no stack. */
  on: string;
  operation?: string;
  /** Its own word for how it ended. `failed`: the workflow itself did. */
  outcome: string;
  startedAt: number;
  endedAt: number;
  /** The schedule, or the decision, that began it; absent: somebody typed it. */
  by?: string;
  /** What went wrong, where something did. */
  why?: string;
};

/** An operation that waits for a person or its hour, with the run that it is. */
export type Waits = Pick<Progress, 'operation' | 'stack' | 'kind' | 'playbook' | 'waiting' | 'held'> & {
  workflowId: string;
  runId: string;
};

/** A forecast whose time came in the period. */
export type CameDue = { place: string; forecast: Forecast; score: Score };

/** What begins by itself. `at`: ms since the epoch. */
export type Planned = { at: number; name: string; what: string };

/** A certificate, and when it expires, ms since the epoch. */
export type Expires = { place: string; at: number };

export type Facts = {
  host: string;
  kind: BriefingKind;
  period: Span;
  /** IANA name: of the host. */
  timeZone: string;
  /** Oldest first, and no more than a picture shows: of those beside one another the worst. */
  looks: LookSeen[];
  /** Mean score of the period, and of one as long before it; absent where nobody looked. */
  meanScore?: number;
  meanScoreBefore?: number;
  /** How far apart looks are meant to be; absent: Baton does not look by itself. */
  looksEveryMs?: number;
  /** Spans of the period without a look. */
  blind: Span[];
  /** All that were open in the period. */
  incidents: Incident[];
  /** What each place needs directly. */
  needs: Record<string, string[]>;
  decisions: Decided[];
  /** Of all decisions on record, so that promises of before are held against what came of them. */
  promises: Pick<Decided, 'id' | 'at' | 'confidence' | 'action'>[];
  outcomes: ActionOutcome[];
  ended: Ended[];
  waits: Waits[];
  planned: Planned[];
  /** Channels that could not be reached. */
  unreachable: string[];
  /** In words: by whom, and why. */
  heldBy?: string;
  forecasts: DiskForecast[];
  due: CameDue[];
  /** Quiet hours of those with the most traffic; only of a week or a month. */
  traffic: TargetHours[];
  /** Only of a month. */
  sets: Pick<SetStatus, 'name' | 'restore'>[];
  certificates: Expires[];
  /** What could not be read, and why: without it the report is not whole. */
  missing: string[];
};
