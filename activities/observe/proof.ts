/** How old the newest snapshot of each data set is, and when a restore of it was last proven. */
import { proofAges, proofFindings } from '../../domain/data-proof.ts';
import type { NotHere, Seen } from '../../domain/look.ts';
import { setStatuses } from '../data-set.ts';
import type { Source } from './source.ts';

const see: Source['see'] = async ({ ports, at }): Promise<Seen | NotHere> => {
  const { sets, problems } = await setStatuses(ports);
  const [problem] = problems;
  if (problem) throw new Error(problem.message);
  if (sets.length === 0) return { notHere: 'baton.yml names no data sets' };
  return {
    samples: sets.flatMap((set) => {
      const { snapshotMs, provenMs } = proofAges(set, at);
      return [
        ...(snapshotMs === undefined
          ? []
          : [{ measure: 'snapshot.age', place: set.name, value: snapshotMs }]),
        ...(provenMs === undefined ? [] : [{ measure: 'proof.age', place: set.name, value: provenMs }]),
      ];
    }),
    findings: sets.flatMap((set) => proofFindings(set, at)),
    needs: {},
    whole: ['snapshot-old', 'restore-unproven'],
  };
};

/** Snapshots of every set are listed on the disk; they are taken each hour at most. */
export const proof: Source = { see, withinMs: 20_000, freshForMs: 3_600_000 };
