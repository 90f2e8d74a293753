/** What the records hold of a period, for a briefing. */
import { blindSpans } from '../../domain/blind.ts';
import type { CameDue, Facts, LookSeen } from '../../domain/briefing/facts.ts';
import { meanScore, thinned } from '../../domain/briefing/looks.ts';
import type { Decided } from '../../domain/decided.ts';
import type { Forecast } from '../../domain/forecast/forecast.ts';
import type { Score } from '../../domain/forecast/score.ts';
import type { Incident } from '../../domain/incident.ts';
import { unknownIn, type KeptLook } from '../../domain/look.ts';
import type { ActionOutcome } from '../../domain/outcome.ts';
import type { Span } from '../../domain/window.ts';
import type { Entry, Records } from '../ports/records.ts';

type Past = Pick<
  Facts,
  | 'looks'
  | 'meanScore'
  | 'meanScoreBefore'
  | 'blind'
  | 'incidents'
  | 'decisions'
  | 'promises'
  | 'outcomes'
  | 'due'
>;

/** As many as a phone has room for. */
const mostLooks = 300;

export const pastOf = async (
  records: Records,
  period: Span,
  looksEveryMs: number | undefined,
): Promise<Past> => ({
  ...(await looksOf(records, period, looksEveryMs)),
  ...(await decisionsOf(records, period)),
  incidents: await incidentsOf(records, period),
  due: await dueOf(records, period),
});

const looksOf = async (records: Records, { from, to }: Span, everyMs: number | undefined) => {
  const before = { from: from - (to - from), to: from };
  const looks = (await records.entries({ kind: 'look', from: before.from, to })).map(seenOf);
  const [now, then] = [meanScore(looks, { from, to }), meanScore(looks, before)];
  return {
    looks: thinned(
      looks.filter(({ at }) => at >= from),
      { from, to },
      mostLooks,
    ),
    ...(now === undefined ? {} : { meanScore: now }),
    ...(then === undefined ? {} : { meanScoreBefore: then }),
    blind: blindSpans(
      looks.map(({ at }) => at),
      { from, to },
      everyMs,
    ),
  };
};

const seenOf = ({ at, body }: Entry): LookSeen => {
  const { asked, score } = body as KeptLook;
  return { at, score, unknown: unknownIn(asked) };
};

/** Which were open at any time of it. What was closed before is none of them. */
const incidentsOf = async (records: Records, { from, to }: Span): Promise<Incident[]> =>
  (await records.entries({ kind: 'incident', to }))
    .map(({ body }) => body as Incident)
    .filter(({ closedAt = Number.POSITIVE_INFINITY }) => closedAt >= from);

const decisionsOf = async (records: Records, { from, to }: Span) => {
  const decided = (await records.entries({ kind: 'decision' })).map(({ body }) => body as Decided);
  const outcomes = (await records.entries({ kind: 'outcome' })).map(({ body }) => body as ActionOutcome);
  return {
    decisions: decided.filter(({ at }) => at >= from && at < to),
    promises: decided
      .filter(({ action }) => action)
      .map(({ id, at, confidence, action }) => ({ id, at, confidence, ...(action ? { action } : {}) })),
    outcomes,
  };
};

/** Forecasts whose time was over within it, and that were held against what was measured. */
const dueOf = async (records: Records, { from, to }: Span): Promise<CameDue[]> =>
  (await records.entries({ kind: 'forecast', to })).flatMap(({ about, body }) => {
    const { forecast, score } = body as { forecast: Forecast; score?: Score };
    const dueAt = forecast.madeAt + forecast.horizonMs;
    return score && dueAt >= from && dueAt < to
      ? [{ place: about.slice(about.indexOf(' ') + 1), forecast, score }]
      : [];
  });
