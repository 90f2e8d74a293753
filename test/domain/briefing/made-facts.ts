/** Facts of a night, for tests of what is told of it. */
import { briefingOf, type Section } from '../../../domain/briefing/briefing.ts';
import type { Facts } from '../../../domain/briefing/facts.ts';
import type { Decided } from '../../../domain/decided.ts';
import type { Incident } from '../../../domain/incident.ts';
import type { OperationId } from '../../../domain/names.ts';
import type { ActionOutcome } from '../../../domain/outcome.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
/** Thursday morning, half past six. */
export const now = Date.parse('2026-11-26T06:30:00Z');
export const evening = Date.parse('2026-11-25T18:00:00Z');

/** A quiet night that was watched. */
export const facts = (more: Partial<Facts> = {}): Facts => ({
  host: 'nas',
  kind: 'morning',
  period: { from: evening, to: now },
  timeZone: 'UTC',
  looks: Array.from({ length: 151 }, (_, index) => ({
    at: evening + index * 5 * minuteMs,
    score: 100,
    unknown: [],
  })),
  meanScore: 100,
  looksEveryMs: 5 * minuteMs,
  blind: [],
  incidents: [],
  needs: {},
  decisions: [],
  promises: [],
  outcomes: [],
  ended: [],
  waits: [],
  planned: [],
  unreachable: [],
  forecasts: [],
  due: [],
  traffic: [],
  sets: [],
  certificates: [],
  missing: [],
  ...more,
});

export const incident = (where: string, more: Partial<Incident> = {}): Incident => ({
  what: 'service-down',
  where,
  evidence: 'exited with code 137',
  severity: 'critical',
  openedAt: now - 4 * hourMs,
  lastSeenAt: now,
  returns: 0,
  ...more,
});

export const decided = (id: string, more: Partial<Decided> = {}): Decided => ({
  id,
  at: now - 4 * hourMs,
  proposal: {
    id: `restart ${id}`,
    playbook: 'service-restart',
    target: 'shop/db',
    cause: 'service-down',
    evidence: [],
    reversible: true,
    changesData: false,
    disruptive: true,
    takesMs: minuteMs,
    touches: ['shop/db'],
  },
  decision: { answer: 'act', limits: [] },
  level: { level: 'moderate', why: 'anna set it' },
  confidence: {
    value: 0.9,
    own: { helped: 9, of: 9 },
    wider: { helped: 0, of: 0 },
    lent: { helped: 0, of: 0 },
    reliability: 1,
  },
  alternatives: [],
  ...more,
});

export const operation = '0a1b2c3d' as OperationId;

export const outcome = (more: Partial<ActionOutcome> = {}): ActionOutcome => ({
  operation,
  playbook: 'service-restart',
  target: 'shop/db',
  cause: 'service-down',
  endedAt: now - 4 * hourMs,
  failed: false,
  measurements: [{ afterMs: 10 * minuteMs, at: now - 3 * hourMs, held: true }],
  ...more,
});

/** Of the briefing of such facts. */
export const sectionOf = (title: string, more: Partial<Facts>): Section | undefined =>
  briefingOf(facts(more)).sections.find((one) => one.title === title);

/** `bad db is down`, and below it `  info so is app`. */
export const linesOf = (title: string, more: Partial<Facts>): string[] =>
  sectionOf(title, more)?.lines.map(({ mark, text, under }) => `${under ? '  ' : ''}${mark} ${text}`) ?? [];
