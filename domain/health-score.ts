/** The health of a host as one number, with every point that it lost named. */
import { incidentId, isWrong, type Cause, type Severity } from './incident.ts';

/** What an incident costs. A host with something critical is at three quarters at best; guesses, of which only the order matters. */
const points: Record<Severity, number> = { critical: 25, warning: 10, info: 2 };
/** What an incident that is another's effect costs: it is over with its cause. */
const effectPoints = 3;
/** What cannot be seen is not healthy. */
const unknownPoints = 5;

/** `of`: the id of an incident, or a source that could not be asked. */
export type Loss = { points: number; of: string };

export type HealthScore = {
  /** 0 to 100. */
  score: number;
  /** The greatest first; where they come to more than 100, the score is 0. */
  losses: Loss[];
};

/**
 * An update that is outstanding costs nothing: what runs is as well as it was, and whoever waits on purpose, as Baton does itself,
 * should not look ill for it. @param unknown sources that could not be asked, in words.
 */
export const healthScore = (causes: readonly Cause[], unknown: readonly string[]): HealthScore => {
  const losses = [
    ...causes
      .filter(({ incident }) => isWrong(incident))
      .flatMap(({ incident, effects }) => [
        { points: points[incident.severity], of: incidentId(incident) },
        ...effects.map((effect) => ({ points: effectPoints, of: incidentId(effect) })),
      ]),
    ...unknown.map((source) => ({ points: unknownPoints, of: source })),
  ].sort((a, b) => b.points - a.points);
  return { score: Math.max(0, 100 - losses.reduce((sum, loss) => sum + loss.points, 0)), losses };
};
