/** Playbooks: which there are, whether one may be run on a target, and whether it has helped. */
import { suggest } from '../compose/suggest.ts';
import { leastAgeMs } from '../domain/image-update.ts';
import { successHolds } from '../domain/measure.ts';
import type { OperationId } from '../domain/names.ts';
import type { Measurement } from '../domain/outcome.ts';
import type {
  Baseline,
  Figure,
  Playbook,
  PlaybookRequest,
  PreparedPlaybook,
  ReadPlaybooks,
} from '../domain/playbook.ts';
import { refusal, type Problem } from '../domain/problem.ts';
import { parseTarget, stackOfTarget, targetForms, type Target } from '../domain/target.ts';
import { beating, permanent } from './activity.ts';
import { findUpdate, type UpdateFound } from './image-update.ts';
import { takeFigures } from './measure.ts';
import type { Ports } from './ports/index.ts';
import { runningRelease } from './release.ts';

/** @property hash of what was decided on; absent: whatever it says now. @property image likewise, of an update. */
type Asked = { playbook: string; target: string; hash?: string; image?: string };

export const playbookActivities = (ports: Ports) => ({
  async readPlaybooks(): Promise<ReadPlaybooks> {
    return await beating(async () => await ports.playbooks());
  },

  /** Looks only. */
  async preparePlaybook(asked: Asked): Promise<PreparedPlaybook> {
    return await beating(async () => {
      const found = await findPlaybook(ports, asked);
      if ('problems' in found) return { figures: [], ...found };
      const target = await findTarget(ports, found, asked.target);
      if ('problems' in target) return { playbook: found, figures: [], ...target };
      const stack = stackOfTarget(target);
      const release = stack && (await ports.memory.history(stack)).at(-1)?.release;
      const wished = await updateWanted(ports, found, target, asked.image);
      if ('problems' in wished) return { playbook: found, figures: [], ...wished };
      const figures = await figuresOf(ports, found, target, wished.update?.digest);
      return { playbook: found, target, figures, problems: [], ...wished, ...(release ? { release } : {}) };
    });
  },

  /** Keeps the figures of before; the first call of an operation wins. */
  async noteBaseline(
    operation: OperationId,
    { playbook, target, update }: PreparedPlaybook,
  ): Promise<Figure[]> {
    return await beating(async () => {
      const known = await ports.memory.getBaseline(operation);
      if (known) return known.figures;
      if (!playbook || !target) throw permanent('NoPlaybook', 'There is nothing to measure.');
      const image = update?.digest;
      const figures = await figuresOf(ports, playbook, target, image);
      await ports.memory.putBaseline(operation, {
        target,
        success: playbook.success,
        figures,
        ...(image === undefined ? {} : { image }),
      });
      return figures;
    });
  },

  /**
   * Measures what a run has come to, by what its playbook said when it ran. The first time is that of its end.
   * @returns no measurement where a figure that it needs cannot be taken.
   */
  async measureSuccess(
    _request: PlaybookRequest,
    operation: OperationId,
  ): Promise<{ figures: Figure[]; measurement?: Measurement }> {
    return await beating(async () => {
      const baseline = await ports.memory.getBaseline(operation);
      if (!baseline)
        throw permanent('NoBaseline', `What was before operation ${operation} is not on record.`);
      const at = Date.now();
      const figures = await figuresAfter(ports, baseline);
      const { endedAt = at } = baseline;
      if (baseline.endedAt === undefined) await ports.memory.putBaseline(operation, { ...baseline, endedAt });
      const held = successHolds(baseline.success.criteria, figures);
      return { figures, ...(held === undefined ? {} : { measurement: { afterMs: at - endedAt, at, held } }) };
    });
  },
});

const updateWanted = async (
  ports: Ports,
  playbook: Playbook,
  target: Target,
  image: string | undefined,
): Promise<UpdateFound> =>
  target.kind === 'service' && playbook.steps.some((step) => step.do === 'update')
    ? await findUpdate(ports, target, { image, olderThanMs: leastAgeMs([playbook]) })
    : {};

const measuresOf = ({ criteria, tells = [] }: Playbook['success']) => [
  ...criteria.map(({ measure }) => measure),
  ...tells,
];

export const figuresOf = async (
  ports: Ports,
  { success }: Pick<Playbook, 'success'>,
  target: Target,
  image: string | undefined,
): Promise<Figure[]> =>
  (await takeFigures(ports, measuresOf(success), target, image)).map(({ what, unit, value }) => ({
    what,
    unit,
    ...(value === undefined ? {} : { before: value }),
  }));

const figuresAfter = async (ports: Ports, { success, target, figures, image }: Baseline): Promise<Figure[]> =>
  (await takeFigures(ports, measuresOf(success), target, image)).map(({ what, unit, value }) => ({
    what,
    unit,
    ...figures.find((one) => one.what === what),
    ...(value === undefined ? {} : { after: value }),
  }));

const findPlaybook = async (
  ports: Ports,
  { playbook: name, hash }: Asked,
): Promise<Playbook | { problems: Problem[] }> => {
  const { playbooks, problems } = await ports.playbooks();
  const found = playbooks.find((one) => one.name === name);
  if (!found) {
    const faults = problems.filter(({ at }) => at?.file.endsWith(`/${name}.yml`));
    if (faults.length > 0) return { problems: faults };
    const meant = suggest(
      name,
      playbooks.map((one) => one.name),
    );
    const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`;
    return refusal('no-such-playbook', `There is no playbook "${name}".${hint}`, 'baton playbooks');
  }
  return hash === undefined || hash === found.hash
    ? found
    : refusal(
        'playbook-changed',
        `${found.file} is another by now than what was decided on.`,
        `baton playbooks ${name}`,
      );
};

/** A filesystem is called by where it is mounted; of stacks only those on record are Baton's to change. */
const findTarget = async (
  ports: Ports,
  { name, target: kind }: Playbook,
  text: string,
): Promise<Target | { problems: Problem[] }> => {
  const target = parseTarget(kind, text);
  if (!target)
    return refusal(
      'no-such-target',
      `"${text}" is no target of ${name}: that is ${targetForms[kind]}.`,
      `baton playbooks ${name}`,
    );
  if (target.kind === 'filesystem') {
    const usage = await ports.disk.usage(target.path, false);
    return usage
      ? { kind: 'filesystem', path: usage.filesystem }
      : refusal('no-such-target', `There is no ${target.path} on this host.`, 'baton health');
  }
  const release = await runningRelease(ports, target.stack);
  const isThere =
    release && (target.kind === 'stack' || release.spec.services.some((one) => one.name === target.service));
  return isThere ? target : refusal('no-such-target', `No release on record has "${text}".`, 'baton status');
};
