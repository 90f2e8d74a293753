/** What the engine and Baton's own probes say of the services that Baton knows. A stack that is being changed is seen by the next look. */
import { dependencyMap, graphOf, placeOf } from '../../domain/dependency-map.ts';
import type { Finding, Severity } from '../../domain/incident.ts';
import type { Seen } from '../../domain/look.ts';
import type { KnownStack, Source } from './source.ts';

const see: Source['see'] = async ({ ports, stacks }): Promise<Seen> => {
  const known = await stacks();
  // Asked afterwards: what has ended meanwhile counts, too.
  const changes = (await ports.standing.underWay(ports.host, 0)).filter((one) => one.changes);
  const isLeft = ({ stack }: KnownStack): boolean => !changes.some(({ on }) => on === stack);
  const unknown = changes.map(({ what }) => `${what} is under way`);
  return {
    findings: known.filter(isLeft).flatMap(findingsOf),
    samples: known.flatMap(({ stack, status }) =>
      status.services.flatMap(({ service, latencyMs }) =>
        latencyMs === undefined
          ? []
          : [{ measure: 'probe.latency', place: placeOf(stack, service), value: latencyMs }],
      ),
    ),
    needs: Object.fromEntries(
      [...graphOf(dependencyMap(known.map(({ release }) => release)))].map(([of, needs]) => [of, [...needs]]),
    ),
    whole: ['service-down', 'drift'],
    ...(unknown.length > 0 ? { unknown } : {}),
  };
};

/** A probe has five seconds where its stack says nothing else; a service is either up now or it is not. */
export const services: Source = { see, withinMs: 20_000, freshForMs: 10 * 60_000 };

const findingsOf = ({ stack, release, status: { services: seen, drift } }: KnownStack): Finding[] => {
  const wanted = new Set<string>(release.spec.services.map(({ name }) => name));
  return [
    ...seen
      .filter(({ service }) => wanted.has(service))
      .map(({ service, healthy, state, answer }): Finding => {
        const found: Severity | 'fine' = healthy === 'healthy' ? 'fine' : 'critical';
        return {
          what: 'service-down',
          where: placeOf(stack, service),
          state: found,
          evidence: `${state}: ${answer}`,
        };
      }),
    ...[...wanted]
      .filter((name) => !seen.some(({ service }) => service === name))
      .map((name): Finding => ({
        what: 'service-down',
        where: placeOf(stack, name),
        state: 'critical',
        evidence: 'it has no container',
      })),
    {
      what: 'drift',
      where: stack,
      state: drift.length > 0 ? 'warning' : 'fine',
      evidence: drift.join(' ') || 'runs as recorded',
    },
  ];
};
