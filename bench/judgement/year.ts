/**
 * A year in which things go wrong at random, and Baton's own rules decide what is done about them. Only the world is made up: what
 * happens, whether an action helps, and when a person answers.
 */
import { nextOccurrence } from '../../compose/cron.ts';
import {
  defaultMaxActions,
  levelUnder,
  type Cap,
  type Level,
  type Preferences,
} from '../../domain/autonomy.ts';
import { candidateOf, lookedAtKey, type Candidate, type Facts } from '../../domain/circumstances.ts';
import { begins, decideAll, type Decision } from '../../domain/decision.ts';
import type { DiskForecast } from '../../domain/disk-forecast.ts';
import { earnedCap } from '../../domain/earned-level.ts';
import { afterLook, causesAmong, type Finding } from '../../domain/incident.ts';
import type { OperationId } from '../../domain/names.ts';
import { occasionsOf } from '../../domain/occasion.ts';
import { isStopped } from '../../domain/outcome.ts';
import type { QuietSpan } from '../../domain/quiet-window.ts';
import { scoredActions } from '../../domain/scored.ts';
import { begin } from './course.ts';
import { drawHost, needs } from './host.ts';
import {
  beginLife,
  goesWrongLater,
  later,
  liveUntil,
  nextHappening,
  recordOf,
  type Life,
  type Place,
  type Year,
} from './life.ts';
import { dayMs, hourMs, playbooks, troubles } from './troubles.ts';

/** A Thursday. */
const start = Date.parse('2026-01-01T00:00:00Z');
const end = Date.parse('2027-01-01T00:00:00Z');
const lookEveryMs = 5 * 60_000;

/** As where there is no `preferences.yml`. */
const preferences: Preferences = {
  weekday: { maxActions: defaultMaxActions },
  weekend: { maxActions: defaultMaxActions },
  minConfidence: {},
  protected: [],
  optOuts: [],
};

/** @param days of it; default: all. */
export const liveYear = (seed: number, level: Level, days = 365): Year => {
  const life = beginLife(level, start, drawHost(seed));
  for (const place of life.places) goesWrongLater(life, place, 0);
  everyMonday(life);
  for (const last = start + days * dayMs; life.now < last; liveUntil(life, nextLook(life))) look(life);
  // What is begun by then is measured for another day.
  liveUntil(life, life.now + 3 * dayMs);
  return life;
};

/** Every five minutes; where all that is wrong is in work, nothing is decided until something happens. */
const nextLook = (life: Life): number => {
  const soon = life.now + lookEveryMs;
  if (life.places.some((place) => place.spell && !isInWork(life, place))) return soon;
  const next = nextHappening(life)?.at ?? end;
  return Math.max(soon, Math.ceil(next / lookEveryMs) * lookEveryMs);
};

const isInWork = ({ open }: Life, place: Place): boolean =>
  [...open.values()].some((one) => isAbout(place, one));

const isAbout = ({ place, trouble }: Place, { target, cause }: { target: string; cause: string }): boolean =>
  target === place && cause === trouble.what;

/** A person reads the weekly report, looks at what stands still, and sets the level again where it fell. */
const everyMonday = (life: Life): void => {
  later(life, (nextOccurrence('0 8 * * 1', 'UTC', life.now) ?? end) - life.now, () => {
    for (const { proposal } of life.decided)
      if (isStopped(life.outcomes, proposal, life.lookedAt.get(lookedAtKey(proposal))))
        life.lookedAt.set(lookedAtKey(proposal), life.now);
    if (levelNow(life).level !== life.level) {
      life.since = life.now;
      delete life.cap;
    }
    everyMonday(life);
  });
};

const newest = 200;

const levelNow = (life: Life): Cap => {
  const { level, decided, outcomes, since } = life;
  if (life.cap) return life.cap;
  // It looks at the newest alone, and a year of all of them is long.
  const earned = earnedCap(level, scoredActions(decided.slice(-newest), outcomes.slice(-newest), since));
  const cap = levelUnder([{ level, why: 'as a person set it' }, ...(earned ? [earned] : [])]);
  return (life.cap = cap);
};

