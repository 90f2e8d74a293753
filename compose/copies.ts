/** `copies:` of `baton.yml`: which snapshots are copied where. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { CopyRule, CopyTarget } from '../domain/copy.ts';
import type { DataSet } from '../domain/data-set.ts';
import { defaultCopyLimitBytes } from '../domain/operation.ts';
import { duration } from './check.ts';
import { Reader } from './reader.ts';
import { keepKeys, toKeep } from './retention.ts';
import { locate, readWith } from './schema.ts';
import { get, type Node } from './tree.ts';
import { parseBytes } from './units.ts';
import { milliseconds, windowName } from './window.ts';

const absolute = z.string().refine((path) => path.startsWith('/') && resolve(path) === path, {
  error: 'must be an absolute path without "..", and without a slash at its end',
});

/** What restic calls its backends; a relative path would be looked for in the snapshot. */
const repository = z
  .string()
  .regex(/^(?:\/|local:\/|(?:sftp|rest|s3|swift|b2|azure|gs|rclone):.)/, {
    error: 'must be an absolute path, or an address as restic writes it, such as sftp:backup@nas:/srv/restic',
  })
  .refine((text) => !/:\/\/[^/]*:[^/]*@/.test(text), {
    error: 'holds a password: put the whole address into a file, and name that as "repository_file"',
  });

const restic = z
  .strictObject({
    repository: repository.optional().describe('As restic writes it.'),
    repository_file: z.string().min(1).optional().describe('A file that holds the address instead.'),
    password_file: z.string().min(1).optional().describe('A file that holds the password.'),
    password_command: z.string().min(1).optional().describe('A command that prints it.'),
    environment: z
      .array(z.string().regex(/^[A-Za-z_]\w*$/, { error: 'must be the name of a variable' }))
      .optional()
      .describe("Names of variables of the worker's environment that restic gets."),
    prune: z
      .union([z.literal(false), duration])
      .optional()
      .describe('Data that nothing refers to any more is removed so often; false for never. Default 7d.'),
  })
  .refine((one) => (one.repository === undefined) !== (one.repository_file === undefined), {
    error: 'needs either "repository" or "repository_file"',
  })
  .refine((one) => (one.password_file === undefined) !== (one.password_command === undefined), {
    error: 'needs either "password_file" or "password_command"',
  });

const btrfs = z.strictObject({
  to: absolute.describe('A directory on another btrfs.'),
  host: z
    .string()
    // Nothing that ssh would take for an option.
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,252}$/, {
      error: 'must be a host as ssh takes it, such as root@nas',
    })
    .optional()
    .describe('Where it is, through ssh; default: this host.'),
  ssh_config: z
    .string()
    .min(1)
    .optional()
    .describe("A file for ssh: keys, ports, known hosts. Default: the worker's own."),
});

const copyKeys = z
  .strictObject({
    data: z
      .array(
        z.union([absolute, windowName], { error: 'must be an absolute path, or the name of a data set' }),
      )
      .min(1)
      .describe('Paths, or names of data sets.'),
    restic: restic.optional(),
    btrfs: btrfs.optional(),
    keep: keepKeys.optional().describe('Which copies are kept there; default: all of them.'),
    fresh: duration
      .optional()
      .describe('The newest snapshot is copied where it is at most so old; else one is taken. Default 1h.'),
    copy_limit: z
      .union([z.string(), z.number()])
      .refine((text) => parseBytes(String(text)) !== undefined, {
        error: 'must be a size such as 500M or 20G',
      })
      .optional()
      .describe('How large a plain copy may be where one is taken. Default 1G.'),
  })
  .refine((one) => (one.restic === undefined) !== (one.btrfs === undefined), {
    error: 'needs either "restic" or "btrfs"',
  });

/** The schema of the section. */
export const copiesSection = z.record(windowName, copyKeys);

const defaultFreshMs = 3_600_000;
const defaultPruneMs = 7 * 86_400_000;

/**
 * Nothing in it is filled in from the environment: plans and reports show where copies go, and Temporal keeps them.
 * @param root of the file.
 */
export const readCopies = (reader: Reader, root: Node, file: string): CopyRule[] => {
  const asWritten = new Reader(() => undefined, { late: false, verbatim: true });
  const section = root.kind === 'map' ? get(root, 'copies') : undefined;
  const all = readWith(asWritten, section, copiesSection, 'baton.yml.copies') ?? {};
  const rules = Object.entries(all).map(([name, keys]) => toRule(name, keys, dirname(file)));
  refuseTwice(asWritten, rules, root);
  reader.problems.push(...asWritten.problems);
  return rules;
};

/** A name is that of a set of which something is kept. */
export const refuseUnknownSets = (
  reader: Reader,
  rules: readonly CopyRule[],
  sets: readonly DataSet[],
  root: Node,
): void => {
  for (const { name, data } of rules)
    for (const [index, one] of data.entries()) {
      if (one.startsWith('/')) continue;
      const at = locate(root, ['copies', name, 'data', index]);
      const set = sets.find((candidate) => candidate.name === one);
      if (!set) reader.error(at, 'no-such-set', `There is no data set "${one}", and it is no absolute path.`);
      else if (set.class === 'discard')
        reader.error(
          at,
          'no-such-set',
          `Data set "${one}" is discarded: nothing of it is kept, so nothing can be copied.`,
        );
    }
};

/** Each would take the other's copies for its own. */
const refuseTwice = (reader: Reader, rules: readonly CopyRule[], root: Node): void => {
  const places = rules.map(({ target }) => (target.by === 'btrfs' ? JSON.stringify(target) : undefined));
  for (const [index, { name }] of rules.entries()) {
    const first = rules[places.indexOf(places[index])];
    if (places[index] !== undefined && first && first.name !== name)
      reader.error(
        locate(root, ['copies', name, 'btrfs', 'to']),
        'baton.yml',
        `Copies "${first.name}" go there already: give each a directory of its own.`,
      );
  }
};

const toRule = (name: string, keys: z.infer<typeof copyKeys>, directory: string): CopyRule => ({
  name,
  data: keys.data,
  target: keys.restic ? toRestic(keys.restic, directory) : toBtrfs(keys.btrfs, directory),
  ...(keys.keep ? { keep: toKeep(keys.keep) } : {}),
  freshMs: keys.fresh === undefined ? defaultFreshMs : milliseconds(keys.fresh),
  copyLimitBytes: parseBytes(String(keys.copy_limit ?? '')) ?? defaultCopyLimitBytes,
});

const toRestic = (keys: z.infer<typeof restic>, directory: string): CopyTarget => {
  const { repository: at, repository_file: file = '', password_file: password, prune } = keys;
  return {
    by: 'restic',
    repository: at === undefined ? { file: resolve(directory, file) } : { at },
    password:
      password === undefined
        ? { command: keys.password_command ?? '' }
        : { file: resolve(directory, password) },
    variables: keys.environment ?? [],
    ...(prune === false ? {} : { pruneEveryMs: prune === undefined ? defaultPruneMs : milliseconds(prune) }),
  };
};

const toBtrfs = (
  { to = '/', host, ssh_config: config }: Partial<z.infer<typeof btrfs>> = {},
  directory: string,
): CopyTarget => ({
  by: 'btrfs',
  directory: to,
  ...(host === undefined ? {} : { remote: host }),
  ...(config === undefined ? {} : { sshConfig: resolve(directory, config) }),
});
