/**
 * Checks: questions that must be answered with yes before a change counts. Probes ask services; the others ask the host
 * that the change is made on.
 */
import type { StackName } from './names.ts';
import type { Location, Probe, Template } from './stack.ts';

/** A file, whole and readable in its format. */
export const fileFormats = ['yaml', 'json', 'toml'] as const;
export type FileFormat = (typeof fileFormats)[number];

/** What a file may mean beyond its format: a stack that can be planned; configuration that Traefik accepts. */
export const fileMeanings = ['compose', 'traefik'] as const;

export type FileCheck = {
  type: FileFormat | (typeof fileMeanings)[number];
  /** An absolute path on the worker's host; of Traefik's configuration also a directory. */
  file: string;
};

export type HostCheck =
  /** A command on the host, in this directory: exit code 0 is yes. */
  | { type: 'command'; command: Template[]; directory?: string; timeoutMs?: number }
  /** A container runs, and its own healthcheck, where it has one, says yes. */
  | { type: 'container-healthy'; container: string }
  /** Every service of a stack is healthy, and the stack is as its release says. */
  | { type: 'stack-healthy'; stack: StackName }
  /** Of the filesystem that the path lies on, less than so many percent are used. */
  | { type: 'disk-below'; path: string; percent: number };

/** @property at where it was written, in a file. */
export type Check = { at?: Location } & (Probe | FileCheck | HostCheck);

/** A check that stands in a file of its own, with what it is given. */
export type NamedCheck = {
  type: 'named';
  name: string;
  with: Record<string, string>;
  /** The service that it is of, for a parameter of that name. */
  service?: string;
  at?: Location;
};

/** The service, or in a guard the container, that it asks. */
export const askedService = (check: Check): string | undefined =>
  'service' in check ? check.service : undefined;

/** As it is typed after `--validate`. */
export const checkText = (check: Check): string => {
  switch (check.type) {
    case 'http':
      return [
        `${check.scheme}://${check.host ?? check.service ?? ''}:${check.port}${check.path}`,
        ...(check.status === undefined ? [] : [`status=${check.status}`]),
        ...(check.bodyContains === undefined ? [] : [`contains=${quoted(check.bodyContains)}`]),
        ...Object.entries(check.responseHeaders ?? {}).map(
          ([name, value]) => `header=${quoted(`${name}: ${value}`)}`,
        ),
        ...(check.withinMs === undefined ? [] : [`within=${check.withinMs}ms`]),
      ].join(' ');
    case 'tcp':
      return `tcp:${check.host ?? check.service ?? ''}:${check.port}`;
    case 'exec':
      return `exec:${check.service}:${lineOf(check.command)}`;
    case 'command':
      return `exec::${lineOf(check.command)}`;
    case 'container-healthy':
      return `container-healthy:${check.container}`;
    case 'stack-healthy':
      return `stack-healthy:${check.stack}`;
    case 'disk-below':
      return `disk-below:${check.percent}%:${check.path}`;
    default:
      return `${check.type}:${check.file}`;
  }
};

const quoted = (text: string): string => (/[\s"]/.test(text) ? JSON.stringify(text) : text);

/** The line that a shell is given, or the words of a command. */
const lineOf = (command: readonly string[]): string =>
  command[0] === '/bin/sh' && command[1] === '-c' && command.length === 3
    ? (command[2] ?? '')
    : command.join(' ');
