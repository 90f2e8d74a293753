/** What is told of autonomy: the level and why, decisions and what came of them, and how promises were kept. */
import type { Cap } from './autonomy.ts';
import type { Span } from './blind.ts';
import type { Calibration } from './calibration.ts';
import type { Decided } from './decided.ts';
import type { Unknown } from './decision.ts';
import type { ForecastRecord } from './disk-forecast.ts';
import type { Mandate } from './mandate.ts';
import type { ActionOutcome } from './outcome.ts';

export type AutonomyStatus = {
  host: string;
  mandate?: Mandate;
  level: Cap;
  /** A higher one that the record has earned; people raise it. */
  proposed?: Cap;
  budget: { left: number | Unknown; of: number };
  /** When nobody looked within the last day, since it was turned on. */
  blind: Span[];
  /** Where a playbook stands still until a person has looked. */
  stopped: { playbook: string; target: string }[];
  /** In words. */
  problems: string[];
};

/** A decision, and what came of it. */
export type DecisionTold = Decided & { outcome?: ActionOutcome };

export type AutonomyRecord = {
  host: string;
  all?: Calibration;
  playbooks: ({ playbook: string } & Calibration)[];
  forecasts: ForecastRecord;
};
