/** `preferences.yml`, in Baton's configuration directory: how far it may go by itself. A mistake in it takes all autonomy away. */
import { z } from 'zod';
import { defaultMaxActions, levels, type DayRules, type Preferences } from '../domain/autonomy.ts';
import type { Problem } from '../domain/problem.ts';
import { parseYaml } from './parse.ts';
import { Reader } from './reader.ts';
import { locate, readWith } from './schema.ts';
import { readSmallFile } from './small-file.ts';
import { suggest } from './suggest.ts';
import type { Node } from './tree.ts';
import { windowKeys, WindowReader } from './window.ts';

const pattern = z.string().regex(/^(?!(?:[^*]*\*){6})[^\0]{1,200}$/, {
  error: 'must be a name, in which * stands for anything',
});

const dayRules = z.strictObject({
  level: z.enum(levels).optional().describe('No higher on these days; default: what `baton auto on` says.'),
  max_actions: z.number().int().min(0).max(100).optional().describe('So many a day at most. Default 5.'),
});

/** The schema of `preferences.yml`. */
export const preferencesFile = z.strictObject({
  autonomy: z
    .strictObject({
      schedule: z
        .strictObject({ weekday: dayRules.optional(), weekend: dayRules.optional() })
        .optional()
        .describe('Monday to Friday, and Saturday and Sunday.'),
      action_overrides: z
        .record(
          z.string().min(1),
          z.strictObject({
            min_confidence: z.number().gt(0).max(1).describe('Instead of that of the level, 0 to 1.'),
          }),
        )
        .optional()
        .describe('By playbook.'),
      protected: z.array(pattern).min(1).optional().describe('Targets on which nothing is done unasked.'),
      opt_out: z
        .record(pattern, z.array(pattern).min(1))
        .optional()
        .describe('By target: playbooks that are not even proposed for it.'),
      quiet_hours: windowKeys
        .optional()
        .describe(
          'When few are disturbed. Default: the hours of least traffic on record; without any, 03:00 to 05:00.',
        ),
    })
    .optional(),
});

type Keys = NonNullable<z.infer<typeof preferencesFile>['autonomy']>;

export type PreferencesRead = { ok: true; preferences: Preferences } | { ok: false; problems: Problem[] };

/** @param file absolute; it need not be there. @param playbooks that there are, by name. */
export const readPreferencesFile = async (
  file: string,
  playbooks: readonly string[],
): Promise<PreferencesRead> => {
  let bytes: Buffer | undefined;
  try {
    bytes = await readSmallFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      const message = `${file} cannot be read: ${(error as Error).message}.`;
      return { ok: false, problems: [{ severity: 'error', code: 'preferences', message }] };
    }
  }
  return await readPreferences(file, bytes, playbooks);
};

/** @param bytes of the file; `undefined` where there is none. @param playbooks that there are, by name. */
export const readPreferences = async (
  file: string,
  bytes: Buffer | undefined,
  playbooks: readonly string[],
): Promise<PreferencesRead> => {
  if (bytes === undefined) return { ok: true, preferences: toPreferences({}) };
  const parsed = parseYaml(file, bytes);
  if (!parsed.ok)
    return parsed.problems.every(({ code }) => code === 'empty')
      ? { ok: true, preferences: toPreferences({}) }
      : parsed;
  const reader = new Reader(() => undefined, { late: false });
  const { autonomy = {} } = readWith(reader, parsed.root, preferencesFile, 'preferences.yml') ?? {};
  demandPlaybooks(reader, parsed.root, Object.keys(autonomy.action_overrides ?? {}), playbooks);
  const windows = new WindowReader(reader, parsed.root, Date.now());
  const { quiet_hours: quiet } = autonomy;
  const hours = quiet && (await windows.read(quiet, ['autonomy', 'quiet_hours']));
  return reader.problems.length > 0
    ? { ok: false, problems: reader.problems.map((problem) => ({ ...problem, severity: 'error' })) }
    : { ok: true, preferences: { ...toPreferences(autonomy), ...(hours ? { quietHours: hours } : {}) } };
};

/** A name with a slip in it would leave the level's own confidence in force, unnoticed. */
const demandPlaybooks = (
  reader: Reader,
  root: Node,
  named: readonly string[],
  known: readonly string[],
): void => {
  for (const name of named.filter((one) => !known.includes(one))) {
    const meant = suggest(name, [...known]);
    reader.error(
      locate(root, ['autonomy', 'action_overrides', name]),
      'no-such-playbook',
      `There is no playbook "${name}".${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
    );
  }
};

const toPreferences = ({
  schedule = {},
  action_overrides: overrides = {},
  protected: kept = [],
  opt_out: optOut = {},
}: Keys): Preferences => ({
  weekday: toDayRules(schedule.weekday),
  weekend: toDayRules(schedule.weekend),
  minConfidence: Object.fromEntries(
    Object.entries(overrides).map(([playbook, { min_confidence: least }]) => [playbook, least]),
  ),
  protected: kept,
  optOuts: Object.entries(optOut).map(([target, playbooks]) => ({ target, playbooks })),
});

const toDayRules = ({
  level,
  max_actions: maxActions = defaultMaxActions,
}: z.infer<typeof dayRules> = {}): DayRules => ({ ...(level === undefined ? {} : { level }), maxActions });
