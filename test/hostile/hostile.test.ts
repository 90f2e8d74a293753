/**
 * The corpus of hostile and broken files: each is refused in under a second, with a place for every problem, and nothing is
 * thrown. The list is data: stacks.yml, and wrong values for every key of a service in services.yml.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { CommandFailure } from '../../client/failure.ts';
import { readSavedPlan } from '../../client/saved-plan.ts';
import { support } from '../../compose/support.ts';
import { load } from '../compose/loading.ts';

type Case = {
  what: string;
  text?: string;
  base64?: string;
  repeat?: [before: string, piece: string, times: number, after: string];
  files?: Record<string, string>;
};

const read = (name: string): unknown => parse(readFileSync(join(import.meta.dirname, name), 'utf8'));

const contentOf = ({ text, base64, repeat }: Case): string | Uint8Array => {
  if (base64 !== undefined) return new Uint8Array(Buffer.from(base64, 'base64'));
  if (!repeat) return text ?? '';
  const [before, piece, times, after] = repeat;
  return `${before}${piece.repeat(times)}${after}`;
};

const mustRefuse = async (
  content: string | Uint8Array,
  files: Record<string, string> = {},
): Promise<void> => {
  const began = performance.now();
  const loaded = await load(content, { files });
  const tookMs = performance.now() - began;
  assert.ok(!loaded.ok, 'it was accepted');
  const errors = loaded.problems.filter(({ severity }) => severity === 'error');
  assert.ok(errors.length > 0);
  for (const { at, message } of errors)
    assert.ok(at && at.line >= 1 && at.column >= 1, `no place: ${message}`);
  assert.ok(tookMs < 1000, `it took ${Math.round(tookMs)} ms`);
};

describe('hostile stacks', () => {
  for (const given of read('stacks.yml') as Case[])
    test(given.what, async () => {
      await mustRefuse(contentOf(given), given.files);
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
        await mustRefuse(`services: {a: {${entries.join(', ')}}}\n`);
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
        const began = performance.now();
        await assert.rejects(readSavedPlan(file), (error: unknown) => {
          assert.ok(error instanceof CommandFailure);
          assert.match(error.message, /plan\.json:\d+:\d+: error: /);
          return true;
        });
        assert.ok(performance.now() - began < 1000);
      } finally {
        await rm(directory, { recursive: true });
      }
    });
});
