/** The command line from start to end, and data put back against what `tar` takes for the same. */
import { execa } from 'execa';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSnapshots } from '../activities/snapshots/index.ts';
import type { Site } from '../test/e2e/site.ts';
import { needed } from '../test/host/environment.ts';
import { snapshotNames } from './own.ts';
import { say } from './say.ts';
import { firstPort } from './compare.ts';
import { stackFile } from './stacks.ts';
import { seconds, timed } from './stats.ts';

export type Small = { what: string; ms: number[]; beside?: { what: string; ms: number[] } };

/** Start to end of the command line, and data put back against what `tar` takes for the same. */
export const measureSmall = async (site: Site, pairs: number): Promise<Small[]> => {
  const repeat = async (work: () => Promise<unknown>): Promise<number[]> => {
    await work();
    const taken: number[] = [];
    for (let round = 0; round < pairs; round += 1) taken.push(await timed(work));
    return taken;
  };
  const help = await repeat(() => site.baton('--help'));
  await site.write(
    'bench.yml',
    stackFile('bench', needed('BATON_TEST_IMAGE'), { shape: 'web5', readySeconds: 0 }, firstPort),
  );
  const plan = await repeat(() => site.baton('plan', 'bench.yml'));
  const start = await repeat(() => site.baton('deploy', '--help'));
  const rows: Small[] = [
    { what: '`baton --help`', ms: help },
    { what: '`baton deploy --help`: the start of a command, everything loaded', ms: start },
    { what: '`baton plan`, 5 services', ms: plan },
  ];
  for (const files of [1_000, 10_000]) rows.push(await dataUndo(site, files, pairs));
  return rows;
};

const dataUndo = async (site: Site, files: number, pairs: number): Promise<Small> => {
  const snapshots = openSnapshots();
  const path = join(site.data, `undo-${files}`);
  await execa('btrfs', ['subvolume', 'create', path]);
  for (let n = 0; n < files; n += 1) await writeFile(join(path, `file-${n}`), `row ${n}\n`);
  const archive = join(site.data, `undo-${files}.tar`);
  await execa('tar', ['-C', path, '-cf', archive, '.']);
  const swap: number[] = [];
  const tar: number[] = [];
  for (let round = 0; round < pairs; round += 1) {
    const { before, failed } = snapshotNames(round);
    await snapshots.take(path, before, 'btrfs');
    swap.push(await timed(() => snapshots.swapIn(path, before, 'btrfs', failed)));
    const kept = await snapshots.find(path, failed);
    if (kept) await snapshots.remove(kept);
    const unpack = async (): Promise<void> => {
      await execa('find', [path, '-mindepth', '1', '-delete']);
      await execa('tar', ['-C', path, '-xpf', archive]);
      await execa('sync', ['-f', path]);
    };
    tar.push(await timed(unpack));
  }
  say(`data undo of ${files} files: ${seconds(swap)}, tar ${seconds(tar)}`);
  return { what: `data put back, ${files} files`, ms: swap, beside: { what: '`tar`', ms: tar } };
};
