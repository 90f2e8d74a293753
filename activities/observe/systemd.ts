/** Units of systemd that failed, and errors in the journal since the last look. */
import type { NotHere, Seen } from '../../domain/look.ts';
import { journalFindings, unitFinding, type UnitManager } from '../../domain/systemd.ts';
import type { Scene, Source } from './source.ts';

const minuteMs = 60_000;
/** Over less, a rate is that of a moment. */
const leastMs = minuteMs;
/** After a pause it is the last hour that tells how it is now. */
const mostMs = 60 * minuteMs;
/** Looks come so often; without one before, the rate is that of as long. */
const usualMs = 5 * minuteMs;
/** Whatever fails with its hundred instances should not fill the records. */
const mostPlaces = 20;

const see: Source['see'] = async (scene): Promise<Seen | NotHere> => {
  const managers = await scene.ports.systemd.managers();
  if (managers.length === 0) return { notHere: 'systemd does not run this host' };
  const [units, journal] = await Promise.all([
    Promise.all(managers.map(async (one) => await told(`units of the ${one}`, unitsOf(scene, one)))),
    told('journal', journalOf(scene)),
  ]);
  const seen = [...units, journal];
  const unknown = seen.flatMap((one) => one.unknown ?? []);
  return {
    samples: seen.flatMap(({ samples }) => samples),
    findings: seen.flatMap(({ findings }) => findings),
    needs: {},
    whole: [
      ...(units.every((one) => one.whole) ? ['unit-failed'] : []),
      ...(journal.whole ? ['journal-errors'] : []),
    ],
    ...(unknown.length > 0 ? { unknown } : {}),
  };
};

/** Two commands; what failed stays so until somebody or something starts it again. */
export const systemd: Source = { see, withinMs: 20_000, freshForMs: 15 * minuteMs };

type Part = Pick<Seen, 'samples' | 'findings' | 'unknown'> & { whole: boolean };

/** A part that cannot be asked does not keep the others from being seen. */
const told = async (what: string, part: Promise<Part>): Promise<Part> => {
  try {
    return await part;
  } catch (error) {
    return { samples: [], findings: [], whole: false, unknown: [`${what}: ${(error as Error).message}`] };
  }
};

const unitsOf = async ({ ports }: Scene, manager: UnitManager): Promise<Part> => {
  const failed = await ports.systemd.failedUnits(manager);
  const more = failed.length - mostPlaces;
  return {
    samples: [{ measure: 'units.failed', place: manager, value: failed.length }],
    findings: failed.slice(0, mostPlaces).map((unit) => unitFinding(manager, unit)),
    whole: more <= 0,
    ...(more > 0 ? { unknown: [`${more} more units of the ${manager} have failed`] } : {}),
  };
};

const journalOf = async ({ ports, at }: Scene): Promise<Part> => {
  const records = await ports.records();
  const last = (await records.entries({ kind: 'look', newest: 1 }))[0]?.at ?? at - usualMs;
  const since = at - Math.min(Math.max(at - last, leastMs), mostMs);
  const errors = await ports.systemd.journalErrors(since, at);
  const rates = errors.rates.slice(0, mostPlaces);
  return {
    samples: rates.map(({ unit, perHour }) => ({ measure: 'journal.errors', place: unit, value: perHour })),
    findings: journalFindings({ ...errors, rates }),
    whole: errors.all && rates.length === errors.rates.length,
  };
};
