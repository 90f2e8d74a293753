/** Playbooks as files write them: `playbooks/NAME.yml`, shipped, or in Baton's configuration directory. */
import { createHash } from 'node:crypto';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { snapshotQuestion } from '../domain/guard.ts';
import { severities } from '../domain/incident.ts';
import { measureNames, measures, type Criterion } from '../domain/measure.ts';
import { defaultCopyLimitBytes } from '../domain/operation.ts';
import { risks, type Condition, type Playbook, type PlaybookStep, type Success } from '../domain/playbook.ts';
import type { Problem } from '../domain/problem.ts';
import { targetKinds } from '../domain/target.ts';
import { anyCheck } from './check.ts';
import { checksOf, guarded, guardedBy } from './guarded-command.ts';
import { parseYaml } from './parse.ts';
import { amountFault, readAmount } from './playbook-amount.ts';
import { stepFaults } from './playbook-step.ts';
import { Reader } from './reader.ts';
import { cleanupTask, wishOf } from './schedules.ts';
import { locate, readWith } from './schema.ts';
import type { Node } from './tree.ts';
import { milliseconds, someTime } from './window.ts';

const place = z
  .string()
  .regex(/^(?!(?:[^*]*\*){6})[^\0]{1,500}$/, { error: 'must be a place, in which * stands for anything' })
  .describe('Only there: /srv, shop/db, media/*. Default: anywhere.');

const word = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, { error: 'must be a name of a-z, 0-9, ., _ and -' });

const condition = z
  .strictObject({
    incident: word.optional().describe('What is wrong, as `baton health` names it: service-down.'),
    severity: z.enum(severities).optional().describe('At least. Default warning.'),
    effects: z
      .enum(['some', 'none'])
      .optional()
      .describe('Whether other incidents are only its effects. Default: either.'),
    measure: word.optional().describe('As the records name it: restarts.'),
    above: z.number().optional(),
    below: z.number().optional(),
    for: someTime.optional().describe('For so long without a break. Default: at its newest sample.'),
    forecast: z.literal('disk-full').optional().describe('A filesystem that is expected to be full.'),
    within: someTime.optional().describe('By the early end of its interval. Default 3d.'),
    update: z
      .literal('image')
      .optional()
      .describe(
        'The tag of its image names another image by now, of which is known where its changes are told, and which would be validated.',
      ),
    older_than: someTime
      .optional()
      .describe(
        'How long ago that image was made, at least: one that is bad is withdrawn within days. Default 7d.',
      ),
    where: place.optional(),
  })
  .superRefine((one, context) => {
    const refuse = (message: string): void => {
      context.addIssue({ code: 'custom', message });
    };
    const forms: [string, string[]][] = [
      ['incident', ['severity', 'effects']],
      ['measure', ['above', 'below', 'for']],
      ['forecast', ['within']],
      ['update', ['older_than']],
    ];
    const given = (key: string): boolean => one[key as keyof typeof one] !== undefined;
    const kinds = forms.filter(([kind]) => given(kind));
    if (kinds.length !== 1) refuse('needs exactly one of incident, measure, forecast and update');
    for (const [kind, beside] of forms)
      for (const key of beside)
        if (given(key) && !given(kind)) refuse(`has "${key}", which means nothing without ${kind}`);
    if (given('measure') && given('above') === given('below')) refuse('needs either "above" or "below"');
  });

const step = z
  .strictObject({
    restart: z
      .enum(['service', 'with-dependents'])
      .optional()
      .describe('The target; or also what needs it in its stack and is not healthy, in order of dependence.'),
    cleanup: cleanupTask.optional().describe("Frees space on the target's filesystem alone."),
    rotate: z.literal('snapshots').optional().describe('Removes snapshots that no retention rule keeps.'),
    undo: z
      .enum(['release', 'release-and-data'])
      .optional()
      .describe('Back to the release before the running one.'),
    deploy: z.literal('recorded').optional().describe('What is recorded runs again.'),
    update: z
      .literal('image')
      .optional()
      .describe('What the tag of its image names now runs, by its digest.'),
    maintain: z
      .enum(['database', 'database-and-indexes'])
      .optional()
      .describe('VACUUM (ANALYZE) of the PostgreSQL that the target runs; or REINDEX, too.'),
    guard: guarded.optional().describe('A command; it is undone where it fails.'),
  })
  .refine((one) => Object.values(one).filter((value) => value !== undefined).length === 1, {
    error: 'needs exactly one of restart, cleanup, rotate, undo, deploy, update, maintain and guard',
  });

