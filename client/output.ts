/** Three ways to tell the same: live on a terminal, plain lines elsewhere, JSON lines for programs. */
import { existsSync, readFileSync } from 'node:fs';
import { styleText } from 'node:util';
import type { Report, Step, StepState } from '../domain/operation.ts';
import { problemText, type Problem } from '../domain/problem.ts';
import {
  answerLines,
  commandEnded,
  fileLines,
  filesTitle,
  nextCommands,
  outcomeTitles,
} from '../domain/report.ts';
import { formatDuration } from '../domain/size.ts';
import { unanswered } from './worker.ts';

export type OutputMode = 'live' | 'plain' | 'json';

/** One JSON line. Programs get nothing else on standard output. */
export const printJson = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const colour = (format: Parameters<typeof styleText>[0], text: string): string =>
  process.stdout.isTTY ? styleText(format, text) : text;

const marks: Record<StepState, () => string> = {
  waiting: () => colour('dim', '·'),
  running: () => colour('cyan', '▸'),
  done: () => colour('green', '✓'),
  failed: () => colour('red', '✗'),
  undoing: () => colour('yellow', '↩'),
  undone: () => colour('yellow', '↩'),
  skipped: () => colour('dim', '-'),
};

const stepLine = ({ title, state, startedAt, endedAt, note }: Step): string => {
  const end = endedAt ?? (state === 'running' || state === 'undoing' ? Date.now() : undefined);
  const took =
    startedAt !== undefined && end !== undefined
      ? colour('dim', ` ${formatDuration(Math.max(0, end - startedAt))}`)
      : '';
  return `  ${marks[state]()} ${title}${took}${note === undefined ? '' : colour('dim', `  ${note}`)}`;
};

/** A line for the begin of every quick step would only be noise. */
const hasEndedOrTakesLong = ({ startedAt, endedAt }: Step): boolean =>
  // The server's clock says when it began.
  // eslint-disable-next-line no-restricted-syntax
  endedAt !== undefined || startedAt === undefined || Date.now() - startedAt > 1_000;

/** Shows steps as they move. `end` leaves the last picture on the screen. */
export type StepDisplay = {
  /** @param steps absent where nobody answers, which is told once. */
  show: (steps: Step[] | undefined) => void;
  /** Lines that a command printed; they stay above the steps. */
  say: (lines: string[]) => void;
  end: () => void;
};

export const stepDisplay = async (mode: OutputMode): Promise<StepDisplay> => {
  const told = new Map<string, StepState>();
  const news = (steps: Step[], isWorthTelling: (step: Step) => boolean = () => true): Step[] => {
    const changed = steps
      .filter(({ id, state }) => state !== 'waiting' && told.get(id) !== state)
      .filter(isWorthTelling);
    for (const { id, state } of changed) told.set(id, state);
    return changed;
  };
  let silent = false;
  /** The first time in a row that nobody answers. */
  const fellSilent = (steps: Step[] | undefined): boolean => {
    const before = silent;
    silent = steps === undefined;
    return silent && !before;
  };
  switch (mode) {
    case 'live': {
      // Only a terminal needs it, and it takes a while to load.
      const { createLogUpdate } = await import('log-update');
      const update = createLogUpdate(process.stdout, { showCursor: true });
      const above = (text: string): void => {
        update.clear();
        print(text);
      };
      return {
        show: (steps) => {
          if (fellSilent(steps)) above(unanswered);
          if (steps) update(steps.map(stepLine).join('\n'));
        },
        say: (lines) => {
          if (lines.length > 0) above(lines.map(outputLine).join('\n'));
        },
        end: () => {
          update.done();
        },
      };
    }
    case 'plain':
      return {
        show: (steps) => {
          if (fellSilent(steps)) print(unanswered);
          for (const step of news(steps ?? [], hasEndedOrTakesLong)) print(stepLine(step));
        },
        say: (lines) => {
          for (const line of lines) print(outputLine(line));
        },
        end: () => undefined,
      };
    case 'json':
      return {
        show: (steps) => {
          if (fellSilent(steps)) printJson({ type: 'unanswered', message: unanswered });
          for (const step of news(steps ?? [])) printJson({ type: 'step', ...step });
        },
        say: (lines) => {
          if (lines.length > 0) printJson({ type: 'output', lines });
        },
        end: () => undefined,
      };
  }
};

/** More of it is read in the file. */
const mostDifferenceLines = 100;

/** The command may have been typed on another machine than the one it ran on: then there is no such file here. */
const printDifference = (file: string): void => {
  if (!existsSync(file)) return;
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  for (const line of lines.slice(0, mostDifferenceLines)) print(`    ${differenceLine(line)}`);
  if (lines.length > mostDifferenceLines) print(`    … ${lines.length - mostDifferenceLines} more lines`);
};

const differenceLine = (line: string): string =>
  line.startsWith('+')
    ? colour('green', line)
    : line.startsWith('-')
      ? colour('red', line)
      : colour('dim', line);

const outputLine = (line: string): string => `    ${colour('dim', '|')} ${line}`;

export const printProblems = (problems: readonly Problem[]): void => {
  for (const problem of problems) {
    const { severity, next } = problem;
    print(
      `${colour(severity === 'error' ? 'red' : 'yellow', severity)}: ${problemText(problem)}${next === undefined ? '' : `\n  ${next}`}`,
    );
  }
};

/** The end of an operation, in words. */
export const printReport = (report: Report, link: string | undefined): void => {
  const good = report.outcome === 'done' || report.outcome === 'unchanged';
  const bad = ['needs-human', 'refused', 'not-approved'].includes(report.outcome);
  print('');
  print(
    `${colour(good ? 'green' : bad ? 'red' : 'yellow', outcomeTitles[report.outcome])} · ${report.stack} · ${formatDuration(report.durationMs)}`,
  );
  if (report.failure) {
    print(`  ${report.failure.step}: ${report.failure.message}`);
    for (const line of report.failure.logTail?.trim().split('\n') ?? [])
      if (line !== '') print(colour('dim', `    | ${line}`));
  }
  if (report.command)
    print(`  command: ${commandEnded(report.command)}; its output is kept in ${report.command.log}`);
  if (report.files) {
    print(`  ${filesTitle(report)}:`);
    for (const line of fileLines(report)) print(`    ${line.slice(2)}`);
    if (report.files.file !== undefined) printDifference(report.files.file);
  }
  for (const { stack, outcome } of report.stacks ?? []) print(`  ${stack}: ${outcomeTitles[outcome]}`);
  for (const line of report.left) print(`  left: ${line}`);
  for (const { path, did, failedState } of report.data) {
    if (did === 'restored')
      print(
        `  data ${path}: put back${failedState ? `; the failed state is kept as ${failedState.snapshot}` : ''}`,
      );
  }
  for (const note of report.notes) print(`  ${note}`);
  for (const line of answerLines(report)) print(`  ${line.slice(2)}`);
  printProblems(report.problems);
  const next = nextCommands(report);
  if (next.length > 0) print(`  Next: ${next.join(' · ')}`);
  if (link !== undefined) print(`  Web UI: ${link}`);
};

/** A difference as `diff -u` writes it. */
export const printDiff = (patch: string): void => {
  const colours: Record<string, 'green' | 'red' | 'cyan'> = { '+': 'green', '-': 'red', '@': 'cyan' };
  for (const line of patch.trimEnd().split('\n')) {
    const format = /^(?:\+\+\+|---|===)/.test(line) ? 'dim' : colours[line[0] ?? ''];
    print(format ? colour(format, line) : line);
  }
};
