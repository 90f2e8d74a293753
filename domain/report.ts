/** How an operation is told to people: a Markdown checklist while it runs, a Markdown report when it ends. */
import type { FileChange } from './changes.ts';
import type { CommandEnd } from './commands.ts';
import type { Outcome, Report, Step, StepState } from './operation.ts';
import { formatLocation } from './problem.ts';
import { formatDuration } from './size.ts';

const marks: Record<StepState, string> = {
  waiting: '·',
  running: '▸',
  done: '✓',
  failed: '✗',
  undoing: '↩',
  undone: '↩',
  skipped: '–',
};

/** One line a step, with its time. Pure, so that a replay writes the same text. */
export const renderChecklist = (steps: readonly Step[]): string => steps.map(renderStep).join('\n');

const renderStep = ({ title, state, startedAt, endedAt, note }: Step): string => {
  const took =
    startedAt !== undefined && endedAt !== undefined ? ` · ${formatDuration(endedAt - startedAt)}` : '';
  const told = note === undefined ? '' : ` — ${note}`;
  return `- ${marks[state]} ${state === 'running' ? `**${title}**` : title}${took}${told}`;
};

export const outcomeTitles: Record<Outcome, string> = {
  done: 'Done',
  unchanged: 'Nothing to do',
  refused: 'Refused: nothing was changed',
  'not-approved': 'Not approved: nothing was changed',
  'rolled-back': 'Failed and rolled back: everything is as it was',
  cancelled: 'Cancelled: everything is as it was',
  kept: 'Failed, and kept as it is',
  'needs-human': 'A person is needed',
};

/** The final report as Markdown: what changed, which data, what failed with its log tail, what to type next. */
export const renderReport = (report: Report): string =>
  [
    `**${outcomeTitles[report.outcome]}** · ${report.kind} of ${report.stack} on ${report.host} · ${formatDuration(report.durationMs)}`,
    section('What failed', failureLines(report)),
    section(
      'What is left',
      report.left.map((line) => `- ${line}`),
    ),
    section('Stacks', stackLines(report)),
    section('Changed', changeLines(report)),
    section('Command', commandLines(report)),
    section(filesTitle(report), fileLines(report)),
    section('Data', dataLines(report)),
    section('Problems', problemLines(report)),
    section('Answers', answerLines(report)),
    section(
      'Notes',
      report.notes.map((line) => `- ${line}`),
    ),
    section(
      'Next',
      nextCommands(report).map((command) => `- \`${command}\``),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n');

const section = (title: string, lines: string[]): string =>
  lines.length === 0 ? '' : `**${title}**\n\n${lines.join('\n')}`;

const failureLines = ({ failure }: Report): string[] => {
  if (!failure) return [];
  const tail = failure.logTail?.trim();
  return [`${failure.step}: ${failure.message}`, ...(tail ? ['', '```', tail, '```'] : [])];
};

const stackLines = ({ stacks = [] }: Report): string[] =>
  stacks.map(
    ({ stack, operation, outcome }) => `- ${stack}: ${outcomeTitles[outcome]} · operation \`${operation}\``,
  );

const changeLines = ({ changes, outcome }: Report): string[] => {
  if (outcome === 'rolled-back' || outcome === 'cancelled') return [];
  return changes
    .filter(({ action }) => action !== 'keep')
    .map(({ service, action, reasons, tookMs }) => {
      const took = tookMs === undefined ? '' : ` · ${formatDuration(tookMs)}`;
      return `- ${service}: ${action} (${reasons.join(', ')})${took}`;
    });
};

const commandLines = ({ command }: Report): string[] =>
  command
    ? [
        `- ${commandEnded(command)} after ${formatDuration(command.tookMs)}; its output is kept in ${command.log}`,
      ]
    : [];

/** `exit code 3`, and the like. */
export const commandEnded = ({ how, exitCode, why }: CommandEnd): string =>
  how === 'exited'
    ? `exit code ${exitCode ?? '?'}`
    : `${how.replaceAll('-', ' ')}${why === undefined ? '' : ` (${why})`}`;

/** The command's changes, said as what has become of them. */
export const filesTitle = ({ outcome }: Report): string =>
  outcome === 'done' || outcome === 'kept' ? 'Files it changed' : 'Files it had changed';

const signs: Record<FileChange['change'], string> = { added: '+', removed: '-', changed: '~', mode: '~' };

/** `~ dynamic/routers.yml (+2 −1)`, one line a file; how many more there are, and where all of it stands. */
export const fileLines = ({ files }: Pick<Report, 'files'>): string[] => {
  if (!files) return [];
  const lines = files.files.map(({ path, change, lines: counted }) => {
    const told = counted
      ? ` (+${counted.added} −${counted.removed})`
      : change === 'mode'
        ? ' (mode or owner)'
        : '';
    return `- ${signs[change]} ${path}${told}`;
  });
  const more = files.count - files.files.length;
  return [
    ...lines,
    ...(more > 0 ? [`- and ${more} more`] : []),
    ...(files.count === 0 ? ['- none'] : []),
    ...(files.file === undefined ? [] : [`- the difference is kept in ${files.file}`]),
  ];
};

const dataLines = ({ data }: Report): string[] =>
  data.map(({ path, did, snapshot, failedState }) => {
    const kept = snapshot === undefined ? '' : `, snapshot \`${snapshot}\``;
    const failed = failedState
      ? `; the failed state is kept as \`${failedState.snapshot}\`, with all writes from ${failedState.writesFrom} to ${failedState.writesTo}`
      : '';
    return `- ${path}: ${did === 'none' ? 'not protected' : did}${kept}${failed}`;
  });

const problemLines = ({ problems }: Report): string[] =>
  problems.map(({ severity, message, at, next }) => {
    const where = at ? ` (${formatLocation(at)})` : '';
    return `- ${severity}: ${message}${where}${next === undefined ? '' : ` ${next}`}`;
  });

/** `- anna approved plan 1f0c9a2e (baton): looks good`, one line an answer. */
export const answerLines = ({ answers = [] }: Pick<Report, 'answers'>): string[] =>
  answers.map(({ by, answer, plan, text, until, channel, refused }) => {
    const about = `${until === undefined ? '' : ` until ${until}`}${plan === undefined ? '' : ` (plan ${plan})`}`;
    const told = `- ${by}: ${answer}${about}, by ${channel}${text === undefined ? '' : `: ${text}`}`;
    return refused === undefined ? told : `${told} — it changed nothing: ${refused}`;
  });

/** The commands worth typing after each outcome. */
export const nextCommands = ({ outcome, stack, kind, problems }: Report): string[] => {
  switch (outcome) {
    case 'done':
      if (kind === 'guard') return [];
      if (kind === 'playbook') return ['baton decisions'];
      return kind === 'remove' ? [`baton undo ${stack}`] : [`baton status ${stack}`, `baton undo ${stack}`];
    case 'unchanged':
      if (kind === 'playbook') return [];
      return [`baton status ${stack}`];
    case 'refused':
      return problems.flatMap(({ next }) => (next?.startsWith('baton ') ? [next] : []));
    case 'rolled-back':
    case 'cancelled':
      if (kind === 'guard' || kind === 'playbook') return [];
      return [`baton status ${stack}`, `baton logs ${stack}`];
    case 'kept':
    case 'not-approved':
      return [];
    case 'needs-human':
      if (kind === 'playbook') return ['baton doctor', 'baton health'];
      return ['baton doctor', `baton resume ${stack}`];
  }
};
