/** The copies port on this host. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Copy, CopyRule, CopyTarget, Measured } from '../../domain/copy.ts';
import { noNotes, type CopyNotes, type LastCopy } from '../../domain/copy-notes.ts';
import type { OperationId } from '../../domain/names.ts';
import type { SnapshotName } from '../../domain/snapshot.ts';
import { ifThere } from '../errno.ts';
import { writeWhole } from '../files.ts';
import type { Copies, CopyJob } from '../ports/copies.ts';
import { endProcesses } from '../processes.ts';
import { btrfsCopyDriver } from './btrfs.ts';
import type { CopyDriver, Host } from './driver.ts';
import { defaultStallMs } from './process.ts';
import { resticDriver } from './restic.ts';

/** @param root the state directory. */
export const openCopies = (
  root: string,
  { name, environment, stallMs = defaultStallMs }: Omit<Host, 'stallMs'> & { stallMs?: number },
): Copies => {
  const host = { name, environment, stallMs };
  const drivers = { restic: resticDriver(host), btrfs: btrfsCopyDriver(host) };
  const driverOf = ({ by }: CopyTarget) => drivers[by] as CopyDriver<CopyTarget>;
  const fileOf = (copy: string): string => join(root, 'copies', `${copy}.json`);

  const notes = async (copy: string): Promise<CopyNotes> => {
    const text = await ifThere(() => readFile(fileOf(copy), 'utf8'));
    return text === undefined ? noNotes : { ...noNotes, ...(JSON.parse(text) as CopyNotes) };
  };
  const note = async (copy: string, change: Partial<CopyNotes>): Promise<void> => {
    await mkdir(join(root, 'copies'), { recursive: true, mode: 0o700 });
    await writeWhole(fileOf(copy), JSON.stringify({ ...(await notes(copy)), ...change }));
  };
  /** One whose end nobody has seen counts for nothing. */
  const list = async (job: CopyJob): Promise<Copy[]> => {
    const { making } = await notes(job.rule.name);
    const there = await driverOf(job.rule.target).list(job, job.rule.target);
    return there.map((copy) =>
      isBeingMade(making, copy) && job.rule.target.by === 'restic' ? { ...copy, complete: false } : copy,
    );
  };
  const isBeingMade = (making: CopyNotes['making'], { path, snapshot }: Copy): boolean =>
    making[path]?.snapshot === snapshot;

  /** It is known how it ended. @param last absent: not whole. */
  const noteEnd = async (copy: string, path: string, last?: Omit<LastCopy, 'at'>): Promise<void> => {
    const known = await notes(copy);
    const { [path]: _ended, ...making } = known.making;
    const at = new Date().toISOString();
    await note(copy, { making, ...(last ? { last: { ...known.last, [path]: { ...last, at } } } : {}) });
  };

  /** What was measured of one that is there: known where a try made it of which nobody has heard, or that died before it could be noted. */
  const foundThere = async (
    copy: string,
    path: string,
    snapshot: SnapshotName,
    operation: OperationId,
  ): Promise<Measured & { already: boolean }> => {
    const last = (await notes(copy)).last[path];
    if (last?.snapshot !== snapshot) await noteEnd(copy, path, { addedBytes: 0, snapshot, operation });
    if (last?.snapshot !== snapshot || last.operation !== operation) return { addedBytes: 0, already: true };
    const { snapshot: _snapshot, operation: _operation, at: _at, ...measured } = last;
    return { ...measured, already: false };
  };

  /** What an earlier try of the same operation left running is of no use, and in the way. */
  const alone = async <T>(
    job: CopyJob,
    work: (driver: CopyDriver<CopyTarget>, rule: CopyRule) => Promise<T>,
  ): Promise<T> => {
    await endProcesses(job.operation);
    return await work(driverOf(job.rule.target), job.rule);
  };

  return {
    notes,
    note,
    list: async (job) => await alone(job, async () => await list(job)),
    async make(job, snapshot, local) {
      return await alone(job, async (driver, { name: copy, target }) => {
        const { source: path } = snapshot;
        const before = (await list(job)).filter((one) => one.path === path);
        const { making } = await notes(copy);
        const whole = before.find((one) => one.complete && one.snapshot === snapshot.name);
        if (whole) return { copy: whole, ...(await foundThere(copy, path, snapshot.name, job.operation)) };
        // Nobody knows whether it is whole. It goes before it could be taken for one that is.
        const unknown = before.filter((one) => !one.complete && isBeingMade(making, one));
        await driver.remove(job, target, unknown);
        await note(copy, {
          making: { ...making, [path]: { snapshot: snapshot.name, operation: job.operation } },
        });
        const made = await driver.make(
          job,
          target,
          snapshot,
          local,
          before.filter((one) => !unknown.includes(one)),
        );
        const { copy: _there, ...measured } = made;
        await noteEnd(
          copy,
          path,
          made.copy.complete ? { ...measured, snapshot: snapshot.name, operation: job.operation } : undefined,
        );
        return { ...made, already: false };
      });
    },
    init: async (job) => {
      await alone(job, async (driver, { target }) => {
        await driver.init(job, target);
      });
    },
    remove: async (job, copies) => {
      await alone(job, async (driver, { target }) => {
        await driver.remove(job, target, copies);
      });
    },
    prune: async (job) => await alone(job, async (driver, { target }) => await driver.prune(job, target)),
    check: async (job, read) =>
      await alone(job, async (driver, { target }) => await driver.check(job, target, read)),
    restore: async (job, copy, directory) => {
      await alone(job, async (driver, { target }) => {
        await driver.restore(job, target, copy, directory);
      });
    },
  };
};
