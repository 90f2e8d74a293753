/**
 * The corpus of hostile and broken files: each is refused in under a second, with a place for every problem, and nothing is
 * thrown. The list is data: stacks.yml, ecosystems.yml, plans.yml, configuration.yml, and wrong values for every key of a
 * service in services.yml.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { CommandFailure } from '../../client/failure.ts';
import { readSavedPlan } from '../../client/saved-plan.ts';
import { loadEcosystem } from '../../compose/ecosystem.ts';
import { support } from '../../compose/support.ts';
import type { Problem } from '../../domain/problem.ts';
import { load } from '../compose/loading.ts';

type Case = {
  what: string;
  text?: string;
  base64?: string;
  repeat?: [before: string, piece: string, times: number, after: string];
  files?: Record<string, string>;
  /** Symbolic links beside it, by what they point to. */
  links?: Record<string, string>;
};

const read = (name: string): unknown => parse(readFileSync(join(import.meta.dirname, name), 'utf8'));

const contentOf = ({ text, base64, repeat }: Case): string | Uint8Array => {
  if (base64 !== undefined) return new Uint8Array(Buffer.from(base64, 'base64'));
  if (!repeat) return text ?? '';
  const [before, piece, times, after] = repeat;
  const pieces = Array.from({ length: times }, (_, n) =>
    piece.replaceAll('{n}', String(n)).replaceAll('{n+1}', String(n + 1)),
  );
  return `${before}${pieces.join('')}${after}`;
};

/** Of CPU time: what else the machine does meanwhile is not the file's fault. */
const limitMs = 1_000;
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

const mustRefuse = async (read: () => Promise<{ ok: boolean; problems?: Problem[] }>): Promise<void> => {
  const began = cpuMs();
  const { ok, problems = [] } = await read();
  const tookMs = cpuMs() - began;
  assert.ok(!ok, 'it was accepted');
  const errors = problems.filter(({ severity }) => severity === 'error');
  assert.ok(errors.length > 0);
  for (const { at, message } of errors)
    assert.ok(at && at.line >= 1 && at.column >= 1, `no place: ${message}`);
  assert.ok(tookMs < limitMs, `it took ${Math.round(tookMs)} ms`);
};

describe('hostile stacks', () => {
  for (const given of read('stacks.yml') as Case[])
    test(given.what, async () => {
      const { files = {}, links = {} } = given;
      const content = contentOf(given);
      await mustRefuse(async () => await load(content, { files, links }));
    });
});

describe('hostile ecosystems', () => {
  const whole = { 'a.yml': 'services: {a: {image: x}}', 'b.yml': 'services: {b: {image: x}}' };
  for (const given of read('ecosystems.yml') as Case[])
    test(given.what, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'baton-ecosystem-'));
      try {
        await mkdir(join(directory, 'x'));
        const files = { ...whole, ...given.files, 'all.yml': contentOf(given) };
        for (const [name, content] of Object.entries(files))
          await writeFile(join(directory, 'x', name), content);
        const file = join(directory, 'x', 'all.yml');
        await mustRefuse(async () => await loadEcosystem({ file, environment: {} }));
      } finally {
        await rm(directory, { recursive: true });
      }
    });
});

describe('hostile configuration', () => {
  type Setting = Case & { environment?: Record<string, string>; worker?: boolean; at?: number };
  const root = join(import.meta.dirname, '..', '..');
  for (const given of read('configuration.yml') as Setting[])
    test(given.what, async () => {
      const home = await mkdtemp(join(tmpdir(), 'baton-home-'));
      try {
        const toml = join(home, 'temporal.toml');
        const engine = join(home, '.config', 'baton', 'engine.json');
        await mkdir(dirname(engine), { recursive: true });
        for (const [name, content] of Object.entries(given.files ?? {}))
          await writeFile(name === 'engine.json' ? engine : toml, content);
        const environment = {
          PATH: process.env['PATH'] ?? '',
          HOME: home,
          ...(given.files?.['temporal.toml'] === undefined ? {} : { TEMPORAL_CONFIG_FILE: toml }),
          ...given.environment,
        };
        const main = given.worker === true ? ['worker', 'main.ts'] : ['client', 'start.ts'];
        const args = ['--disable-warning=ExperimentalWarning', join(root, ...main), 'status'];
        const said = await execa(process.execPath, args, {
          env: environment,
          extendEnv: false,
          reject: false,
          stdin: 'ignore',
        });
        assert.equal(said.exitCode, 64, said.stderr);
        assert.match(said.stderr, /Nothing was changed\.$/);
        assert.equal(said.stderr.split('\n').length, 1);
        if (given.at !== undefined) assert.match(said.stderr, new RegExp(`:${given.at}:\\d+: error: `));
      } finally {
        await rm(home, { recursive: true });
      }
    });
});

describe('wrong values', () => {
  const values = read('services.yml') as Record<string, unknown[]>;
  for (const [key, wrong] of Object.entries(values))
    for (const value of wrong)
      test(`${key}: ${JSON.stringify(value)}`, async () => {
        const service = key === 'image' ? { image: value } : { image: 'x', [key]: value };
        const entries = Object.entries(service).map(
          ([name, one]) => `${JSON.stringify(name)}: ${JSON.stringify(one)}`,
        );
        await mustRefuse(async () => await load(`services: {a: {${entries.join(', ')}}}\n`));
      });

  test('every key that Baton honours has wrong values here', () => {
    const missing = Object.entries(support.service).flatMap(([key, { does }]) =>
      does === 'honours' && !(key in values) ? [key] : [],
    );
    assert.deepEqual(missing, []);
  });
});

describe('hostile saved plans', () => {
  for (const given of read('plans.yml') as Case[])
    test(given.what, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'baton-plan-'));
      try {
        const file = join(directory, 'plan.json');
        await writeFile(file, contentOf(given));
        const began = cpuMs();
        await assert.rejects(readSavedPlan(file), (error: unknown) => {
          assert.ok(error instanceof CommandFailure);
          assert.match(error.message, /plan\.json:\d+:\d+: error: /);
          return true;
        });
        assert.ok(cpuMs() - began < limitMs);
      } finally {
        await rm(directory, { recursive: true });
      }
    });
});
