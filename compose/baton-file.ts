/**
 * `baton.yml`, in Baton's configuration directory: what the owner of a host lays down for every operation on it. A mistake
 * in it refuses operations: a rule that cannot be read may be the one that counts.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { defaultRules } from '../domain/cleanup.ts';
import { defaultExpiryMs, type GateRule } from '../domain/gate.ts';
import type { Problem } from '../domain/problem.ts';
import type { Settings } from '../domain/settings.ts';
import type { Window } from '../domain/window.ts';
import { cleanupSection, toCleanup } from './cleanup.ts';
import { copiesSection, readCopies, refuseUnknownSets } from './copies.ts';
import { dataSection, readDataSets } from './data-sets.ts';
import { channelKeys, toChannels, url } from './notify.ts';
import { parseYaml } from './parse.ts';
import { prometheusSection, readPrometheus } from './prometheus.ts';
import { Reader } from './reader.ts';
import { retentionKeys, toRetention } from './retention.ts';
import { locate, readWith } from './schema.ts';
import { readSchedules, schedulesSection } from './schedules.ts';
import { suggest } from './suggest.ts';
import { toTraffic, trafficSection } from './traffic.ts';
import type { Node } from './tree.ts';
import { toWebhooks, webhookKeys } from './webhooks.ts';
import { milliseconds, someTime, windowKeys, windowName, WindowReader } from './window.ts';

const gate = z.strictObject({
  kinds: z
    .array(z.enum(['deploy', 'undo', 'remove', 'guard']))
    .min(1)
    .optional()
    .describe('Kinds of operations; default: all.'),
  stacks: z
    .array(
      z.string().regex(/^(?!(?:[^*]*\*){6})[a-z0-9_*-]{1,63}$/, {
        error: 'must be the name of a stack, in which * stands for anything',
      }),
    )
    .min(1)
    .optional()
    .describe('Names of stacks, * stands for anything; default: all.'),
  approvals: z
    .number()
    .int()
    .min(0)
    .max(9)
    .optional()
    .describe('As many different people must approve. Default 1.'),
  who: z.array(z.string().min(1)).min(1).optional().describe('Whose answers count; default: anybody’s.'),
  expires: someTime.optional().describe('Nothing is done where nobody has approved by then. Default 24h.'),
  window: windowName.optional().describe('Only while this window is open.'),
  needs: someTime
    .optional()
    .describe('How long it takes; it begins where the window stays open as long. Default: as measured.'),
});

/** The schema of `baton.yml`. */
export const batonFile = z.strictObject({
  gates: z.array(gate).optional().describe('What waits for whom. The first that fits counts.'),
  windows: z.record(windowName, windowKeys).optional().describe('When changes are welcome.'),
  notify: z.array(channelKeys).optional().describe('Whom to tell what waits, and where.'),
  serve: z
    .strictObject({
      url: url
        .refine((text) => !/[?#]|:\/\/[^/]*@/.test(text), {
          error: 'must be an address without a password, "?" or "#"',
        })
        .describe('Where `baton serve` is reached from outside.'),
    })
    .optional()
    .describe('The door for answers.'),
  webhooks: z.array(webhookKeys).optional().describe('What other systems may ask for, at `baton serve`.'),
  snapshots: z
    .array(retentionKeys)
    .optional()
    .describe('Which snapshots are kept. The first that fits counts; without one, all of them.'),
  data: dataSection
    .optional()
    .describe('Data sets: what is kept of which data, and how a restore is tested.'),
  copies: copiesSection.optional().describe('Which snapshots are copied to another machine or disk.'),
  schedules: schedulesSection.optional().describe('What begins by itself.'),
  cleanup: cleanupSection.optional().describe('What may be removed to free space.'),
  prometheus: prometheusSection.optional().describe('What a look asks a Prometheus.'),
  traffic: trafficSection.optional().describe('Where Traefik tells what was asked for.'),
});

export type SettingsRead = { ok: true; settings: Settings } | { ok: false; problems: Problem[] };

/**
 * @param file absolute; without one nothing is laid down.
 * @param environment for `${VARIABLE}`. Whoever has none reads neither of the two sections with secrets.
 * @param reads which of them: the worker notifies and the door takes webhooks, each with secrets of its own.
 */
