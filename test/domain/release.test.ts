/** What the history of a stack tells: which snapshots an undo with data brings back, and which releases did no good. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseOperationId, parseReleaseId, parseStackName } from '../../domain/names.ts';
import { keptReleases, snapshotsForUndo, takenBack, type ReleaseRecord } from '../../domain/release.ts';
import { snapshotName } from '../../domain/snapshot.ts';

/** `abab`: releases in the order in which they were committed, each with a snapshot of what was before. */
const history = (releases: string): ReleaseRecord[] =>
  Array.from(releases).map((letter, index) => {
    const release = parseReleaseId(letter.repeat(12));
    const operation = parseOperationId(index.toString(16).padStart(8, '0'));
    const stack = parseStackName('photos');
    assert.ok(release && operation && stack);
    const takenAt = `2026-01-01T00:00:0${index}Z`;
    const name = snapshotName({ stack, operation, purpose: 'before', takenAt });
    return {
      release,
      operation,
      committedAt: takenAt,
      kind: 'deploy',
      snapshots: [{ path: '/srv/photos', name }],
    };
  });

/** `a1`: an undo to release `a…` needs the snapshot of the record 1. */
const needed = (releases: string): string[] =>
  snapshotsForUndo(history(releases))
    .map(({ release, name }) => `${release.slice(0, 1)}${Number.parseInt(name.split('.').at(-1) ?? '', 16)}`)
    .sort();

describe('snapshots for an undo', () => {
  const rows: [string, string[], string][] = [
    ['', [], 'none without a release'],
    ['a', [], 'none of before the first release: nothing can be undone to'],
    ['abc', ['a1', 'b2'], 'one a release that was replaced'],
    ['aba', ['a1', 'b2'], 'also to the release that runs again'],
    ['abab', ['a3', 'b2'], 'the last one, where a release was replaced twice'],
    ['aab', ['a2'], 'the last one, where it was replaced by itself'],
    ['abcdef', ['b2', 'c3', 'd4', 'e5'], `none of releases older than the newest ${keptReleases}`],
  ];
  for (const [releases, expected, title] of rows)
    test(`${title} (${releases || 'nothing'})`, () => {
      assert.deepEqual(needed(releases), expected);
    });
});

describe('releases that were taken back', () => {
  /** `ab<a`: `b` was undone by a playbook; `ab~a`: by a person. */
  const told = (story: string): string[] => {
    const letters = Array.from(story).filter((letter) => /[a-z]/.test(letter));
    const before = (letter: number): string =>
      story.replaceAll(/([<~]?)[a-z]/g, '$1|').split('|')[letter] ?? '';
    const records = history(letters.join('')).map((record, index): ReleaseRecord => {
      const mark = before(index);
      return {
        ...record,
        kind: mark === '' ? 'deploy' : 'undo',
        ...(mark === '<' ? { because: 'undo-recent-deploy: slower-since-deploy' } : {}),
      };
    });
    return takenBack(records).map(({ release, at }) => `${release.slice(0, 1)} at ${at.slice(-3, -1)}`);
  };
  const rows: [string, string[], string][] = [
    ['ab', [], 'none without an undo'],
    ['ab~a', [], 'none of which a person knows why'],
    ['ab<a', ['b at 02'], 'what a playbook took back'],
    ['ab<acd', ['b at 02'], 'also long ago'],
    ['ab<ab', [], 'not once it was deployed all the same'],
    ['ab<ab<a', ['b at 04'], 'the last time, where it was twice'],
  ];
  for (const [story, expected, title] of rows)
    test(`${title} (${story})`, () => {
      assert.deepEqual(told(story), expected);
    });
});
