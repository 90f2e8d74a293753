/** What a guarded command will do, in words, before it does anything. */
import { checkText } from '../domain/check.ts';
import { commandText, type GuardedCommand } from '../domain/commands.ts';
import { takesOnly, type GuardedPath, type GuardPlan } from '../domain/guard.ts';
import { formatBytes } from '../domain/size.ts';
import { sqliteText } from '../domain/sqlite.ts';
import { dumpText, takenIn } from './plan-text.ts';

export const guardText = (plan: GuardPlan): string => {
  const { stack, host, engine, title, command, edits = [], restore = [], restarts = [], data } = plan;
  return [
    `${takesOnly(plan) ? 'Snapshot' : 'Guard'}: ${title} on ${host} (${engine}); meanwhile "${stack}" is locked`,
    'Data',
    ...data.flatMap(({ path, notes, users, ...entry }) => [
      `  ${path} · ${howKept(entry)}${notes.length > 0 ? ` · ${notes.join('; ')}` : ''}`,
      ...users.map(
        ({ name, running }) => `    used by container "${name}"${running ? '' : ' (not running)'}`,
      ),
    ]),
    ...(command
      ? [
          'Run',
          `  ${commandText(command)}`,
          `  in ${[command.directory, ...howRun(command)].join(', ')}, for at most ${command.timeoutMs / 1000} s`,
        ]
      : []),
    ...(restore.length > 0
      ? [
          'Put back',
          ...restore.flatMap(({ path, snapshot, dump }) => [
            `  ${path}, as it was in ${snapshot}`,
            ...(dump ? [`    ${takenIn(`container "${dump.container.name}"`, dump)}`] : []),
          ]),
        ]
      : []),
    ...(edits.length > 0 ? ['Write', ...edits.map(({ file }) => `  ${file}, whole and at once`)] : []),
    ...(restarts.length > 0 ? ['Restart', ...restarts.map(({ name }) => `  container "${name}"`)] : []),
    ...(takesOnly(plan) ? [] : afterwards(plan)),
  ].join('\n');
};

const howRun = ({ user, scope }: GuardedCommand): string[] => [
  ...(user === undefined ? [] : [`as ${user}`]),
  ...(scope ? [['in a systemd scope', ...scope].join(' ')] : []),
];

const howKept = (entry: Pick<GuardedPath, 'driver' | 'dump' | 'sizeBytes' | 'sqlite'>): string => {
  const { driver, dump, sizeBytes, sqlite } = entry;
  if (dump) return dumpText(dump, sizeBytes);
  if (sqlite) return sqliteText(sqlite, entry);
  if (driver === undefined) return 'NOT protected';
  return `protected by ${driver} snapshot${sizeBytes > 0 ? `, ${formatBytes(sizeBytes)}` : ''}`;
};

const afterwards = ({ command, edits = [], data, checks, onFailure }: GuardPlan): string[] => [
  'Validate',
  ...(checks.length === 0
    ? [command ? '  only the exit code' : '  nothing']
    : checks.map((check) => `  ${checkText(check)}`)),
  'If that fails',
  onFailure === 'roll-back'
    ? edits.length === 0
      ? `  stop ${usersOf(data)}, put the data back, start it again, keep the failed state`
      : '  put the files back, keep the failed state'
    : '  leave everything as it is, and wait for an answer',
];

const usersOf = (data: GuardPlan['data']): string => {
  const names = [
    ...new Set(data.flatMap(({ users }) => users.flatMap(({ name, running }) => (running ? [name] : [])))),
  ];
  return names.length === 0 ? 'nothing (no container uses it)' : names.map((name) => `"${name}"`).join(', ');
};