const amount = z.union([z.number(), z.string()]);
const criterion = z
  .strictObject({
    measure: z.enum(measureNames),
    at_most: amount.optional(),
    at_least: amount.optional(),
    falls_by: amount.optional().describe('In its own unit, or for all but percentages a share: 10%.'),
    rises_by: amount.optional(),
  })
  .superRefine(({ measure, ...forms }, context) => {
    const given = Object.entries(forms).filter(([, value]) => value !== undefined);
    if (given.length !== 1)
      context.addIssue({
        code: 'custom',
        message: 'needs exactly one of at_most, at_least, falls_by, rises_by',
      });
    for (const [key, value = 0] of given) {
      const message = amountFault(value, measures[measure].unit, key.endsWith('_by'));
      if (message !== undefined) context.addIssue({ code: 'custom', path: [key], message });
    }
  });

/** The schema of a playbook. */
export const playbookFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, { error: 'must be a name of a-z, 0-9, _ and -' }),
  title: z.string().min(1).max(200).describe('What it is for, in a few words.'),
  target: z.enum(targetKinds).describe('What it is carried out on.'),
  when: z
    .array(condition)
    .min(1)
    .optional()
    .describe('Any of these makes it apply. Default: only where a person asks for it.'),
  steps: z.array(step).min(1).max(20),
  protects: z
    .union([
      z.literal('stack'),
      z.array(z.string().regex(/^\/[^\0]+$/, { error: 'must be an absolute path' })).min(1),
    ])
    .optional()
    .describe("Data that is snapshotted before the first step: paths, or all of the target's stack."),
  success: z.strictObject({
    all: z.array(criterion).min(1).describe('What must hold afterwards: all of it.'),
    tells: z
      .array(z.enum(measureNames))
      .min(1)
      .optional()
      .describe('Figures that are told with it, and decide nothing.'),
    again_after: z
      .array(someTime)
      .optional()
      .describe('When it is measured again. Default: 10m, 1h and 1d after its end.'),
  }),
  undo: z
    .strictObject({
      possible: z.boolean().describe('Whether what it did can be taken back once it has succeeded.'),
      how: z.string().min(1).max(500),
    })
    .describe('The way back.'),
  risk: z.enum(risks),
  cooldown: someTime.describe('Between two runs on one target that nobody asked for.'),
  needs: z.strictObject({
    time: someTime.describe('How long it takes at most.'),
    checks: z.array(anyCheck).min(1).optional().describe('What must hold before it begins.'),
  }),
});

type Keys = z.infer<typeof playbookFile>;

export type PlaybookRead = { ok: true; playbook: Playbook } | { ok: false; problems: Problem[] };

/** Nothing in it is filled in from the environment: what was decided on is kept for all to see. */
export const readPlaybook = (file: string, bytes: Uint8Array, origin: Playbook['origin']): PlaybookRead => {
  const parsed = parseYaml(file, bytes);
  if (!parsed.ok) return parsed;
  const reader = new Reader(() => undefined, { late: false, verbatim: true });
  const keys = readWith(reader, parsed.root, playbookFile, 'playbook');
  const playbook = keys && toPlaybook(reader, parsed.root, keys, file);
  return reader.problems.length > 0 || !playbook
    ? { ok: false, problems: reader.problems.map((problem) => ({ ...problem, severity: 'error' })) }
    : { ok: true, playbook: { ...playbook, origin, hash: createHash('sha256').update(bytes).digest('hex') } };
};

