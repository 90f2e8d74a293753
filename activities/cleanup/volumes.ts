/** Volumes that no container has: listed, and removed where somebody names them. */
import type { Problem } from '../../domain/problem.ts';
import { decideVolumes, type VolumeDecision, type VolumeOwner } from '../../domain/volume-holds.ts';
import type { VolumeState } from '../ports/engine.ts';
import type { Ports } from '../ports/index.ts';
import { unlessInUse, type Part } from './part.ts';
import { stackNeeds } from './stack-needs.ts';

export const volumesPart: Part = {
  async plan(ports, _settings, { volumes: asked }, usage) {
    const dangling = await ports.engine.listDanglingVolumes();
    const bytes = dangling.length > 0 ? (await usage()).volumes : {};
    const decisions = await decided(ports, dangling, asked, bytes);
    const used = asked.filter((name) => !decisions.some((one) => one.name === name));
    const there = await Promise.all(used.map(async (name) => await ports.engine.inspectVolume(name)));
    return {
      remove: decisions.flatMap(({ name, bytes, reasons, place }) =>
        reasons.length > 0
          ? []
          : [{ id: name, title: name, place, ...(bytes === undefined ? {} : { bytes }) }],
      ),
      kept: [
        ...decisions.flatMap(({ name, reasons, bytes }) =>
          reasons.length === 0 ? [] : [{ title: name, reasons, ...(bytes === undefined ? {} : { bytes }) }],
        ),
        ...used.flatMap((name, index) =>
          there[index] ? [{ title: name, reasons: ['a container has it'] }] : [],
        ),
      ],
      notes: [],
      problems: used.flatMap((name, index) => (there[index] ? [] : [noVolume(name)])),
    };
  },

  async remove(ports, { id }, { wish: { volumes } }) {
    if (!(await ports.engine.inspectVolume(id))) return { did: 'gone' };
    const decision = (await decided(ports, await ports.engine.listDanglingVolumes(), volumes)).find(
      ({ name }) => name === id,
    );
    if (!decision) return { did: 'kept', reasons: ['a container has it'] };
    if (decision.reasons.length > 0) return { did: 'kept', reasons: decision.reasons };
    return await unlessInUse(async () => {
      await ports.engine.removeVolume(id);
    });
  },
};

const noVolume = (name: string): Problem => ({
  severity: 'error',
  code: 'no-volume',
  message: `There is no volume "${name}" on this host. Nothing was removed.`,
  next: 'baton cleanup --dry-run',
});

const decided = async (
  ports: Ports,
  dangling: readonly VolumeState[],
  asked: readonly string[],
  bytes: Readonly<Record<string, number>> = {},
): Promise<(VolumeDecision & { place: string })[]> => {
  const places = new Map(dangling.map(({ name, mountpoint }) => [name, mountpoint]));
  return decideVolumes(
    dangling.map(({ name }) => ({ name, ...(bytes[name] === undefined ? {} : { bytes: bytes[name] }) })),
    await ownersOf(ports),
    asked,
  ).map((one) => ({ ...one, place: places.get(one.name) ?? ports.engineInfo.rootDirectory }));
};

const ownersOf = async (ports: Ports): Promise<VolumeOwner[]> =>
  (await stackNeeds(ports)).flatMap(({ stack, needed, open, removed }) =>
    needed.flatMap(({ spec }) =>
      Object.values(spec.volumes).map(({ name }) => ({ name, stack, removed: removed && !open })),
    ),
  );
