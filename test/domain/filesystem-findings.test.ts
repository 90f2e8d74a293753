/** What btrfs says, judged. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { filesystemFindings } from '../../domain/filesystem-findings.ts';
import { parseAllocation, type FilesystemHealth } from '../../domain/filesystem-health.ts';

const now = Date.parse('2026-11-26T03:00:00Z');
const days = (count: number): string => new Date(now - count * 86_400_000).toISOString();
const health = (more: Partial<FilesystemHealth> = {}): FilesystemHealth => ({
  filesystem: '/srv',
  scrub: { state: 'finished', at: days(10) },
  devices: [],
  ...more,
});
const told = (more: Partial<FilesystemHealth>): Record<string, string> =>
  Object.fromEntries(filesystemFindings(health(more), now).map(({ what, state }) => [what, state]));

/** By btrfs-progs 6.2. */
const usage = `Overall:
    Device size:\t\t\t      1073741824
    Device allocated:\t\t       391643136
    Device unallocated:\t\t       682098688
    Used:\t\t\t          294912

Data,single: Size:8388608, Used:0 (0.00%)
   /dev/loop0\t   8388608

Metadata,DUP: Size:53673984, Used:114688 (0.21%)
   /dev/loop0\t 107347968
`;

describe('a btrfs filesystem', () => {
  test('that is well says so, and one that could not be asked says nothing', () => {
    assert.deepEqual(told({}), { 'filesystem-errors': 'fine', 'scrub-old': 'fine' });
    assert.deepEqual(told({ unknown: 'not permitted' }), {});
  });

  test('with errors is critical, whoever found them', () => {
    assert.equal(told({ devices: ['/dev/sda corruption_errs 2'] })['filesystem-errors'], 'critical');
    const scrub = { state: 'finished', at: days(1), errors: 'csum=2' } as const;
    assert.equal(told({ scrub })['filesystem-errors'], 'critical');
  });

  test('wants a scrub where the last one is old or did not end', () => {
    assert.equal(told({ scrub: { state: 'finished', at: days(66) } })['scrub-old'], 'warning');
    assert.equal(told({ scrub: { state: 'aborted', at: days(1) } })['scrub-old'], 'warning');
    assert.equal(told({ scrub: { state: 'running', at: days(99) } })['scrub-old'], 'fine');
    assert.equal(told({ scrub: { state: 'never' } })['scrub-old'], 'info');
  });

  test('has no room for metadata where nothing is left to allocate', () => {
    const full = { unallocatedBytes: 2 ** 20, metadataBytes: 100, metadataUsedBytes: 91 };
    const of = (more: object) => told({ allocation: { ...full, ...more } })['filesystem-metadata-full'];
    assert.equal(of({}), 'critical');
    assert.equal(of({ unallocatedBytes: 2 ** 31 }), 'fine');
    assert.equal(of({ metadataUsedBytes: 50 }), 'fine');
  });

  test('has room at the borders', () => {
    const of = (unallocatedBytes: number, metadataBytes: number, metadataUsedBytes: number) =>
      told({ allocation: { unallocatedBytes, metadataBytes, metadataUsedBytes } })[
        'filesystem-metadata-full'
      ];
    assert.deepEqual(
      [of(2 ** 30, 100, 90), of(2 ** 30 - 1, 100, 90), of(0, 100, 89)],
      ['fine', 'critical', 'fine'],
    );
    assert.equal(of(0, 0, 0), 'fine');
    assert.equal(told({ scrub: { state: 'finished', at: days(65) } })['scrub-old'], 'fine');
  });

  test('says what it found, in words', () => {
    const words = (more: Partial<FilesystemHealth>): string[] =>
      filesystemFindings(health(more), now).map(({ evidence }) => evidence);
    assert.deepEqual(words({}), ['no errors of its devices', 'scrub finished on 2026-11-16']);
    const scrub = { state: 'running', at: days(1), errors: 'csum=2' } as const;
    const allocation = { unallocatedBytes: 2 ** 20, metadataBytes: 1_000, metadataUsedBytes: 914 };
    assert.deepEqual(words({ scrub, devices: ['/dev/a x 1', '/dev/b x 2'], allocation }), [
      '/dev/a x 1, /dev/b x 2, its scrub found csum=2',
      'scrub running on 2026-11-25',
      '91 % of its metadata in use, 1.0 MiB not allocated',
    ]);
    assert.deepEqual(words({ scrub: { state: 'never' } }), [
      'no errors of its devices',
      'never scrubbed: what has rotted is not known',
    ]);
  });

  test('tells what is allocated', () => {
    assert.deepEqual(parseAllocation(usage), {
      unallocatedBytes: 682_098_688,
      metadataBytes: 53_673_984,
      metadataUsedBytes: 114_688,
    });
    assert.equal(parseAllocation('Overall:\n'), undefined);
  });
});
