/** The `baton` command. Every verb is a file in `commands/`; every failure ends here. */
import { Command, CommanderError } from 'commander';
import { cancelCommand } from './commands/cancel.ts';
import { deployCommand } from './commands/deploy.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eventsCommand } from './commands/events.ts';
import { logsCommand } from './commands/logs.ts';
import { planCommand } from './commands/plan.ts';
import { releasesCommand, statusCommand } from './commands/status.ts';
import { removeCommand, undoCommand } from './commands/undo.ts';
import { downCommand, upCommand } from './commands/up.ts';
import { validateCommand } from './commands/validate.ts';
import { CommandFailure, exitCode } from './failure.ts';

const program = new Command('baton')
  .description('A stack goes up whole, or not at all.')
  .showHelpAfterError('(add --help for what can be typed)')
  .exitOverride()
  .addHelpText(
    'after',
    `
Exit codes: 0 done · 1 failed, nothing changed · 2 the plan has changes (--detailed-exitcode) · 3 failed and rolled back
            4 cannot reach Temporal · 5 a person is needed · 6 waiting for approval · 64 usage · 130 interrupted`,
  );

for (const add of [
  upCommand,
  downCommand,
  doctorCommand,
  validateCommand,
  planCommand,
  deployCommand,
  statusCommand,
  releasesCommand,
  undoCommand,
  removeCommand,
  logsCommand,
  eventsCommand,
  cancelCommand,
])
  add(program);
for (const command of program.commands) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  if (error instanceof CommandFailure) {
    process.stderr.write(`${error.message}\n${error.next === undefined ? '' : `  ${error.next}\n`}`);
    return error.exitCode;
  }
  process.stderr.write(
    `${error instanceof Error ? (process.env['BATON_DEBUG'] ? (error.stack ?? error.message) : error.message) : String(error)}\n`,
  );
  return exitCode.failed;
}
