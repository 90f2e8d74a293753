/** Gathers what decisions are made of: the records, the preferences, and what is known of the host at this moment. */
import { levelUnder, type Cap, type DayRules, type Preferences } from '../domain/autonomy.ts';
import type { Facts } from '../domain/circumstances.ts';
import type { Decided } from '../domain/decided.ts';
import type { Unknown } from '../domain/decision.ts';
import { stackAt } from '../domain/dependency-map.ts';
import { restoreProved } from '../domain/data-proof.ts';
import { earnedCap } from '../domain/earned-level.ts';
import { serviceOf, stackOf } from '../domain/labels.ts';
import type { Look } from '../domain/look.ts';
import { capOf, type Mandate } from '../domain/mandate.ts';
import { pastWanted } from '../domain/occasion.ts';
import { actionWorkflowId } from '../domain/ids.ts';
import type { ActionOutcome } from '../domain/outcome.ts';
import type { Playbook } from '../domain/playbook.ts';
import { reachableFrom } from '../domain/graph.ts';
import { withEveryPlace } from '../domain/proposal.ts';
import { scoredActions } from '../domain/scored.ts';
import { freshForMs } from '../domain/threshold.ts';
import { provenSets } from './data-set.ts';
import { forecastsIn } from './forecast.ts';
import type { ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import type { Records } from './ports/records.ts';
import { quietWindowFor } from './quiet-hours.ts';

/** What decisions are made of, and what was made of it before. */
export type Known = Facts & {
  playbooks: readonly Playbook[];
  mandate: Mandate | undefined;
  /** Where the record caps the level. */
  earned: Cap | undefined;
  /** In words. */
  problems: string[];
};

/** Of each, the newest: a host that decides more in a year than this has other problems. */
const mostKept = 5_000;

export const keptDecisions = async (records: Records): Promise<Decided[]> =>
  (await records.entries({ kind: 'decision', newest: mostKept })).map(({ body }) => body as Decided);

export const keptOutcomes = async (records: Records): Promise<ActionOutcome[]> =>
  (await records.entries({ kind: 'outcome', newest: mostKept })).map(({ body }) => body as ActionOutcome);

export const lookedAt = async (records: Records): Promise<Map<string, number>> =>
  new Map((await records.entries({ kind: 'looked-at' })).map(({ about, at }) => [about, at]));

export const gatherKnown = async (ports: Ports, look: Look): Promise<Known> => {
  const records = await ports.records();
  const now = Date.now();
  const { playbooks, problems } = await ports.playbooks();
  const decided = await keptDecisions(records);
  const outcomes = await keptOutcomes(records);
  const standing = await levelNow(ports, playbooks, decided, outcomes, now);
  const containers = await ports.engine.listContainers();
  const needs = withEveryPlace(new Map(Object.entries(look.needs ?? {})));
  return {
    now,
    causes: look.causes,
    needs,
    forecasts: await forecastsIn(records),
    ...(await measured(records, playbooks, now)),
    playbooks,
    decided,
    outcomes,
    lookedAt: await lookedAt(records),
    open: await openActions(ports, decided),
    ...standing,
    problems: [...problems.map(({ message }) => message), ...standing.problems],
    budgetLeft: await budgetLeft(records, standing.preferences, now),
    heldBy: await orUnknown(() => ports.standing.heldBy(ports.host)),
    underWay: await orUnknown(() => ports.standing.underWay(ports.host, freshForMs)),
    ownStacks: ownStacks(ports, containers, needs),
    windowFor: await quietWindowFor(records, standing.preferences, now),
    restoreProved: await restoreProvedOf(ports, containers),
  };
};

const orUnknown = async <T>(ask: () => Promise<T>): Promise<T | Unknown> => {
  try {
    return await ask();
  } catch {
    // Every rule takes what is unknown for the worst, and says so.
    return 'unknown';
  }
};

export type LevelNow = Pick<Known, 'level' | 'mandate' | 'earned' | 'preferences' | 'problems'>;

/** The level of this hour, and what caps it. A mistake in `preferences.yml` takes all autonomy away. */
export const levelNow = async (
  ports: Pick<Ports, 'standing' | 'preferences' | 'host'>,
  playbooks: readonly Playbook[],
  decided: readonly Decided[],
  outcomes: readonly ActionOutcome[],
  now: number,
): Promise<LevelNow> => {
  const mandate = await ports.standing.mandate(ports.host);
  const set = capOf(mandate);
  const since = mandate && Date.parse(mandate.since);
  const earned = earnedCap(set.level, scoredActions(decided, outcomes, since));
  const read = await ports.preferences(playbooks.map(({ name }) => name));
  if (!read.ok) {
    const why = 'preferences.yml has mistakes';
    return {
      mandate,
      earned,
      level: levelUnder([{ level: 'dry-run', why }, set]),
      preferences: nothingAllowed,
      problems: read.problems.map(({ message }) => message),
    };
  }
  const { level } = dayRulesAt(read.preferences, now);
  const caps: [Cap, ...Cap[]] = [
    set,
    ...(earned ? [earned] : []),
    ...(level === undefined ? [] : [{ level, why: 'preferences.yml says so of this day' }]),
  ];
  return { mandate, earned, level: levelUnder(caps), preferences: read.preferences, problems: [] };
};

/** Where nothing can be read of it. */
const nothingAllowed: Preferences = {
  weekday: { maxActions: 0 },
  weekend: { maxActions: 0 },
  minConfidence: {},
  protected: ['*'],
  optOuts: [],
};

/** By the clock of the host. */
export const dayRulesAt = ({ weekday, weekend }: Preferences, at: number): DayRules =>
  [0, 6].includes(new Date(at).getDay()) ? weekend : weekday;

/** A budget a day, by the clock of the host. */
export const budgetOf = (at: number): string => {
  const day = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `actions ${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
};

export const budgetLeft = async (
  records: Records,
  preferences: Preferences,
  now: number,
): Promise<number | Unknown> =>
  await orUnknown(async () =>
    Math.max(0, dayRulesAt(preferences, now).maxActions - (await records.reserved(budgetOf(now)))),
  );

/** Of what the containers of a target may write to. */
const restoreProvedOf = async (
  ports: Ports,
  containers: readonly ContainerState[],
): Promise<Facts['restoreProved']> => {
  const sets = await provenSets(ports);
  return (target) => {
    const own = containers.filter(({ labels }) =>
      [stackOf(labels), `${stackOf(labels)}/${serviceOf(labels)}`].includes(target),
    );
    const written = own.flatMap(({ mounts }) =>
      mounts.flatMap(({ type, source, readOnly }) => (type === 'tmpfs' || readOnly ? [] : [source])),
    );
    return restoreProved(written, sets);
  };
};

/** Conditions are held against the newest sample of each series, and against what came before it. */
const measured = async (
  records: Records,
  playbooks: readonly Playbook[],
  now: number,
): Promise<Pick<Facts, 'latest'> & { past: NonNullable<Facts['past']> }> => {
  const wanted = new Map(pastWanted(playbooks).map(({ measure, forMs }) => [measure, forMs]));
  const all = await Promise.all(
    (await records.series()).map(async ({ measure, place }) => {
      const from = now - Math.max(latestWithinMs, wanted.get(measure) ?? 0);
      return { measure, place, samples: await records.points({ measure, place }, { from, to: now + 1 }) };
    }),
  );
  return {
    latest: all.flatMap(({ measure, place, samples }) => {
      const last = samples.at(-1);
      return last ? [{ measure, place, ...last }] : [];
    }),
    past: all.filter(({ measure }) => wanted.has(measure)),
  };
};

/** What is older is not fresh to any condition. */
const latestWithinMs = 30 * 60_000;

/** One that was decided a moment ago may not have begun yet. */
const beginsWithinMs = 15 * 60_000;

/** Operations of decisions that have no end yet, and whose action is still there. */
const openActions = async (ports: Ports, decided: readonly Decided[]): Promise<Set<string>> => {
  const open = new Set<string>();
  for (const { action, ended, at } of decided) {
    if (!action || ended) continue;
    const isThere =
      Date.now() < at + beginsWithinMs ||
      (await ports.standing.isRunning(actionWorkflowId(ports.host, action.operation)));
    if (isThere) open.add(action.operation);
  }
  return open;
};

/** Those whose containers answer where Temporal and the records are reached, and all that these need. */
const ownStacks = (
  { standing }: Ports,
  containers: readonly ContainerState[],
  needs: Facts['needs'],
): Set<string> => {
  const own = containers.flatMap(({ labels, ports: published }) => {
    const stack = stackOf(labels);
    const isOwn = published.some(({ hostPort }) => standing.ownPorts.includes(hostPort));
    return stack !== undefined && isOwn ? [stack] : [];
  });
  return new Set([...reachableFrom(needs, own)].map(stackAt));
};
