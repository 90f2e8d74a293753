/** What happens on a host in a simulated year, in its order: things go wrong, go away, and come back. */
import type { Cap, Level } from '../../domain/autonomy.ts';
import type { Decided } from '../../domain/decided.ts';
import type { Proposal } from '../../domain/decision.ts';
import type { Incident } from '../../domain/incident.ts';
import type { OperationId } from '../../domain/names.ts';
import type { ActionOutcome } from '../../domain/outcome.ts';
import type { Matter } from './host.ts';
import { dayMs, hourMs } from './troubles.ts';

/** From when something is wrong until it is not. @property until when it goes away by itself, or because a person comes by. */
type Spell = { until: number; dueAt?: number };
export type Place = Matter & { spell?: Spell };

export type Year = {
  level: Level;
  places: Place[];
  /** Those of which something was begun, oldest first. */
  decided: Decided[];
  outcomes: ActionOutcome[];
  /** True chance that an action helps, at its time. */
  chances: Map<OperationId, number>;
  /** How often something went wrong, and how often the record took the level down. */
  incidents: number;
  lowered: number;
};

type Happening = { at: number; does: () => void };

export type Life = Year & {
  /** Milliseconds since the epoch. */
  now: number;
  ahead: Happening[];
  known: Incident[];
  /** When a person looked last, as `lookedAtKey` names it. */
  lookedAt: Map<string, number>;
  /** The same by playbook. */
  records: Map<string, Pick<Year, 'decided' | 'outcomes'>>;
  /** What waits or runs. */
  open: Map<OperationId, Proposal>;
  /** When a person set the level last. */
  since: number;
  /** The level in force; absent where something was learned since. */
  cap?: Cap;
  /** Actions by day. */
  spent: Map<string, number>;
};

export const beginLife = (level: Level, now: number, places: Place[]): Life => ({
  level,
  now,
  places,
  since: now,
  decided: [],
  outcomes: [],
  chances: new Map(),
  incidents: 0,
  lowered: 0,
  ahead: [],
  known: [],
  lookedAt: new Map(),
  records: new Map(),
  open: new Map(),
  spent: new Map(),
});

export const later = ({ ahead, now }: Life, afterMs: number, does: () => void): void => {
  ahead.push({ at: now + afterMs, does });
};

export const nextHappening = ({ ahead }: Life): Happening | undefined =>
  ahead.reduce<Happening | undefined>((first, one) => (first && first.at <= one.at ? first : one), undefined);

/** All that happens by then, each at its own time. */
export const liveUntil = (life: Life, until: number): void => {
  for (let next = nextHappening(life); next && next.at <= until; next = nextHappening(life)) {
    life.ahead.splice(life.ahead.indexOf(next), 1);
    life.now = next.at;
    next.does();
  }
  life.now = until;
};

/** @param atLeastMs before that it does not go wrong: what is back within a day was never over. */
export const goesWrongLater = (life: Life, place: Place, atLeastMs = dayMs): void => {
  later(life, atLeastMs + place.random.exponential(place.everyDays * dayMs), () => {
    life.incidents += 1;
    goesWrong(life, place, place.random.exponential(place.trouble.lastsHours * hourMs));
  });
};

export const goesWrong = (life: Life, place: Place, lastsMs: number): void => {
  const { dueHours } = place.trouble;
  place.spell = {
    until: life.now,
    ...(dueHours ? { dueAt: life.now + place.random.between(...dueHours) * hourMs } : {}),
  };
  goesAway(life, place, lastsMs);
};

/** Where nothing is heard of it before. @param afterMs takes the place of what was said earlier. */
export const goesAway = (life: Life, place: Place, afterMs: number): void => {
  const { spell } = place;
  if (!spell) return;
  const until = (spell.until = life.now + afterMs);
  if (until === Infinity) return;
  later(life, afterMs, () => {
    if (place.spell === spell && spell.until === until) isOver(life, place);
  });
};

export const isOver = (life: Life, place: Place): void => {
  delete place.spell;
  goesWrongLater(life, place);
};

export const recordOf = ({ records }: Life, playbook: string): Pick<Year, 'decided' | 'outcomes'> => {
  const own = records.get(playbook) ?? { decided: [], outcomes: [] };
  records.set(playbook, own);
  return own;
};
