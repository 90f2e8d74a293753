/** Baton's own logs: what guarded commands printed, what changes they made, and what its processes said. */
import { formatAge } from '../../domain/size.ts';
import type { Sweep } from '../ports/disk.ts';
import type { Ports } from '../ports/index.ts';
import { allSnapshots } from '../snapshot.ts';
import { openOperations } from './open-operations.ts';
import { noRule, type Part } from './part.ts';
import { leftReasons, removalOf, together } from './swept.ts';

/** Written by `commands.ts` and `changes.ts`. What an undo needs lies beside them, and stays. */
const ofOperations = ['output.log', 'changes.diff'];
/** Written by `setup/local.ts`. One that a process has open stays. */
const ofProcesses = ['worker.log', 'temporal.log'];

export const logsPart: Part = {
  async plan(ports, { cleanup: { logs: rule } }) {
    if (!rule) return noRule('logs');
    const sweeps = await sweepsOf(ports, rule.olderThanMs);
    const found = together(await Promise.all(sweeps.map(async (one) => await ports.disk.findOld(one))));
    const { files, bytes } = found;
    const left = leftReasons(found);
    const title = `logs in ${ports.disk.places.operations} and ${ports.disk.places.logs}`;
    return {
      remove:
        files === 0
          ? []
          : [
              {
                id: 'logs',
                title,
                place: ports.disk.places.own[0] ?? '/',
                files,
                bytes,
                rule: ruleText(rule.olderThanMs),
              },
            ],
      kept: left.length > 0 ? [{ title, reasons: left }] : [],
      notes: found.failed.map((line) => `cannot be looked at: ${line}`),
    };
  },

  async remove(ports, { rule: seen }, { settings: { cleanup }, signal }) {
    const { logs: rule } = cleanup;
    if (!rule || ruleText(rule.olderThanMs) !== seen)
      return { did: 'kept', reasons: ['baton.yml says otherwise by now'] };
    const swept = [];
    for (const one of await sweepsOf(ports, rule.olderThanMs))
      swept.push(await ports.disk.removeOld(one, signal));
    return removalOf(together(swept));
  },
};

const ruleText = (olderThanMs: number): string => `older than ${formatAge(olderThanMs)}`;

const sweepsOf = async (ports: Ports, olderThanMs: number): Promise<Sweep[]> => [
  {
    root: ports.disk.places.operations,
    olderThanMs,
    names: ofOperations,
    keep: await unfinished(ports),
    keepWhy: 'of operations that have not come to an end',
  },
  { root: ports.disk.places.logs, olderThanMs, names: ofProcesses, keep: [], keepWhy: '' },
];

/** Operations that are open, and those that a person has yet to bring to an end. */
const unfinished = async (ports: Ports): Promise<string[]> => {
  const waiting = (await allSnapshots(ports)).filter(
    ({ outcome }) => outcome === undefined || outcome === 'needs-human',
  );
  return [...new Set([...(await openOperations(ports.host)), ...waiting.map(({ operation }) => operation)])];
};