const look = (life: Life): void => {
  const facts = factsOf(life);
  const candidates = playbooks.flatMap((playbook) =>
    occasionsOf(playbook, facts).map((occasion) =>
      // Of its own playbook are all that bear on it, and a year of all of them is long.
      candidateOf(playbook, occasion, { ...facts, ...recordOf(life, playbook.name) }),
    ),
  );
  for (const one of decideAll(candidates)) beginDecided(life, one, facts.level);
};

const kinds = troubles.flatMap(({ what, seen }) => (seen ? [what] : []));

const factsOf = (life: Life): Facts => {
  const { now, decided, outcomes, lookedAt, open, spent } = life;
  life.known = afterLook(life.known, findingsOf(life), now, kinds);
  return {
    now,
    causes: causesAmong(life.known, needs),
    needs,
    latest: [],
    forecasts: forecastsOf(life),
    level: levelNow(life),
    preferences,
    decided,
    outcomes,
    lookedAt,
    open: new Set(open.keys()),
    budgetLeft: Math.max(0, defaultMaxActions - (spent.get(dayOf(now)) ?? 0)),
    heldBy: [],
    underWay: [...open.values()].map(({ playbook, target }) => ({ what: playbook, on: target })),
    ownStacks: new Set(),
    windowFor: ({ takesMs }) => smallHours(now, takesMs),
    restoreProved: () => 'unknown',
  };
};

/** Three to five, as where no traffic is on record. */
const smallHours = (now: number, takesMs: number): QuietSpan => {
  const from = Math.floor(now / dayMs) * dayMs + 3 * hourMs;
  const to = from + 2 * hourMs;
  const late = Math.max(now, from) + takesMs > to ? dayMs : 0;
  return { from: from + late, to: to + late, why: 'the small hours' };
};

const findingsOf = ({ places }: Life): Finding[] =>
  places.flatMap(({ trouble, place, spell }) =>
    spell && trouble.seen
      ? [
          {
            what: trouble.what,
            where: place,
            state: trouble.severity,
            evidence: 'as drawn',
            ...(spell.dueAt === undefined ? {} : { dueAt: spell.dueAt }),
          },
        ]
      : [],
  );

/** As forecasts do in the families above: one comes due a day, and the interval holds five of six. */
const covered = 5 / 6;

const forecastsOf = ({ places, now }: Life): DiskForecast[] =>
  places.flatMap(({ trouble, place, spell }) =>
    spell?.dueAt === undefined || trouble.seen
      ? []
      : [
          {
            place,
            sizeBytes: 1e12,
            usedBytes: 9e11,
            past: [],
            record: { scored: Math.floor((now - start) / dayMs), covered },
            forecast: {
              state: 'told',
              madeAt: now,
              horizonMs: 3 * dayMs,
              quarantined: [],
              method: 'as drawn',
              since: start,
              coverage: 0.8,
              expected: [],
              limit: { limit: 1e12, at: spell.dueAt },
              record: { origins: 0, skills: [] },
            },
          },
        ],
  );

const beginDecided = (life: Life, { proposal, around, decision, playbook }: Judged, level: Cap): void => {
  const { answer, window } = decision;
  const place = life.places.find((one) => isAbout(one, proposal));
  if (!begins(answer) || !place) return;
  if (answer !== 'ask') spend(life, window?.from ?? life.now);
  const id = String(life.decided.length).padStart(8, '0');
  const action = {
    operation: id as OperationId,
    workflowId: id,
    ...(window ? { startsAt: window.from } : {}),
  };
  begin(
    life,
    { id, at: life.now, proposal, decision, level, confidence: around.confidence, alternatives: [], action },
    place,
    playbook.needs.timeMs,
  );
};

type Judged = Candidate & { decision: Decision };

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

const spend = ({ spent }: Life, at: number): void => {
  spent.set(dayOf(at), (spent.get(dayOf(at)) ?? 0) + 1);
};
