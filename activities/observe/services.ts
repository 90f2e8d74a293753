/** What the engine and Baton's own probes say of the services that Baton knows. */
import { needsOf } from '../../domain/dependencies.ts';
import type { Finding, Severity } from '../../domain/incident.ts';
import type { Seen } from '../../domain/look.ts';
import { serviceOf, stackOf } from '../../domain/labels.ts';
import type { StackName } from '../../domain/names.ts';
import type { Release } from '../../domain/release.ts';
import type { StackStatus } from '../../domain/status.ts';
import type { Ports } from '../ports/index.ts';
import { statusOf } from '../status.ts';

/** `shop/database`. */
const placeOf = (stack: string, service: string): string => `${stack}/${service}`;

/** Only stacks with a release on record: what others run is theirs to look after. */
export const seeServices = async (ports: Ports): Promise<Seen> => {
  const containers = await ports.engine.listContainers();
  const stacks = await ports.memory.stacks();
  const all = await Promise.all(
    stacks.map(async (stack) => {
      const last = (await ports.memory.history(stack)).at(-1);
      const release = last && (await ports.memory.getRelease(stack, last.release));
      return { status: await statusOf(ports, stack, containers), release };
    }),
  );
  const known = all.filter(({ status }) => status.release !== undefined);
  return {
    findings: known.flatMap(({ status, release }) => findingsOf(status, release)),
    samples: containers.flatMap(({ labels, restartCount }) => {
      const [stack, service] = [stackOf(labels), serviceOf(labels)];
      return stack !== undefined && service !== undefined && stacks.includes(stack as StackName)
        ? [{ measure: 'restarts', place: placeOf(stack, service), value: restartCount }]
        : [];
    }),
    needs: Object.fromEntries(known.flatMap(({ release }) => (release ? needsIn(release) : []))),
  };
};

const findingsOf = ({ stack, services, drift }: StackStatus, release: Release | undefined): Finding[] => {
  const wanted = new Set<string>(release?.spec.services.map(({ name }) => name));
  return [
    ...services
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
      .filter((name) => !services.some(({ service }) => service === name))
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

/** A stack stands for all of its services; what it requires, each of them does. */
const needsIn = ({ spec }: Release): [string, string[]][] => [
  [spec.name, spec.services.map(({ name }) => placeOf(spec.name, name))],
  ...spec.services.map((service): [string, string[]] => [
    placeOf(spec.name, service.name),
    [...needsOf(service).map((need) => placeOf(spec.name, need.service)), ...spec.requires],
  ]),
];