export const readBatonFile = async (
  file: string,
  environment?: Readonly<Record<string, string | undefined>>,
  reads: 'notify' | 'webhooks' = 'notify',
): Promise<SettingsRead> => {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return empty(file);
    const message = `${file} cannot be read: ${(error as Error).message}.`;
    return { ok: false, problems: [{ severity: 'error', code: 'baton-file', message }] };
  }
  const parsed = parseYaml(file, bytes);
  if (!parsed.ok)
    return parsed.problems.every(({ code }) => code === 'empty')
      ? empty(file)
      : { ok: false, problems: parsed.problems.map((problem) => discreet(problem, bytes)) };
  const reader = new Reader((variable) => environment?.[variable], { late: false });
  const secret = ['notify', 'webhooks'].filter((section) => !environment || section !== reads);
  const root = [...secret, 'schedules', 'data', 'copies', 'prometheus'].reduce(without, parsed.root);
  const keys = readWith(reader, root, batonFile, 'baton.yml') ?? {};
  const windowReader = new WindowReader(reader, parsed.root, Date.now());
  const windows: Record<string, Window> = {};
  for (const [key, one] of Object.entries(keys.windows ?? {}))
    windows[key] = await windowReader.read(one, ['windows', key]);
  const gates = (keys.gates ?? []).map((one, index) => toRule(reader, one, parsed.root, index, windows));
  const snapshots = (keys.snapshots ?? []).map(toRetention);
  const copies = readCopies(reader, parsed.root, file);
  const names = { windows: Object.keys(windows), copies: copies.map(({ name }) => name) };
  const scheduled = readSchedules(reader, parsed.root, file, names);
  const { sets, schedules } = readDataSets(reader, parsed.root, scheduled);
  refuseUnknownSets(reader, copies, sets, parsed.root);
  const cleanup = toCleanup(reader, keys.cleanup, parsed.root);
  const prometheus = readPrometheus(reader, parsed.root, file);
  const channels = await toChannels(reader, keys.notify ?? [], parsed.root, windows, windowReader);
  const webhooks = toWebhooks(reader, keys.webhooks ?? [], parsed.root);
  // A variable that is not set would make half an address, or an empty password.
  const problems = reader.problems.map((problem) => discreet({ ...problem, severity: 'error' }, bytes));
  const door = keys.serve && { door: keys.serve.url.replace(/\/+$/, '') };
  return problems.length > 0
    ? { ok: false, problems }
    : {
        ok: true,
        settings: {
          file,
          gates,
          windows,
          channels,
          webhooks,
          snapshots,
          sets,
          copies,
          schedules,
          cleanup,
          ...(prometheus ? { prometheus } : {}),
          ...door,
          ...(keys.traffic && { traffic: toTraffic(keys.traffic) }),
        },
      };
};

const without = (root: Node, name: string): Node =>
  root.kind === 'map' ? { ...root, entries: root.entries.filter(({ key }) => key !== name) } : root;

/** Messages that quote nothing of the file. */
const quoteNothing = ['baton.yml', 'variable-unset'];

/** Below `notify` and `webhooks` stand passwords, and a mistake may be in the middle of one: problems are in reports and histories. */
const discreet = (problem: Problem, bytes: Buffer): Problem => {
  const { at, code } = problem;
  // A calendar has lines of its own, and no passwords.
  if (code === 'calendar') return problem;
  const above = bytes.toString().split('\n').slice(0, at?.line);
  const section = above.findLast((line) => /^[^\s#-]/.test(line)) ?? '';
  return /^(?:notify|webhooks)/.test(section) && !quoteNothing.includes(code)
    ? { ...problem, message: 'There is a mistake here. It is not shown: the line may hold a password.' }
    : problem;
};

const empty = (file: string): SettingsRead => ({
  ok: true,
  settings: {
    file,
    gates: [],
    windows: {},
    channels: [],
    webhooks: [],
    snapshots: [],
    sets: [],
    copies: [],
    schedules: [],
    cleanup: defaultRules,
  },
});

const toRule = (
  reader: Reader,
  { kinds, stacks, approvals = 1, who, expires, window: named, needs }: z.infer<typeof gate>,
  root: Node,
  index: number,
  windows: Record<string, Window>,
): GateRule => {
  const at = (...path: string[]) => locate(root, ['gates', index, ...path]);
  if (named !== undefined && !Object.hasOwn(windows, named)) {
    const meant = suggest(named, Object.keys(windows));
    reader.error(
      at('window'),
      'no-such-window',
      `There is no window "${named}".${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
    );
  }
  if (!who && approvals > 1)
    reader.error(at('approvals'), 'gate', 'Different people are told apart by their names: say "who".');
  if (who && new Set(who).size < approvals)
    reader.error(at('who'), 'gate', `It takes ${approvals} different people, and "who" names fewer.`);
  return {
    ...(kinds ? { kinds } : {}),
    ...(stacks ? { stacks } : {}),
    approvals,
    ...(who ? { who } : {}),
    expiresMs: expires === undefined ? defaultExpiryMs : milliseconds(expires),
    ...(named === undefined ? {} : { window: named }),
    ...(needs === undefined ? {} : { needsMs: milliseconds(needs) }),
  };
};
