/** Paths that `baton.yml` declares to be for temporary files. */
import type { TempRule } from '../../domain/cleanup.ts';
import { whyNotTemp, type PathsInUse } from '../../domain/temp-path.ts';
import { formatAge } from '../../domain/size.ts';
import type { Sweep } from '../ports/disk.ts';
import type { Ports } from '../ports/index.ts';
import { noRule, type Part, type PartPlan } from './part.ts';
import { stackNeeds } from './stack-needs.ts';
import { leftReasons, removalOf } from './swept.ts';

export const tempPart: Part = {
  async plan(ports, { cleanup: { temp } }) {
    if (temp.length === 0) return noRule('temp');
    const inUse = await pathsInUse(ports);
    const plans = await Promise.all(temp.map(async (rule) => await planOne(ports, rule, inUse)));
    return {
      remove: plans.flatMap(({ remove }) => remove),
      kept: plans.flatMap(({ kept }) => kept),
      notes: plans.flatMap(({ notes }) => notes),
    };
  },

  async remove(ports, { id, rule: seen }, { settings: { cleanup }, signal }) {
    const rule = cleanup.temp.find(({ path }) => path === id);
    if (!rule || ruleText(rule) !== seen)
      return { did: 'kept', reasons: ['baton.yml says otherwise by now'] };
    const reasons = await whyNot(ports, rule, await pathsInUse(ports));
    if (reasons.length > 0) return { did: 'kept', reasons };
    return removalOf(await ports.disk.removeOld(sweepOf(rule), signal));
  },
};

const planOne = async (ports: Ports, rule: TempRule, inUse: PathsInUse): Promise<PartPlan> => {
  const { path } = rule;
  if ((await ports.disk.realPath(path)) === undefined)
    return { remove: [], kept: [], notes: [`${path} is not there`] };
  const reasons = await whyNot(ports, rule, inUse);
  if (reasons.length > 0) return { remove: [], kept: [{ title: path, reasons }], notes: [] };
  const found = await ports.disk.findOld(sweepOf(rule));
  const { files, bytes } = found;
  const left = leftReasons(found);
  return {
    remove: files === 0 ? [] : [{ id: path, title: path, place: path, files, bytes, rule: ruleText(rule) }],
    kept: left.length > 0 ? [{ title: path, reasons: left }] : [],
    notes: found.failed.map((line) => `cannot be looked at: ${path}/${line}`),
  };
};

const whyNot = async ({ disk }: Ports, { path }: TempRule, inUse: PathsInUse): Promise<string[]> =>
  whyNotTemp(path, (await disk.realPath(path)) ?? path, inUse);

const sweepOf = ({ path, olderThanMs, keep }: TempRule): Sweep => ({
  root: path,
  olderThanMs,
  keep,
  keepWhy: 'kept by baton.yml',
});

const ruleText = ({ olderThanMs, keep }: TempRule): string =>
  `older than ${formatAge(olderThanMs)}${keep.length > 0 ? `, without ${keep.join(', ')}` : ''}`;

const pathsInUse = async (ports: Ports): Promise<PathsInUse> => {
  const { disk, engineInfo } = ports;
  const real = async (path: string): Promise<string> => (await disk.realPath(path)) ?? path;
  const data = await dataInUse(ports);
  return {
    homes: await Promise.all((await disk.homes()).map(real)),
    own: await Promise.all([...disk.places.own, engineInfo.rootDirectory].map(real)),
    data: await Promise.all(data.map(async (one) => ({ ...one, path: await real(one.path) }))),
  };
};

/** What containers have mounted, and what stacks would mount that have none at the moment, or took snapshots of. */
const dataInUse = async ({ engine, memory, ...rest }: Ports): Promise<PathsInUse['data'][number][]> => {
  const containers = await engine.listContainers();
  const stacks = await stackNeeds({ engine, memory, ...rest });
  return [
    ...containers.flatMap(({ name, mounts }) =>
      mounts.flatMap(({ type, source, readOnly }) =>
        type === 'tmpfs' || source === '' ? [] : [{ path: source, readOnly, who: `container "${name}"` }],
      ),
    ),
    ...stacks.flatMap(({ stack, needed, history }) => [
      ...needed.flatMap(({ spec }) =>
        spec.services.flatMap(({ mounts }) =>
          mounts.flatMap((mount) =>
            mount.type === 'bind'
              ? [{ path: mount.source, readOnly: mount.readOnly, who: `stack ${stack}` }]
              : [],
          ),
        ),
      ),
      ...history.flatMap(({ snapshots }) =>
        snapshots.map(({ path }) => ({ path, readOnly: false, who: `stack ${stack}` })),
      ),
    ]),
    ...(await memory.notedPaths()).map((path) => ({ path, readOnly: false, who: 'a guarded operation' })),
  ];
};
