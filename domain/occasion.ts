/** When a playbook applies: its conditions, held against what is known of a host at one moment. */
import type { DiskForecast, ForecastRecord } from './disk-forecast.ts';
import type { Evidence } from './decision.ts';
import { reachableFrom, type Graph } from './graph.ts';
import { imageOutdated, missingFor } from './image-update.ts';
import { incidentId, isWrong, severities, type Cause, type Incident } from './incident.ts';
import type { Condition, Occasion, Playbook, PlaybookStep } from './playbook.ts';
import type { Sample } from './series.ts';
import { isAt, targetAt } from './target.ts';
import { exceeds, freshForMs, lasted } from './threshold.ts';
import { matches } from './wildcard.ts';

/** One sample of one series. */
type Latest = Sample & { measure: string; place: string };

/** What is known of a host. */
export type Picture = {
  /** Milliseconds since the epoch. */
  now: number;
  /** The worst first, each with its effects. */
  causes: readonly Cause[];
  /** What each place needs directly. */
  needs: Graph<string>;
  /** The newest sample of each series. */
  latest: readonly Latest[];
  forecasts: readonly DiskForecast[];
  /** What `pastWanted` asks for, in order of time. A condition over a time without it does not hold. */
  past?: readonly { measure: string; place: string; samples: readonly Sample[] }[];
};

/** A forecast is made of hours; what it says of days is as true a few hours later. */
const forecastFreshForMs = 6 * 3_600_000;

/** Why it applies, before it is known to whom. */
type Reason = Pick<Occasion, 'cause' | 'evidence' | 'reliability' | 'dueAt' | 'image'> & { place: string };

/** Where the playbook applies now; one a target, by the first of its conditions that holds there. */
export const occasionsOf = (playbook: Playbook, picture: Picture): Occasion[] => {
  const found = new Map<string, Occasion>();
  for (const condition of playbook.when)
    for (const { place, ...reason } of reasonsFor(condition, picture)) {
      const target = targetAt(playbook.target, place);
      if (target !== undefined && !found.has(target))
        found.set(target, { playbook: playbook.name, target, ...reason, ...traitsOf(playbook) });
    }
  return [...found.values()];
};

/** How far back which measures must be known, for conditions that ask for a time. */
export const pastWanted = (playbooks: readonly Playbook[]): { measure: string; forMs: number }[] => {
  const longest = new Map<string, number>();
  for (const condition of playbooks.flatMap(({ when }) => when))
    if (condition.see === 'measure' && condition.forMs !== undefined)
      longest.set(condition.measure, Math.max(condition.forMs, longest.get(condition.measure) ?? 0));
  return [...longest].map(([measure, forMs]) => ({ measure, forMs: forMs + freshForMs }));
};

const reasonsFor = (condition: Condition, picture: Picture): Reason[] => {
  const { where = '*' } = condition;
  return reasonsAnywhere(condition, picture).filter(({ place }) => matches(where, place));
};

const reasonsAnywhere = (condition: Condition, picture: Picture): Reason[] => {
  switch (condition.see) {
    case 'incident':
      return incidentReasons(condition, picture);
    case 'measure':
      return measureReasons(condition, picture);
    case 'forecast':
      return forecastReasons(condition, picture);
    case 'update':
      return updateReasons(condition, picture);
  }
};

/** Effects go when their cause does; nothing is done about them by themselves. */
const incidentReasons = (
  { what, severity, effects: wanted }: Condition & { see: 'incident' },
  { causes, forecasts }: Picture,
): Reason[] =>
  causes
    .filter(({ incident, effects }) => {
      const isBad = severities.indexOf(incident.severity) >= severities.indexOf(severity);
      const fits = wanted === undefined || (wanted === 'some') === effects.length > 0;
      return incident.what === what && isBad && fits;
    })
    .map(({ incident, effects }) => ({
      place: incident.where,
      cause: incident.what,
      // What is wrong was measured, and not concluded from something else.
      reliability: 1,
      evidence: [incident, ...effects].map(evidenceOf),
      ...(incident.severity === 'critical' ? {} : dueOf(incident, forecasts)),
    }));

const evidenceOf = (one: Incident): Evidence => ({
  what: incidentId(one),
  value: one.evidence,
  at: one.lastSeenAt,
  freshForMs,
});

