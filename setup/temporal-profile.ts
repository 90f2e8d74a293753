/** Which Temporal server is meant: a profile, read as the `temporal` command line reads it, and checked. */
import { loadClientConfigProfile, type ClientConfigProfile } from '@temporalio/envconfig';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigFailure } from '../domain/host.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigFailure, with file, line and column where a file is at fault. */
export const temporalProfile = (environment: Environment): ClientConfigProfile => {
  const file = fileOf(environment);
  const profile = readProfile(file, environment);
  checkAddress(profile.address, environment['TEMPORAL_ADDRESS'] === undefined ? file : 'TEMPORAL_ADDRESS');
  for (const source of [profile.tls?.clientCert, profile.tls?.clientKey, profile.tls?.serverCACert])
    if (source && 'path' in source && !existsSync(source.path))
      throw new ConfigFailure(`Temporal's TLS settings name ${source.path}, which is not there.`);
  return profile;
};

/** @see https://docs.temporal.io/develop/environment-configuration for the variables and the file's place. */
const fileOf = (environment: Environment): string => {
  const named = environment['TEMPORAL_CONFIG_FILE'];
  if (named !== undefined && !statSync(named, { throwIfNoEntry: false })?.isFile())
    throw new ConfigFailure(`TEMPORAL_CONFIG_FILE is ${JSON.stringify(named)}, and no such file is there.`);
  const directory = environment['XDG_CONFIG_HOME'] ?? join(environment['HOME'] ?? homedir(), '.config');
  return named ?? join(directory, 'temporalio', 'temporal.toml');
};

const readProfile = (file: string, environment: Environment): ClientConfigProfile => {
  const given = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  try {
    return loadClientConfigProfile({ configFileStrict: true, overrideEnvVars: given });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const profile = /^Profile '(.*)' not found/s.exec(message)?.[1];
    if (profile !== undefined)
      throw new ConfigFailure(
        `TEMPORAL_PROFILE is ${JSON.stringify(profile)}, and ${existsSync(file) ? `${file} has no profile of that name` : `there is no ${file}`}.`,
        { cause },
      );
    throw new ConfigFailure(`${placeOf(file, cause, message)}: error: ${firstLine(message)}.`, { cause });
  }
};

const checkAddress = (address: unknown, where: string): void => {
  if (address === undefined) return;
  if (typeof address !== 'string' || !/^[\w.-]+:\d{1,5}$|^\[[\da-f:]+\]:\d{1,5}$/i.test(address))
    throw new ConfigFailure(
      `${where.startsWith('/') ? `${placeOfKey(where, 'address')}: error: the address` : where} is ${JSON.stringify(address)}; a Temporal server is named by host and port, as in 127.0.0.1:7233.`,
    );
};

/** The parser of TOML says where; its checks of keys only name them. */
const placeOf = (file: string, cause: unknown, message: string): string => {
  if (cause instanceof Error && 'line' in cause && 'column' in cause)
    return `${file}:${Number(cause.line)}:${Number(cause.column)}`;
  return placeOfKey(file, /unrecognized[^:]*: ([^,\s]+)/.exec(message)?.[1] ?? '');
};

const placeOfKey = (file: string, key: string): string => {
  const lines = readFileSync(file, 'utf8').split('\n');
  const index = lines.findIndex((text) => key !== '' && text.includes(key));
  return `${file}:${Math.max(0, index) + 1}:${Math.max(0, lines[index]?.indexOf(key) ?? 0) + 1}`;
};

const firstLine = (message: string): string => message.split('\n')[0] ?? '';
