/** Checks, asked on the host that the change is made on: of files, of services, of the host itself. */
import { readdir, stat, statfs } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { problemsOfText } from '../compose/formats.ts';
import { loadStack } from '../compose/load.ts';
import { configurationBytes, readSmallFile } from '../compose/small-file.ts';
import { problemsOfTraefik, traefikEndings } from '../compose/traefik.ts';
import { askedService, checkText, type Check, type FileCheck } from '../domain/check.ts';
import { passedOn } from '../domain/commands.ts';
import { formatLocation, isError, type Problem } from '../domain/problem.ts';
import { pause } from './activity.ts';
import { ifThere } from './errno.ts';
import { askHealth } from './health.ts';
import type { ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { askProbe } from './probe.ts';
import type { Answer } from './probe-address.ts';
import { runForAnswer } from './run-for-answer.ts';
import { statusOf } from './status.ts';

/** What was just changed may need a moment to be noticed; after this a check that says no has failed. */
const noticedWithinMs = 10_000;
const askEveryMs = 500;
/** Enough for a tool that reads a configuration of some hundred files, such as Home Assistant's. */
const commandTimeoutMs = 60_000;

/**
 * Asks until the answer is yes. @param containerOf finds what a check names: a service's container, or one by its name.
 * @returns why not, in words; `undefined` where it says yes.
 */
export const askCheck = async (
  ports: Ports,
  check: Check,
  containerOf: (name: string) => Promise<ContainerState | undefined>,
  signal: AbortSignal,
  patienceMs = noticedWithinMs,
): Promise<string | undefined> => {
  if ('file' in check) return await askFile(ports, check);
  const begun = performance.now();
  for (;;) {
    const { healthy, answer } = await askOnce(ports, check, containerOf, signal);
    if (healthy) return undefined;
    if (performance.now() - begun > patienceMs) return `${checkText(check)}: ${answer}.`;
    await pause(askEveryMs, signal);
  }
};

const askOnce = async (
  ports: Ports,
  check: Exclude<Check, FileCheck>,
  containerOf: (name: string) => Promise<ContainerState | undefined>,
  signal: AbortSignal,
): Promise<Answer> => {
  switch (check.type) {
    case 'command':
      return await askCommand(ports, check, signal);
    case 'container-healthy':
      return await askContainer(ports, check.container);
    case 'stack-healthy':
      return await askStack(ports, check.stack);
    case 'disk-below':
      return await askDisk(check);
    default: {
      const name = askedService(check);
      const container = name === undefined ? undefined : await containerOf(name);
      if (name !== undefined && !container)
        return { healthy: false, answer: `there is no container "${name}"` };
      return await askProbe({ engine: ports.engine, reach: ports.engineInfo.reach }, check, container);
    }
  }
};

const askCommand = async (
  { environment }: Ports,
  { command, directory, timeoutMs = commandTimeoutMs }: Extract<Check, { type: 'command' }>,
  signal: AbortSignal,
): Promise<Answer> => {
  const { ended, said } = await runForAnswer(command, {
    directory,
    timeoutMs,
    signal,
    environment: passedOn(environment),
  });
  if (ended === 0) return { healthy: true, answer: 'exit code 0' };
  const last = said.trim().split('\n').at(-1) ?? '';
  const how = typeof ended === 'number' ? `exit code ${ended}` : ended;
  return { healthy: false, answer: last === '' ? how : `${how}: ${last.slice(0, 200)}` };
};

const askContainer = async ({ engine, engineInfo }: Ports, name: string): Promise<Answer> => {
  const container = await engine.inspectContainer(name);
  if (!container) return { healthy: false, answer: 'there is no such container' };
  const health = container.healthcheck ? 'healthcheck' : 'running';
  const { state, answer } = await askHealth({ engine, reach: engineInfo.reach, health }, container);
  return { healthy: state === 'healthy', answer };
};

const askStack = async (
  ports: Ports,
  stack: Extract<Check, { type: 'stack-healthy' }>['stack'],
): Promise<Answer> => {
  const containers = await ports.engine.listContainers();
  const { services, drift } = await statusOf(ports, stack, containers);
  if (services.length === 0) return { healthy: false, answer: 'it has no containers' };
  // One that ended well counts as healthy in a status; unless it is meant to run.
  const ended = (name: string): boolean =>
    containers.some((one) => one.name === name && one.status !== 'running' && one.restartPolicy !== 'no');
  const ill = services.flatMap(({ service, container, healthy, answer, state }) =>
    healthy === 'healthy' && !ended(container)
      ? []
      : [`"${service}": ${healthy === 'healthy' ? state : answer}`],
  );
  const missing = drift.filter((line) => line.endsWith('has no container.'));
  return { healthy: ill.length + missing.length === 0, answer: [...ill, ...missing].join('; ') };
};

/** As df(1) counts: of what anyone may use, the part that is used. */
const askDisk = async ({ path, percent }: Extract<Check, { type: 'disk-below' }>): Promise<Answer> => {
  const facts = await ifThere(() => statfs(path));
  if (!facts) return { healthy: false, answer: 'there is no such path' };
  const { blocks, bfree, bavail } = facts;
  const used = (100 * (blocks - bfree)) / (blocks - bfree + bavail);
  return { healthy: used < percent, answer: `${used.toFixed(1)} % are used` };
};

const askFile = async (ports: Ports, check: FileCheck): Promise<string | undefined> => {
  const [first] = await problemsOfFile(ports, check);
  return first && `${first.at ? formatLocation(first.at) : check.file}: ${first.message}`;
};

const problemsOfFile = async ({ environment }: Ports, { type, file }: FileCheck): Promise<Problem[]> => {
  if (type === 'compose') {
    const loaded = await loadStack({ file, environment, variables: {} });
    return loaded.ok ? [] : loaded.problems.filter(isError);
  }
  try {
    if (type !== 'traefik') return problemsOfText(type, file, await textOf(file));
    const found = await Promise.all(
      (await traefikFiles(file)).map(async (one) => problemsOfTraefik(one, await textOf(one))),
    );
    return found.flat().filter(isError);
  } catch (error) {
    return [
      { severity: 'error', code: 'unreadable', message: `It cannot be read: ${(error as Error).message}` },
    ];
  }
};

const textOf = async (file: string): Promise<string> =>
  (await readSmallFile(file, configurationBytes)).toString('utf8');

/** Of a directory it reads no JSON. */
const directoryEndings = traefikEndings.filter((ending) => ending !== '.json');

/** As its file provider: of a directory, and of those in it, every file with an ending that it knows. */
const traefikFiles = async (path: string): Promise<string[]> => {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && directoryEndings.includes(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
};
