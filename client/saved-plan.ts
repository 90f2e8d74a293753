/** Plans saved by `baton plan -o`: written whole, and read as what a stranger may have written. */
import { z } from 'zod';
import { parseYaml } from '../compose/parse.ts';
import { renderProblems } from '../compose/render.ts';
import { readSmallFile } from '../compose/small-file.ts';
import { locate } from '../compose/schema.ts';
import { parseOperationId, parseReleaseId, parseStackName } from '../domain/names.ts';
import type { OperationRequest } from '../domain/operation.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Location } from '../domain/stack.ts';
import { CommandFailure, exitCode } from './failure.ts';

/** The request that a plan was made from, and the digest that the plan must still have. */
export type SavedPlan = { format: 'baton-plan/1'; digest: string; request: OperationRequest; plan: Plan };

const name = <T>(parse: (text: string) => T | undefined) =>
  z.string().transform((text, context): T => {
    const parsed = parse(text);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no name of this kind` });
    return z.NEVER;
  });

const schema = z.object({
  format: z.literal('baton-plan/1'),
  digest: z.string().regex(/^[0-9a-f]+$/, 'is no digest'),
  request: z.strictObject({
    operation: name(parseOperationId),
    kind: z.enum(['deploy', 'undo', 'remove']),
    stack: name(parseStackName),
    host: z.string().regex(/^[\w.-]+$/, 'is no host'),
    source: z.discriminatedUnion('from', [
      z.strictObject({
        from: z.literal('file'),
        file: z.string().startsWith('/', 'is not absolute'),
        envFiles: z.array(z.string().startsWith('/', 'is not absolute')),
        variables: z.record(z.string(), z.string()),
        profiles: z.array(z.string()),
      }),
      z.strictObject({
        from: z.literal('release'),
        release: name(parseReleaseId).optional(),
        withData: z.boolean(),
      }),
      z.strictObject({ from: z.literal('nothing'), withData: z.boolean() }),
    ]),
    options: z.strictObject({
      copyLimitBytes: z.number().nonnegative(),
      build: z.boolean(),
      pull: z.boolean(),
      expectedPlan: z.string().optional(),
    }),
  }),
});

/** Plans of the largest stacks are a few MB. */
const planBytes = 64 * 2 ** 20;

/** @throws CommandFailure with file, line and column where it is not what `baton plan -o` writes. */
export const readSavedPlan = async (file: string): Promise<Pick<SavedPlan, 'digest' | 'request'>> => {
  const bytes = await readSmallFile(file, planBytes).catch((cause: unknown) => {
    throw new CommandFailure(exitCode.failed, `${file} cannot be read. Nothing was changed.`, undefined, {
      cause,
    });
  });
  // JSON is YAML too, and this parser has limits and places.
  const parsed = parseYaml(file, bytes);
  if (!parsed.ok) throw await refused(parsed.problems);
  const start: Location = { file, line: 1, column: 1 };
  const content = toJson(parsed.text);
  if (content === undefined) throw await refused([problem('It is not JSON.', start)]);
  const checked = schema.safeParse(content);
  if (checked.success) return checked.data as Pick<SavedPlan, 'digest' | 'request'>;
  throw await refused(
    checked.error.issues.map(({ path, message }) => {
      const keys = path.filter((part) => typeof part !== 'symbol');
      return problem(`${keys.join('.') || 'It'}: ${message}.`, locate(parsed.root, keys));
    }),
  );
};

const toJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

const problem = (message: string, at: Location): Problem => ({
  severity: 'error',
  code: 'saved-plan',
  message,
  at,
});

const refused = async (problems: Problem[]): Promise<CommandFailure> =>
  new CommandFailure(
    exitCode.failed,
    `${await renderProblems(problems)}\nThis is no plan that Baton saved. Nothing was changed.`,
    'baton plan STACK.yml -o plan.json',
    { problems },
  );
