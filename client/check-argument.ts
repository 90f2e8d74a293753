/** `--validate CHECK`, as it is typed. */
import { InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';
import { urlTarget } from '../compose/check.ts';
import { parseDuration } from '../compose/units.ts';
import { fileFormats, fileMeanings, type Check, type NamedCheck } from '../domain/check.ts';
import { parseServiceName, parseStackName } from '../domain/names.ts';

export const checkForms = `a URL, which may go on with " status=204 contains=TEXT header='Name: TEXT' within=2s", or tcp:HOST:PORT, exec:CONTAINER:COMMAND, exec::COMMAND (on the host), yaml:FILE, json:FILE, toml:FILE, compose:FILE, traefik:FILE-OR-DIRECTORY, container-healthy:NAME, stack-healthy:STACK, disk-below:90%:PATH, or the name of a file in playbooks/checks with its parameters, such as nginx:service=web`;

/** @throws InvalidArgumentError that says how a check is written. */
export const checkArgument = (text: string): Check | NamedCheck => {
  const check =
    urlCheck(text) ?? tcpCheck(text) ?? execCheck(text) ?? fileCheck(text) ?? hostCheck(text) ?? named(text);
  if (!check) throw new InvalidArgumentError(`A check is ${checkForms}.`);
  return check;
};

const urlCheck = (text: string): Check | undefined => {
  const [url = '', ...more] = wordsOf(text);
  const target = urlTarget(url);
  if (!target) return undefined;
  const { username, password } = new URL(url);
  if (username !== '' || password !== '')
    throw new InvalidArgumentError('A URL with a password in it would be kept with the operation.');
  if (target.port === 0) return undefined;
  const check: Extract<Check, { type: 'http' }> = { type: 'http', ...target };
  for (const word of more) {
    const { responseHeaders, ...expected } = answerOf(word) ?? { nothing: true };
    if ('nothing' in expected || Object.keys(expected).some((key) => key in check)) return undefined;
    Object.assign(check, expected);
    if (responseHeaders) check.responseHeaders = { ...check.responseHeaders, ...responseHeaders };
  }
  return check;
};

type Expected = Partial<Extract<Check, { type: 'http' }>>;

/** What the answer must be like: one of `status=204`, `contains=TEXT`, `header=Name: TEXT`, `within=2s`. */
const answerOf = (text: string): Expected | undefined => {
  const [, key, value = ''] = /^(\w+)=(.+)$/s.exec(text) ?? [];
  switch (key) {
    case 'status':
      return /^[1-5]\d\d$/.test(value) ? { status: Number(value) } : undefined;
    case 'contains':
      return { bodyContains: value };
    case 'header': {
      const [, name, content = ''] = /^([\w-]+):\s*(.*)$/s.exec(value) ?? [];
      return name === undefined ? undefined : { responseHeaders: { [name]: content } };
    }
    case 'within': {
      const withinMs = parseDuration(value);
      return withinMs === undefined ? undefined : { withinMs };
    }
    default:
      return undefined;
  }
};

/** Words as a shell reads them: parts in quotes belong together. */
const wordsOf = (text: string): string[] =>
  [...text.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  );

const tcpCheck = (text: string): Check | undefined => {
  const [, host, digits] = /^tcp:([\w.-]+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65_535 ? { type: 'tcp', host, port } : undefined;
};

const execCheck = (text: string): Check | undefined => {
  const [, name, line] = /^exec:([^:]*):(.+)$/s.exec(text) ?? [];
  if (name === undefined || line === undefined) return undefined;
  const command = ['/bin/sh', '-c', line];
  if (name === '') return { type: 'command', command, directory: process.cwd() };
  const service = parseServiceName(name);
  return service && { type: 'exec', service, command };
};

const fileCheck = (text: string): Check | undefined => {
  const [, format, file] = /^(\w+):(.+)$/s.exec(text) ?? [];
  const type = [...fileFormats, ...fileMeanings].find((known) => known === format);
  // The check of that name, with its parameters.
  if (type === 'traefik' && /^[a-z]+=/.test(file ?? '')) return undefined;
  return type && file !== undefined ? { type, file: resolve(file) } : undefined;
};

const hostCheck = (text: string): Check | undefined => {
  const [, type, what = ''] = /^([a-z]+-[a-z]+):(.+)$/s.exec(text) ?? [];
  switch (type) {
    case 'container-healthy':
      return { type, container: what };
    case 'stack-healthy': {
      const stack = parseStackName(what);
      return stack && { type, stack };
    }
    case 'disk-below': {
      const [, digits, path = '/'] = /^(\d{1,3}(?:\.\d+)?)%(?::(.+))?$/s.exec(what) ?? [];
      const percent = Number(digits);
      return percent >= 1 && percent <= 100 ? { type, path: resolve(path), percent } : undefined;
    }
    default:
      return undefined;
  }
};

const builtIn: readonly string[] = [...fileFormats, 'compose', 'tcp', 'exec', 'http', 'https'];

/** `nginx`, `nginx:service=web,other=value`. */
const named = (text: string): NamedCheck | undefined => {
  const [, name, rest] = /^([a-z0-9][a-z0-9_-]*)(?::(.+))?$/s.exec(text) ?? [];
  if (name === undefined || builtIn.includes(name)) return undefined;
  const pairs =
    rest === undefined ? [] : rest.split(',').map((pair) => /^([a-z][a-z0-9_]*)=(.*)$/s.exec(pair));
  if (pairs.includes(null)) return undefined;
  return {
    type: 'named',
    name,
    with: Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1] ?? '', pair[2] ?? '']] : []))),
  };
};