/** What only threatens may wait for as long as it says itself, or its forecast. */
const dueOf = ({ where, dueAt: own }: Incident, forecasts: readonly DiskForecast[]): { dueAt?: number } => {
  const dueAt = own ?? forecasts.flatMap((one) => (one.place === where ? (fullAt(one) ?? []) : []))[0];
  return dueAt === undefined ? {} : { dueAt };
};

const measureReasons = (
  condition: Condition & { see: 'measure' },
  { latest, past = [], now }: Picture,
): Reason[] =>
  latest
    .filter((one) => one.measure === condition.measure && exceeds(condition, one.value))
    .filter(({ place }) => {
      const { forMs } = condition;
      const own = past.find((one) => one.measure === condition.measure && one.place === place);
      return forMs === undefined || lasted(condition, own?.samples ?? [], now - forMs, now);
    })
    .map(({ place, value, at, measure }) => ({
      place,
      cause: `${measure}-${condition.above === undefined ? 'low' : 'high'}`,
      reliability: 1,
      evidence: [{ what: `${measure} of ${place}`, value: String(value), at, freshForMs }],
    }));

/** Only one that says so is believed: what is muted did not beat "no change" on its own past. */
const forecastReasons = (
  { withinMs }: Condition & { see: 'forecast' },
  { forecasts, now }: Picture,
): Reason[] =>
  forecasts.flatMap((one) => {
    const dueAt = fullAt(one);
    if (dueAt === undefined || dueAt > now + withinMs) return [];
    const evidence: Evidence = {
      what: `forecast of ${one.place}`,
      value: `full at ${new Date(dueAt).toISOString()} at the earliest`,
      at: one.forecast.madeAt,
      freshForMs: forecastFreshForMs,
    };
    return [
      {
        place: one.place,
        cause: 'disk-filling',
        dueAt,
        reliability: reliabilityOf(one.record),
        evidence: [evidence],
      },
    ];
  });

/** The early end of its interval: that late it may not be. */
const fullAt = ({ forecast }: DiskForecast): number | undefined =>
  forecast.state === 'told' && forecast.limit?.at !== undefined
    ? (forecast.limit.from ?? forecast.limit.at)
    : undefined;

/** Laplace's rule over those that came due: without any it is an even chance. */
const reliabilityOf = ({ scored, covered = 0 }: ForecastRecord): number =>
  (scored * covered + 1) / (scored + 2);

/** No harm is on its way: it waits for an hour that disturbs few, if one comes within a week. */
const updateWaitsMs = 7 * 24 * 3_600_000;

/** Nothing is updated while it, its stack, or what it needs, is ill: what came of it could not be told apart from that. */
const updateReasons = (
  { olderThanMs }: Condition & { see: 'update' },
  { causes, needs, now }: Picture,
): Reason[] => {
  const ill = causes.flatMap(({ incident, effects }) => [incident, ...effects]).filter(isWrong);
  return causes.flatMap(({ incident }) => {
    const { what, where, update } = incident;
    if (what !== imageOutdated || !update || missingFor(update, olderThanMs, now).length > 0) return [];
    const below = reachableFrom(needs, [where]);
    if (ill.some((one) => one.severity !== 'info' && (isAt(one.where, where) || below.has(one.where))))
      return [];
    const evidence = [evidenceOf(incident)];
    return [
      {
        place: where,
        cause: what,
        reliability: 1,
        evidence,
        dueAt: now + updateWaitsMs,
        image: update.digest,
      },
    ];
  });
};

type Traits = Pick<Occasion, 'reversible' | 'changesData' | 'disruptive' | 'takesMs'>;

const traitsOf = ({ steps, undo, needs }: Playbook): Traits => ({
  reversible: undo.possible,
  changesData: steps.some(changesData),
  disruptive: steps.some(isDisruptive),
  takesMs: needs.timeMs,
});

/** Cleanups and rotations remove what the owner's own rules let go; live data is not touched. What is newer may migrate what it finds. */
const changesData = (step: PlaybookStep): boolean =>
  step.do === 'guard' || step.do === 'update' || (step.do === 'undo' && step.withData);

const isDisruptive = (step: PlaybookStep): boolean =>
  step.do === 'restart' ||
  step.do === 'undo' ||
  step.do === 'deploy' ||
  step.do === 'update' ||
  step.do === 'guard' ||
  (step.do === 'maintain' && step.indexes);
