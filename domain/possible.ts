/** What sources measured, before it is kept: an impossible value is told, and does not go into the records. */
import type { Finding } from './incident.ts';

type Measured = { measure: string; place: string; value: number };

/** A petabyte, or thirty thousand years in ms: nothing that is measured here comes near. */
const most = 1e15;

/** Days until an end that has passed go below nothing, and so may what an owner's own query asks for: a temperature, a change. */
const mayBeNegative = (measure: string): boolean =>
  measure === 'certificate.days' || measure.startsWith('prometheus.');

/** `findings`: of what was set aside, one for each place. */
export const setImpossibleAside = <Sample extends Measured>(
  samples: readonly Sample[],
): { samples: Sample[]; findings: Finding[] } => {
  const wrong = samples.filter((sample) => !isPossible(sample));
  return {
    samples: samples.filter(isPossible),
    findings: wrong.map(({ measure, place, value }) => ({
      what: 'impossible-value',
      where: `${measure} ${place}`,
      state: 'warning',
      evidence: `measured ${value}, which cannot be; it was not kept`,
    })),
  };
};

export const isPossible = ({ measure, value }: Pick<Measured, 'measure' | 'value'>): boolean =>
  Number.isFinite(value) && Math.abs(value) <= most && (value >= 0 || mayBeNegative(measure));
