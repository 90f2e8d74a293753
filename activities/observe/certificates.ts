/** When the certificates expire that HTTPS probes are answered with. */
import { placeOf } from '../../domain/dependency-map.ts';
import { certificateDays, certificateFinding } from '../../domain/certificate.ts';
import type { NotHere, Seen } from '../../domain/look.ts';
import type { Source } from './source.ts';

const see: Source['see'] = async ({ stacks, at }): Promise<Seen | NotHere> => {
  const known = await stacks();
  const wanted = known.flatMap(({ stack, release }) =>
    release.spec.services.flatMap(({ name, probe }) =>
      probe?.type === 'http' && probe.scheme === 'https' ? [placeOf(stack, name)] : [],
    ),
  );
  if (wanted.length === 0) return { notHere: 'no service has a probe over HTTPS' };
  const shown = new Map(
    known.flatMap(({ stack, status }) =>
      status.services.flatMap(({ service, certificateUntil }) =>
        certificateUntil === undefined ? [] : [[placeOf(stack, service), certificateUntil] as const],
      ),
    ),
  );
  const places = [...shown].filter(([place]) => wanted.includes(place));
  const missing = wanted.filter((place) => !shown.has(place));
  return {
    samples: places.map(([place, until]) => ({
      measure: 'certificate.days',
      place,
      value: certificateDays(until, at),
    })),
    findings: places.map(([place, until]) => certificateFinding(place, until, at)),
    needs: {},
    whole: ['certificate'],
    ...(missing.length > 0 ? { unknown: [`${missing.join(', ')} showed no certificate`] } : {}),
  };
};

/** It is seen with the probes of services; a certificate that is renewed is so days before its end. */
export const certificates: Source = { see, withinMs: 20_000, freshForMs: 24 * 3_600_000 };
