/** The `baton` command. Every verb is a file in `commands/`, read only when it is typed; every failure ends here. */
import { Command, CommanderError } from 'commander';
import { ConfigFailure } from '../domain/host.ts';
import { CommandFailure, exitCode } from './failure.ts';

type Verb = { about: string; load: () => Promise<(command: Command) => void> };

const verbs: Record<string, Verb> = {
  up: {
    about: "start Temporal's dev server and this host's worker in the background",
    load: async () => (await import('./commands/up.ts')).upCommand,
  },
  down: {
    about: 'stop both; stacks go on running, and what is recorded is kept',
    load: async () => (await import('./commands/up.ts')).downCommand,
  },
  doctor: {
    about: 'check what a deploy needs, with the command that mends what is missing',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  validate: {
    about: 'read a stack and say all that is wrong with it, with line and column',
    load: async () => (await import('./commands/validate.ts')).validateCommand,
  },
  plan: {
    about: 'show what a deploy would change, why, in which order, and which data is protected',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  deploy: {
    about: 'bring a stack to what its file says; put everything back if that fails',
    load: async () => (await import('./commands/deploy.ts')).deployCommand,
  },
  guard: {
    about: 'run a command with its data protected; put the data back where it fails',
    load: async () => (await import('./commands/guard.ts')).guardCommand,
  },
  edit: {
    about: 'edit configuration beside itself, see what changes, and put it in place as a guarded operation',
    load: async () => (await import('./commands/edit.ts')).editCommand,
  },
  status: {
    about: 'show what runs, whether it is healthy, and where it differs from its release',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  health: {
    about: 'say how the host is, as a number, with every point that it lost named',
    load: async () => (await import('./commands/health.ts')).healthCommand,
  },
  incidents: {
    about: 'list what is wrong, causes first, and how it came and went',
    load: async () => (await import('./commands/incidents.ts')).incidentsCommand,
  },
  graph: {
    about: 'draw what needs what on the host, as causes are told from effects',
    load: async () => (await import('./commands/graph.ts')).graphCommand,
  },
  forecast: {
    about: 'say when disks are full, and how such forecasts have done',
    load: async () => (await import('./commands/forecast.ts')).forecastCommand,
  },
  report: {
    about: 'tell in thirty seconds what needs you, what was wrong, what was done and what comes',
    load: async () => (await import('./commands/report.ts')).reportCommand,
  },
  windows: {
    about: 'say when few use each target, with the traffic expected then',
    load: async () => (await import('./commands/windows.ts')).windowsCommand,
  },
  simulate: {
    about: 'say what each level would have let through of what was decided, and what then happened',
    load: async () => (await import('./commands/simulate.ts')).simulateCommand,
  },
  similar: {
    about: 'show incidents like one: what was done then, and what came of it',
    load: async () => (await import('./commands/simulate.ts')).similarCommand,
  },
  memory: {
    about: 'check, export, import and vacuum what Baton has observed and decided',
    load: async () => (await import('./commands/memory.ts')).memoryCommand,
  },
  auto: {
    about: 'let Baton look after the host by itself, as far as its record and you allow',
    load: async () => (await import('./commands/auto.ts')).autoCommand,
  },
  playbooks: {
    about: 'list what Baton knows to do about what is wrong: when, how, and whether there is a way back',
    load: async () => (await import('./commands/playbooks.ts')).playbooksCommand,
  },
  playbook: {
    about: 'check a playbook, or carry one out and measure whether it helped',
    load: async () => (await import('./commands/playbook.ts')).playbookCommand,
  },
  decisions: {
    about: 'show what Baton decided by itself, on what evidence, and what came of it',
    load: async () => (await import('./commands/decisions.ts')).decisionsCommand,
  },
  record: {
    about: 'show how its promises were kept, by playbook, and how its forecasts have done',
    load: async () => (await import('./commands/record.ts')).recordCommand,
  },
  releases: {
    about: 'list the releases of a stack, newest last',
    load: async () => (await import('./commands/status.ts')).releasesCommand,
  },
  snapshots: {
    about: 'list what is kept of data, see what differs, put it back, pin, prune and check it',
    load: async () => (await import('./commands/snapshots.ts')).snapshotsCommand,
  },
  data: {
    about: 'list the data sets, and test whether what is kept of them can be brought back',
    load: async () => (await import('./commands/data.ts')).dataCommand,
  },
  copy: {
    about: 'copy snapshots to another machine or disk, as baton.yml lays it down',
    load: async () => (await import('./commands/copy.ts')).copyCommand,
  },
  copies: {
    about: 'list such copies and their age, check them, bring one back',
    load: async () => (await import('./commands/copies.ts')).copiesCommand,
  },
  cleanup: {
    about: 'free space, from what costs least to what costs most, until it is enough',
    load: async () => (await import('./commands/cleanup.ts')).cleanupCommand,
  },
  undo: {
    about: 'go back to an earlier release; itself an operation, itself undoable',
    load: async () => (await import('./commands/undo.ts')).undoCommand,
  },
  remove: {
    about: 'stop and remove a stack; its data stays, and is snapshotted first',
    load: async () => (await import('./commands/undo.ts')).removeCommand,
  },
  logs: {
    about: "show what a stack's containers print",
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  events: {
    about: 'show the steps of an operation, running or ended',
    load: async () => (await import('./commands/events.ts')).eventsCommand,
  },
  pending: {
    about: 'list what waits for an approval, an answer or its hour',
    load: async () => (await import('./commands/gate.ts')).pendingCommand,
  },
  approve: {
    about: 'let an operation that waits carry out its plan',
    load: async () => (await import('./commands/gate.ts')).approveCommand,
  },
  reject: {
    about: 'end an operation that waits; nothing is changed',
    load: async () => (await import('./commands/gate.ts')).rejectCommand,
  },
  defer: {
    about: 'put off an operation that waits, or its question',
    load: async () => (await import('./commands/gate.ts')).deferCommand,
  },
  start: {
    about: 'begin an operation that waits for its hour',
    load: async () => (await import('./commands/gate.ts')).startCommand,
  },
  schedule: {
    about: 'let things begin by themselves: snapshots, deploys, pruning, at their hours',
    load: async () => (await import('./commands/schedule.ts')).scheduleCommand,
  },
  apply: {
    about: 'make the schedules match baton.yml, once what would change has been shown',
    load: async () => (await import('./commands/apply.ts')).applyCommand,
  },
  hold: {
    about: 'let nothing begin by itself on this host until it is released',
    load: async () => (await import('./commands/hold.ts')).holdCommand,
  },
  release: {
    about: 'end the hold',
    load: async () => (await import('./commands/hold.ts')).releaseCommand,
  },
  audit: {
    about: 'show what people decided, and verify that nothing of it was altered',
    load: async () => (await import('./commands/audit.ts')).auditCommand,
  },
  serve: {
    about: 'open the door for answers from phones and browsers',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  cancel: {
    about: 'stop an operation and put everything back',
    load: async () => (await import('./commands/cancel.ts')).cancelCommand,
  },
  keep: {
    about: 'leave what a failed command did as it is',
    load: async () => (await import('./commands/cancel.ts')).keepCommand,
  },
  resume: {
    about: 'finish putting things back, once what was in the way is mended',
    load: async () => (await import('./commands/resume.ts')).resumeCommand,
  },
};

/** Runs what was typed. Sets the exit code; ends the process where nobody reads on. */
export const main = async (): Promise<void> => {
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

  const typed = process.argv.slice(2, 4);
  for (const [name, { about, load }] of Object.entries(verbs)) {
    const command = program.command(name).description(about);
    // `baton plan …` and `baton help plan` need one verb whole; a list of all needs none.
    if (typed[0] === name || (typed[0] === 'help' && typed[1] === name)) (await load())(command);
    command.exitOverride();
  }

  // `baton logs … | head`: who reads has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });

  try {
    await program.parseAsync();
  } catch (error) {
    const failure = failureOf(error);
    // Commander has told its own.
    if (!(error instanceof CommanderError)) tell(failure, error);
    if (failure.exitCode !== exitCode.done && isForPrograms()) {
      const { exitCode: code, message, next, problems } = failure;
      const { printJson } = await import('./output.ts');
      printJson({ type: 'failure', exitCode: code, message, next, problems });
    }
    process.exitCode = failure.exitCode;
  }
};

/** What stands behind `--` is somebody else's. */
const isForPrograms = (): boolean => {
  const own = process.argv.indexOf('--');
  return process.argv.slice(2, own < 0 ? undefined : own).includes('--json');
};

function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (error instanceof CommanderError) {
    const code = error.exitCode === 0 ? exitCode.done : exitCode.usage;
    return new CommandFailure(code, error.message.replace(/^error: /, ''));
  }
  return new CommandFailure(
    error instanceof ConfigFailure ? exitCode.usage : exitCode.failed,
    reasonOf(error),
  );
}

function tell({ message, next }: CommandFailure, error: unknown): void {
  const isUnexpected = !(error instanceof CommandFailure || error instanceof ConfigFailure);
  const trace =
    isUnexpected && process.env['BATON_DEBUG'] && error instanceof Error ? error.stack : undefined;
  process.stderr.write(`${trace ?? message}\n${next === undefined ? '' : `  ${next}\n`}`);
}

/** Temporal wraps what an activity said in its own words; a person wants to read the innermost. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && /^(?:Workflow|Activity)/.test(error.name)
    ? reasonOf(error.cause)
    : error.message;
}
