/** What a playbook says that each by itself may be, and together cannot: steps that do not fit its target, or the way back. */
import { measures, type MeasureName } from '../domain/measure.ts';
import type { PlaybookStep } from '../domain/playbook.ts';
import type { TargetKind } from '../domain/target.ts';

type Fault = { path: (string | number)[]; message: string };

const targetsOf: Record<PlaybookStep['do'], readonly TargetKind[]> = {
  restart: ['service'],
  cleanup: ['filesystem'],
  rotate: ['filesystem', 'stack'],
  undo: ['stack', 'service'],
  deploy: ['stack', 'service'],
  update: ['service'],
  maintain: ['service'],
  guard: ['filesystem', 'stack', 'service'],
};

/** What is removed does not come back; of a database only the room that dead rows took. */
const irreversible: readonly PlaybookStep['do'][] = ['cleanup', 'rotate', 'maintain'];

type Rest = {
  protects?: unknown;
  success: { all: { measure: MeasureName }[]; tells?: MeasureName[] | undefined };
  undo: { possible: boolean };
};

export const stepFaults = (
  target: TargetKind,
  steps: readonly PlaybookStep[],
  { protects, success, undo }: Rest,
): Fault[] => {
  const removing = steps.find((step) => irreversible.includes(step.do));
  return [
    ...steps.flatMap((step, index): Fault[] => {
      const kinds = targetsOf[step.do];
      const message = `"${step.do}" is for ${kinds.join(' or ')}, and the target is a ${target}.`;
      return kinds.includes(target) ? [] : [{ path: ['steps', index], message }];
    }),
    ...success.all.flatMap(({ measure }, index) =>
      measureFaults(target, measure, ['success', 'all', index, 'measure']),
    ),
    ...(success.tells ?? []).flatMap((measure, index) =>
      measureFaults(target, measure, ['success', 'tells', index]),
    ),
    ...(undo.possible && removing
      ? [{ path: ['undo', 'possible'], message: `What "${removing.do}" removes cannot be taken back.` }]
      : []),
    ...(protects === 'stack' && target === 'filesystem'
      ? [{ path: ['protects'], message: 'A filesystem belongs to no stack: name the paths.' }]
      : []),
  ];
};

const measureFaults = (target: TargetKind, measure: MeasureName, path: Fault['path']): Fault[] => {
  const kinds: readonly TargetKind[] = measures[measure].of;
  const message = `${measure} is measured of a ${kinds.join(' or ')}, and the target is a ${target}.`;
  return kinds.includes(target) ? [] : [{ path, message }];
};
