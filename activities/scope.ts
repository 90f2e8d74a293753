/** A systemd scope: the control group that a guarded command has for itself and all that it starts, whatever that does to its environment or session. */
import { execa } from 'execa';
import type { OperationId } from '../domain/names.ts';
import type { UnitManager } from '../domain/systemd.ts';
import { graceMs } from './processes.ts';
import { systemPath } from './snapshots/run.ts';

/** Whose scopes the worker's user may make without being asked for a password. */
export const scopeManager: UnitManager = process.getuid?.() === 0 ? 'system' : 'user';

const unitOf = (operation: OperationId): string => `baton-${operation}.scope`;

/** systemd-run(1) registers the scope and becomes the command: the process is the same one. @param properties as `MemoryMax=2G`. */
export const inScope = (
  operation: OperationId,
  properties: readonly string[],
  words: readonly string[],
): string[] => [
  'systemd-run',
  ...[`--${scopeManager}`, '--scope', '--quiet', '--collect', `--unit=${unitOf(operation)}`],
  ...[`TimeoutStopSec=${graceMs}ms`, ...properties].map((property) => `--property=${property}`),
  '--',
  ...words,
];

/** What `systemd-run --user` finds its manager by. */
export const scopeEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> => {
  const runtime = environment['XDG_RUNTIME_DIR'];
  return scopeManager === 'user' && runtime !== undefined ? { XDG_RUNTIME_DIR: runtime } : {};
};

/** Of systemctl(1): there is no such unit, so nothing is left in it. */
const notLoaded = 5;

/** SIGTERM to all that is in it, and SIGKILL after the grace. @throws where systemd cannot be asked. */
export const endScope = async (operation: OperationId): Promise<void> => {
  const { exitCode, stderr, shortMessage } = await execa(
    'systemctl',
    [`--${scopeManager}`, 'stop', unitOf(operation)],
    {
      reject: false,
      stdin: 'ignore',
      timeout: 3 * graceMs,
      env: { LC_ALL: 'C', PATH: systemPath },
    },
  );
  if (exitCode === 0 || exitCode === notLoaded) return;
  throw new Error(`The scope ${unitOf(operation)} could not be ended: ${stderr.trim() || shortMessage}`);
};
