/** Options that several verbs share, spelled the same everywhere. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseReleaseId, parseStackName, type ReleaseId, type StackName } from '../../domain/names.ts';
import { parseSnapshotName, type SnapshotName } from '../../domain/snapshot.ts';
import type { Check, NamedCheck } from '../../domain/check.ts';
import { parseDuration } from '../../compose/units.ts';
import { defaultCopyLimitBytes } from '../../domain/operation.ts';
import type { GateWish } from '../../domain/gate.ts';
import { checkArgument, checkForms } from '../check-argument.ts';
import type { OutputMode } from '../output.ts';
import { parseTime } from '../when.ts';

export type OutputOptions = { json?: boolean };

export const outputMode = ({ json }: OutputOptions): OutputMode =>
  json ? 'json' : process.stdout.isTTY ? 'live' : 'plain';

export const jsonOption = (): Option => new Option('--json', 'print JSON lines for programs');
export const hostOption = (): Option =>
  new Option('--host <name>', 'the host whose worker does it (default: this one)');

/** `--set NAME=value`, repeatable. */
export const setOption = (): Option =>
  new Option(
    '--set <NAME=value>',
    'set a variable for ${NAME} (repeatable; not for secrets, it is kept with the release)',
  )
    .default({})
    .argParser((text: string, all: unknown) => {
      const at = text.indexOf('=');
      if (at < 1) throw new InvalidArgumentError('Write it as NAME=value.');
      return { ...(all as Record<string, string>), [text.slice(0, at)]: text.slice(at + 1) };
    });

export const listOption = (flags: string, description: string): Option =>
  new Option(flags, description)
    .default([])
    .argParser((text: string, all: unknown) => [...(all as string[]), text]);

const sizes: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

export const copyLimitOption = (): Option =>
  new Option('--copy-limit <size>', 'how large a plain copy of data may be, such as 500M or 20G')
    .default(defaultCopyLimitBytes, '1G')
    .argParser(sizeArgument);

/** @returns bytes. */
export const sizeArgument = (text: string): number => {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text);
  if (!match) throw new InvalidArgumentError('Write a size such as 500M or 20G.');
  return Number(match[1]) * (sizes[(match[2] ?? '').toLowerCase()] ?? 1);
};

export const waitOption = (): Option =>
  new Option('--wait <boolean>', 'wait for the end and show progress')
    .default(true)
    .argParser((text: string) => text !== 'false');

export const stackArgument = (text: string): StackName => {
  const name = parseStackName(text);
  if (!name)
    throw new InvalidArgumentError(
      'A stack name has only a-z, 0-9, _ and -, and starts with a letter or digit.',
    );
  return name;
};

export const copyArgument = (text: string): string => {
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(text))
    throw new InvalidArgumentError('Copies are named with a-z, 0-9, _ and -, below "copies" of baton.yml.');
  return text;
};

export const snapshotArgument = (text: string): SnapshotName => {
  const named = parseSnapshotName(text);
  if (!named)
    throw new InvalidArgumentError(
      'A snapshot is named STACK.PURPOSE.TIME.OPERATION; see `baton snapshots`.',
    );
  return named.name;
};

export const releaseArgument = (text: string): ReleaseId => {
  const id = parseReleaseId(text);
  if (!id) throw new InvalidArgumentError('A release is 12 hex digits; see `baton releases STACK`.');
  return id;
};

/** Examples after the help of a verb. */
export const examples = (command: Command, lines: string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);

export const checkOption = (): Option =>
  new Option('--validate <check>', `what must hold afterwards: ${checkForms} (repeatable)`)
    .default([])
    .argParser((text: string, all: unknown) => [...(all as (Check | NamedCheck)[]), checkArgument(text)]);

export const patienceOption = (): Option =>
  new Option(
    '--validate-within <duration>',
    'for how long a check is asked until it says yes (default: 10s, and 2m where something was restarted)',
  ).argParser(durationArgument);

/** @returns milliseconds. */
export const durationArgument = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('Write a duration such as 90s, 5m or 2h.');
  return ms;
};

/** What `--validate-within` says, for a request. */
export const patienceOf = ({ validateWithin }: { validateWithin?: number }): { checkPatienceMs?: number } =>
  validateWithin === undefined ? {} : { checkPatienceMs: validateWithin };

/** @returns ISO 8601, UTC. */
export const timeArgument = (text: string): string => {
  const time = parseTime(text, new Date());
  if (!time) throw new InvalidArgumentError('Write a time such as 02:30, or 2026-11-26T02:30.');
  if (time.getTime() <= Date.now()) throw new InvalidArgumentError('That time has passed.');
  return time.toISOString();
};

export type GateOptions = {
  approve?: boolean;
  expires?: number;
  at?: string;
  inWindow?: string;
  needs?: number;
};

/** What an operation is to wait for once its plan is made. */
export const gateOptions = (command: Command): Command =>
  command
    .option('--approve', 'wait until somebody approves the plan: baton approve')
    .addOption(
      new Option(
        '--expires <duration>',
        'do nothing where nobody has approved by then (default: 24h)',
      ).argParser(durationArgument),
    )
    .addOption(
      new Option('--at <time>', 'begin at 02:30, or at 2026-11-26T02:30, and not before').argParser(
        timeArgument,
      ),
    )
    .option('--in-window <name>', 'begin when this window of baton.yml is open')
    .addOption(
      new Option(
        '--needs <duration>',
        'how long it takes: it begins where its window stays open as long (default: as measured before)',
      ).argParser(durationArgument),
    );

/** What {@link gateOptions} say, for a request. */
export const gateOf = ({ approve, expires, at, inWindow, needs }: GateOptions): { gate?: GateWish } => {
  const gate: GateWish = {
    // Only a question expires.
    ...(approve === true || expires !== undefined ? { approve: true } : {}),
    ...(expires === undefined ? {} : { expiresMs: expires }),
    ...(at === undefined ? {} : { at }),
    ...(inWindow === undefined ? {} : { window: inWindow }),
    ...(needs === undefined ? {} : { needsMs: needs }),
  };
  return Object.keys(gate).length > 0 ? { gate } : {};
};
