/** `prometheus:` of `baton.yml`: which queries a look asks a Prometheus, and what of their answers is wrong. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { severities } from '../domain/incident.ts';
import type { Prometheus, PrometheusLogin, PrometheusQuery, SecretSource } from '../domain/prometheus.ts';
import { duration } from './check.ts';
import { url } from './notify.ts';
import { Reader } from './reader.ts';
import { locate, readWith } from './schema.ts';
import { get, type Node } from './tree.ts';
import { parseDuration } from './units.ts';
import { milliseconds, windowName } from './window.ts';

/** All of them are asked at once: a Prometheus answers twenty at a time unless it is told otherwise (`--query.max-concurrency`). */
const mostQueries = 20;
/** Samples are kept for fourteen days; a break in them before that must not hide what lasts. */
const longestMs = 7 * 86_400_000;

const file = z.string().min(1);
const variable = z.string().regex(/^[A-Za-z_]\w{0,100}$/, { error: 'must be the name of a variable' });

const query = z
  .strictObject({
    name: windowName.describe('What incidents and samples of it are called.'),
    query: z.string().min(1).max(4_000).describe('In PromQL.'),
    above: z.number().optional().describe('It is wrong where a value is above this.'),
    below: z.number().optional().describe('It is wrong where a value is below this.'),
    for: duration
      .refine((text) => (parseDuration(String(text)) ?? 0) <= longestMs, {
        error: 'must be 7d at most: that far back every sample is kept',
      })
      .optional()
      .describe('Only once it has been so for as long. Default: at once.'),
    severity: z.enum(severities).optional().describe('Default: warning.'),
  })
  .refine(({ above, below }) => above === undefined || below === undefined, {
    error: 'takes "above" or "below"; for both, write two queries',
  })
  .refine((one) => (one.above ?? one.below) !== undefined || (one.for ?? one.severity) === undefined, {
    error: 'has "for" or "severity", which mean nothing without "above" or "below"',
  });

/** The schema of the section. */
export const prometheusSection = z
  .strictObject({
    url: url
      .refine((text) => !/[?#]|:\/\/[^/]*@/.test(text), {
        error: 'must be an address without a password, "?" or "#"',
      })
      .describe('As http://127.0.0.1:9090; what stands before /api/v1.'),
    token_file: file.optional().describe('A file that holds a bearer token.'),
    token_variable: variable.optional().describe("A variable of the worker's environment that holds it."),
    user: z
      .string()
      .regex(/^[^:\p{Cc}]{1,200}$/u, { error: 'must be a name without ":"' })
      .optional()
      .describe('For basic authentication.'),
    password_file: file.optional(),
    password_variable: variable.optional(),
    queries: z.array(query).min(1).max(mostQueries),
  })
  .refine((one) => secretsIn(one).length <= 1, {
    error: 'takes one secret: a token or a password, from a file or from a variable',
  })
  .refine(
    (one) => (one.user !== undefined) === ((one.password_file ?? one.password_variable) !== undefined),
    { error: 'needs both "user" and a password, or neither' },
  );

const secretKeys = ['token_file', 'token_variable', 'password_file', 'password_variable'] as const;

const secretsIn = (section: Partial<Record<(typeof secretKeys)[number], string | undefined>>): string[] =>
  secretKeys.filter((key) => section[key] !== undefined);

type Section = z.infer<typeof prometheusSection>;

/**
 * Nothing in it is filled in from the environment: a `$` is PromQL's, and secrets are only named.
 * @param root of the file. @returns nothing where there is no such section, or where it is wrong; then its mistakes are told.
 */
export const readPrometheus = (reader: Reader, root: Node, batonFile: string): Prometheus | undefined => {
  const asWritten = new Reader(() => undefined, { late: false, verbatim: true });
  const node = root.kind === 'map' ? get(root, 'prometheus') : undefined;
  const section = readWith(asWritten, node, prometheusSection, 'baton.yml.prometheus');
  if (section) refuseTwice(asWritten, section, root);
  reader.problems.push(...asWritten.problems);
  if (!section) return undefined;
  const login = toLogin(section, dirname(batonFile));
  return {
    url: section.url.replace(/\/+$/, ''),
    ...(login ? { login } : {}),
    queries: section.queries.map(toQuery),
  };
};

const refuseTwice = (reader: Reader, { queries }: Section, root: Node): void => {
  for (const [index, { name }] of queries.entries())
    if (queries.findIndex((other) => other.name === name) < index)
      reader.error(
        locate(root, ['prometheus', 'queries', index, 'name']),
        'baton.yml',
        'Two queries have this name.',
      );
};

const toLogin = (section: Section, directory: string): PrometheusLogin | undefined => {
  const token = sourceOf(directory, section.token_file, section.token_variable);
  if (token) return { by: 'bearer', token };
  const password = sourceOf(directory, section.password_file, section.password_variable);
  return password && section.user !== undefined ? { by: 'basic', user: section.user, password } : undefined;
};

const sourceOf = (directory: string, path?: string, name?: string): SecretSource | undefined =>
  path !== undefined
    ? { file: resolve(directory, path) }
    : name === undefined
      ? undefined
      : { variable: name };

const toQuery = ({
  name,
  query: text,
  above,
  below,
  for: lasts,
  severity = 'warning',
}: Section['queries'][number]): PrometheusQuery => ({
  name,
  query: text,
  ...(above === undefined ? {} : { threshold: { above } }),
  ...(below === undefined ? {} : { threshold: { below } }),
  forMs: lasts === undefined ? 0 : milliseconds(lasts),
  severity,
});