const toPlaybook = (
  reader: Reader,
  root: Node,
  keys: Keys,
  file: string,
): Omit<Playbook, 'origin' | 'hash'> => {
  const { name, title, target, undo, risk, cooldown, needs, success } = keys;
  if (name !== basename(file).replace(/\.ya?ml$/, ''))
    reader.error(locate(root, ['name']), 'playbook', `A playbook "${name}" stands in ${name}.yml.`);
  const steps = keys.steps.map((one, index) => toStep(reader, root, one, index, { name, file }));
  for (const fault of stepFaults(target, steps, keys))
    reader.error(locate(root, fault.path), 'playbook', fault.message);
  return {
    name,
    title,
    file,
    target,
    when: (keys.when ?? []).map(toCondition),
    steps,
    protects: keys.protects ?? [],
    success: toSuccess(reader, root, success),
    undo,
    risk,
    cooldownMs: milliseconds(cooldown),
    needs: {
      timeMs: milliseconds(needs.time),
      checks: checksOf(reader, needs.checks ?? [], file, (index) => locate(root, ['needs', 'checks', index])),
    },
  };
};

const threeDaysMs = 3 * 86_400_000;
const sevenDaysMs = 7 * 86_400_000;

const toCondition = (one: z.infer<typeof condition>): Condition => {
  const where = one.where === undefined ? {} : { where: one.where };
  if (one.incident !== undefined) {
    const { incident: what, severity = 'warning', effects } = one;
    return { see: 'incident', what, severity, ...(effects ? { effects } : {}), ...where };
  }
  if (one.update !== undefined)
    return {
      see: 'update',
      olderThanMs: one.older_than === undefined ? sevenDaysMs : milliseconds(one.older_than),
      ...where,
    };
  if (one.measure === undefined)
    return {
      see: 'forecast',
      withinMs: one.within === undefined ? threeDaysMs : milliseconds(one.within),
      ...where,
    };
  return {
    see: 'measure',
    measure: one.measure,
    ...(one.above === undefined ? {} : { above: one.above }),
    ...(one.below === undefined ? {} : { below: one.below }),
    ...(one.for === undefined ? {} : { forMs: milliseconds(one.for) }),
    ...where,
  };
};

const toStep = (
  reader: Reader,
  root: Node,
  one: z.infer<typeof step>,
  index: number,
  { name, file }: { name: string; file: string },
): PlaybookStep => {
  if (one.restart !== undefined) return { do: 'restart', dependents: one.restart === 'with-dependents' };
  if (one.cleanup !== undefined) return { do: 'cleanup', ...wishOf(one.cleanup) };
  if (one.undo !== undefined) return { do: 'undo', withData: one.undo === 'release-and-data' };
  if (one.maintain !== undefined) return { do: 'maintain', indexes: one.maintain === 'database-and-indexes' };
  if (one.update !== undefined) return { do: 'update' };
  if (one.guard === undefined) return one.deploy === undefined ? { do: 'rotate' } : { do: 'deploy' };
  const at = (check: number) => locate(root, ['steps', index, 'guard', 'validate', check]);
  const checks = checksOf(reader, one.guard.validate ?? [], file, at);
  const paths = (one.guard.data ?? []).map((path) => resolve(dirname(file), path));
  return {
    do: 'guard',
    question: {
      ...snapshotQuestion(name, paths, defaultCopyLimitBytes),
      ...guardedBy(one.guard, dirname(file), checks),
    },
  };
};

const toSuccess = (
  reader: Reader,
  root: Node,
  { all, tells, again_after: again = ['10m', '1h', '1d'] }: Keys['success'],
): Success => {
  const againAfterMs = again.map(milliseconds);
  if (againAfterMs.some((ms, index) => ms <= (againAfterMs[index - 1] ?? 0)))
    reader.error(
      locate(root, ['success', 'again_after']),
      'playbook',
      'Each time must be later than the one before.',
    );
  return { criteria: all.map(toCriterion), ...(tells ? { tells } : {}), againAfterMs };
};

const toCriterion = (one: z.infer<typeof criterion>): Criterion => {
  const { measure } = one;
  const { unit } = measures[measure];
  const read = (value: string | number | undefined) =>
    readAmount(value ?? 0, unit) ?? { by: 0, relative: false };
  if (one.at_most !== undefined) return { measure, atMost: read(one.at_most).by };
  if (one.at_least !== undefined) return { measure, atLeast: read(one.at_least).by };
  return one.falls_by === undefined
    ? { measure, risesBy: read(one.rises_by) }
    : { measure, fallsBy: read(one.falls_by) };
};
