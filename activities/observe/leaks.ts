/** Memory that rises from day to day, found in the hours on record. */
import { leakFindings } from '../../domain/leak-finding.ts';
import type { Finding } from '../../domain/incident.ts';
import type { Seen } from '../../domain/look.ts';
import type { Hour } from '../ports/records.ts';
import { ownContainers, type OwnContainer } from './own-containers.ts';
import type { Scene, Source } from './source.ts';

const hourMs = 3_600_000;
/** Two weeks: what rises more slowly than can be seen in these is in no hurry. */
const lookBackMs = 14 * 24 * hourMs;

const see: Source['see'] = async (scene): Promise<Seen> => {
  const running = (await ownContainers(scene)).filter(({ container }) => container.status === 'running');
  const findings = (await Promise.all(running.map(async (one) => await ofContainer(scene, one)))).flat();
  const told = findings.filter(({ what }) => what === 'memory-leak').length;
  // Of one that does not run there is no leak; one of which too little is known may have one still.
  return { samples: [], findings, needs: {}, whole: told === running.length ? ['memory-leak'] : [] };
};

/** Made of hours that are over. */
export const leaks: Source = { see, withinMs: 20_000, freshForMs: 2 * hourMs };

const ofContainer = async (
  { ports, at }: Scene,
  { place, container: { memoryLimitBytes, startedAt = '' } }: OwnContainer,
): Promise<Finding[]> => {
  const records = await ports.records();
  const hours = await records.hours({ measure: 'memory', place }, { from: at - lookBackMs, to: at });
  const machineBytes = ports.engineInfo.memoryBytes;
  return leakFindings(
    place,
    hours.map((hour) => ({ at: hour.at + hourMs / 2, value: tellingValue(hour, machineBytes) })),
    {
      limitBytes: memoryLimitBytes ?? machineBytes,
      machineBytes,
      startedAt: Date.parse(startedAt),
      now: at,
    },
  );
};

/** The mean; of an hour with something impossible in it that, so that the hour is set aside. */
const tellingValue = ({ least, most, mean }: Hour, machineBytes: number): number =>
  least <= 0 ? least : most > machineBytes ? most : mean;
