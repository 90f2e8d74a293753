/** Playbooks, their plans and their reports, in words for a terminal. */
import { stackAt } from '../domain/dependency-map.ts';
import { checkText } from '../domain/check.ts';
import { criterionText, figureText, figureValue, measures, type MeasureName } from '../domain/measure.ts';
import { updateText, type ImageUpdate } from '../domain/image-update.ts';
import {
  stepTitle,
  type Condition,
  type Figure,
  type Playbook,
  type PlaybookReport,
} from '../domain/playbook.ts';
import { formatAge, formatDuration } from '../domain/size.ts';

/** One line: name, what it is for, risk, and whether there is a way back. */
export const playbookLine = ({ name, title, risk, undo, origin }: Playbook): string =>
  `${name.padEnd(20)}  ${risk.padEnd(6)}  ${(undo.possible ? 'undoable' : 'no undo').padEnd(8)}  ${title}${origin === 'own' ? '  (yours)' : ''}`;

export const playbookText = (playbook: Playbook): string[] => {
  const { name, title, file, origin, target, when, steps, protects, success, undo, risk } = playbook;
  const { cooldownMs, needs } = playbook;
  const data = protects === 'stack' ? ["all data of the target's stack"] : protects;
  return [
    `${name}: ${title}`,
    `  ${origin === 'own' ? 'yours' : 'shipped'}: ${file}`,
    `  carried out on a ${target} · risk ${risk} · takes at most ${formatDuration(needs.timeMs)} · again after ${formatDuration(cooldownMs)}`,
    'When',
    ...(when.length > 0
      ? when.map((one) => `  ${conditionText(one)}`)
      : ['  only where somebody asks for it']),
    'Steps',
    ...data.map((one) => `  Snapshot ${one}`),
    ...steps.map((step) => `  ${stepTitle(step, `the ${target}`)}`),
    ...(needs.checks.length > 0 ? ['Needs', ...needs.checks.map((check) => `  ${checkText(check)}`)] : []),
    'Success',
    ...success.criteria.map((criterion) => `  ${criterionText(criterion)}`),
    `  measured at its end, and again ${success.againAfterMs.map((ms) => `${formatDuration(ms)} later`).join(', ') || 'never'}`,
    'Way back',
    `  ${undo.possible ? '' : 'none: '}${undo.how}`,
  ];
};

const conditionText = (condition: Condition): string => {
  const where = condition.where === undefined ? '' : ` at ${condition.where}`;
  switch (condition.see) {
    case 'incident': {
      const effects = { some: ', with effects', none: ', without effects' };
      const { what, severity } = condition;
      return `${what}${where}, ${severity} or worse${condition.effects ? effects[condition.effects] : ''}`;
    }
    case 'measure': {
      const { measure, above, below, forMs } = condition;
      const limit = above === undefined ? `below ${below ?? 0}` : `above ${above}`;
      return `${measure}${where} ${limit}${forMs === undefined ? '' : ` for ${formatDuration(forMs)}`}`;
    }
    case 'update':
      return `the tag of its image${where} names another one, made ${formatAge(condition.olderThanMs)} ago at least, of which enough is known`;
    case 'forecast':
      return `a filesystem${where} may be full within ${formatDuration(condition.withinMs)}`;
  }
};

/** What would be done. @param figures as they are now. */
export const playbookPlanText = (
  playbook: Playbook,
  target: string,
  figures: readonly Figure[],
  update?: ImageUpdate,
): string[] => [
  `Playbook ${playbook.name} on ${target} (risk ${playbook.risk})`,
  ...(playbook.protects.length > 0 ? ['  Snapshot data'] : []),
  ...playbook.steps.map((step) => `  ${stepTitle(step, target)}`),
  ...(update ? [`  ${updateText(update, Date.now())}`] : []),
  'It helped where',
  ...playbook.success.criteria.map((criterion) => `  ${criterionText(criterion)}`),
  'Now',
  ...figures.map((figure) => `  ${figure.what}: ${figureValue(figure, figure.before)}`),
  `${playbook.undo.possible ? 'Way back' : 'No way back'}: ${playbook.undo.how}`,
];

export const playbookReportText = (report: PlaybookReport): string[] => {
  const { outcome, playbook, target, host, durationMs, steps, figures, measurement, left, notes } = report;
  const helped = measurement && (measurement.held ? 'It helped' : 'It has not helped');
  return [
    `${outcome} · ${playbook} on ${target} (${host}) · ${formatDuration(durationMs)}`,
    ...steps.flatMap((step) => [
      `  ${step.title}: ${step.outcome}`,
      ...step.notes.map((note) => `    ${note}`),
    ]),
    ...notes.map((note) => `  ${note}`),
    ...(left.length > 0 ? ['What is left', ...left.map((one) => `  ${one}`)] : []),
    ...(helped === undefined ? [] : [helped, ...figures.map((figure) => `  ${figureText(figure)}`)]),
    ...(outcome === 'needs-human' ? [`Mend what is in the way, then: baton resume ${stackAt(target)}`] : []),
  ];
};

/** For `--help`. */
export const measureLines = (): string[] =>
  (Object.keys(measures) as MeasureName[]).map(
    (name) => `  ${name.padEnd(20)} ${measures[name].what} (of a ${measures[name].of.join(' or ')})`,
  );
