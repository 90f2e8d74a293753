/** `--validate CHECK`: a URL, `tcp:HOST:PORT`, `exec:CONTAINER:COMMAND`, or a file as `yaml:FILE`, `json:FILE`, `toml:FILE`. */
import { InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';
import { fileFormats } from '../domain/check.ts';
import type { Check } from '../domain/guard.ts';
import { parseServiceName } from '../domain/names.ts';

export const checkForms = 'a URL, tcp:HOST:PORT, exec:CONTAINER:COMMAND, yaml:FILE, json:FILE or toml:FILE';

/** @throws InvalidArgumentError that says how a check is written. */
export const checkArgument = (text: string): Check => {
  const check = urlCheck(text) ?? tcpCheck(text) ?? execCheck(text) ?? fileCheck(text);
  if (!check) throw new InvalidArgumentError(`A check is ${checkForms}.`);
  return check;
};

const defaultPorts: Record<string, number> = { 'http:': 80, 'https:': 443 };

const urlCheck = (text: string): Check | undefined => {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, hostname, port, pathname, search, username, password } = new URL(text);
  if (username !== '' || password !== '')
    throw new InvalidArgumentError('A URL with a password in it would be kept with the operation.');
  if (port === '0') return undefined;
  return {
    type: 'http',
    scheme: protocol === 'https:' ? 'https' : 'http',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (defaultPorts[protocol] ?? 80) : Number(port),
    path: `${pathname}${search}`,
  };
};

const tcpCheck = (text: string): Check | undefined => {
  const [, host, digits] = /^tcp:([\w.-]+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65_535 ? { type: 'tcp', host, port } : undefined;
};

const execCheck = (text: string): Check | undefined => {
  const [, name = '', line] = /^exec:([^:]+):(.+)$/s.exec(text) ?? [];
  const service = parseServiceName(name);
  return service && line !== undefined
    ? { type: 'exec', service, command: ['/bin/sh', '-c', line] }
    : undefined;
};

const fileCheck = (text: string): Check | undefined => {
  const [, format, file] = /^(\w+):(.+)$/s.exec(text) ?? [];
  const type = fileFormats.find((known) => known === format);
  return type && file !== undefined ? { type, file: resolve(file) } : undefined;
};
