/** Checks that stand in a file of their own, `playbooks/checks/NAME.yml`: the owner's first, then those that Baton ships. */
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Check, NamedCheck } from '../domain/check.ts';
import type { Location } from '../domain/stack.ts';
import { anyCheck, toCheck } from './check.ts';
import { sizeLimitBytes } from './guard.ts';
import { parseYaml } from './parse.ts';
import { Reader } from './reader.ts';
import { locate, readWith } from './schema.ts';
import { get, type Node } from './tree.ts';

const shipped = join(import.meta.dirname, '..', 'playbooks', 'checks');

const schema = z.strictObject({
  description: z.string().describe('What holds when it says yes.'),
  parameters: z
    .record(z.string().regex(/^[a-z][a-z0-9_]*$/), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .optional()
    .describe('Names that the checks use as ${NAME}, each with its default; null: it must be given.'),
  checks: z.array(anyCheck).min(1),
});

/** Where checks are looked for by their names, for files of this directory. */
export const checkPlaces = (directory: string): string[] => {
  const own = basename(directory) === 'stacks' ? [directory, dirname(directory)] : [directory];
  return [...own.map((place) => join(place, 'playbooks', 'checks')), shipped];
};

/** @returns what the name stands for; what is wrong is told to `reader`, where the name was used. */
export const readNamedCheck = (
  reader: Reader,
  { name, with: named, service, at = { file: '--validate', line: 0, column: 0 } }: NamedCheck,
  places: readonly string[],
): Check[] => {
  const refuse = (message: string): Check[] => {
    reader.error(at, 'check', message);
    return [];
  };
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(name))
    return refuse(`${JSON.stringify(name)} is not the name of a check.`);
  const file = places.map((place) => join(place, `${name}.yml`)).find(isFile);
  if (file === undefined)
    return refuse(
      `There is no check "${name}". Looked for: ${places.map((place) => join(place, `${name}.yml`)).join(', ')}.`,
    );
  if (statSync(file).size > sizeLimitBytes) return refuse(`${file} is larger than ${sizeLimitBytes} bytes.`);
  const parsed = parseYaml(file, readFileSync(file));
  if (!parsed.ok) {
    reader.problems.push(...parsed.problems);
    return [];
  }
  const defaults = parametersOf(parsed.root);
  const given = service !== undefined && defaults.has('service') ? { service, ...named } : named;
  const unknown = Object.keys(given).filter((key) => !defaults.has(key));
  if (unknown.length > 0)
    return refuse(
      `The check "${name}" has no parameter "${unknown[0] ?? ''}"; it has ${[...defaults.keys()].join(', ') || 'none'}.`,
    );
  const values = new Map([...defaults, ...Object.entries(given)]);
  const missing = [...values].find(([, value]) => value === undefined);
  if (missing) return refuse(`The check "${name}" must be given "${missing[0]}".`);
  const own = new Reader((variable) => values.get(variable), { late: false });
  const checks = readChecks(own, parsed.root, at);
  reader.problems.push(
    // What is no parameter would silently become empty.
    ...own.problems.map((problem) =>
      problem.code === 'variable-unset'
        ? {
            ...problem,
            severity: 'error' as const,
            message: problem.message.replace(/ is not set;.*$/, ' is no parameter of this check.'),
          }
        : problem,
    ),
  );
  return checks;
};

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** Read before everything else: the rest is written in terms of them. */
const parametersOf = (root: Node): Map<string, string | undefined> => {
  const node = root.kind === 'map' ? get(root, 'parameters') : undefined;
  return new Map(
    node?.kind === 'map'
      ? node.entries.map(({ key, value }) => [
          key,
          value.kind === 'scalar' && value.value !== null ? String(value.value) : undefined,
        ])
      : [],
  );
};

const readChecks = (reader: Reader, root: Node, at: Location): Check[] => {
  const keys = readWith(reader, root, schema, 'check');
  return (keys?.checks ?? []).flatMap((check, index) => {
    const read = toCheck(reader, check, locate(root, ['checks', index]));
    if (read?.type !== 'named') return read ? [{ ...read, at }] : [];
    reader.error(locate(root, ['checks', index]), 'check', 'A check in a file cannot name another file.');
    return [];
  });
};
