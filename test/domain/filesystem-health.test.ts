import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  healthFinding,
  oldScrubMs,
  parseAllocation,
  parseDeviceStats,
  parseScrub,
  type FilesystemHealth,
} from '../../domain/filesystem-health.ts';

/** As btrfs-progs 6.2 prints it. */
const status = (
  state: string,
  errors: string,
): string => `UUID:             bc163041-0989-4061-9b88-8598a78e1658
Scrub started:    Thu Nov 26 06:52:19 2026
Status:           ${state}
Duration:         0:00:00
Total to scrub:   384.00KiB
Rate:             0.00B/s
Error summary:    ${errors}
`;

test('a scrub is read, with its time and its errors', () => {
  const at = '2026-11-26T06:52:19.000Z';
  assert.deepEqual(parseScrub(status('finished', 'no errors found')), { state: 'finished', at });
  assert.deepEqual(parseScrub(status('running', 'csum=2')), { state: 'running', at, errors: 'csum=2' });
  assert.equal(parseScrub(status('aborted', 'no errors found')).state, 'aborted');
  assert.deepEqual(parseScrub('UUID: x\n\tno stats available\nError summary:    no errors found\n'), {
    state: 'never',
  });
});

test('of the counters of devices only those that count something are told', () => {
  const said = '[/dev/loop2].write_io_errs    0\n[/dev/loop2].corruption_errs  2\n';
  assert.deepEqual(parseDeviceStats(said), ['/dev/loop2 corruption_errs 2']);
  const strange = [
    'x[/dev/a].write_io_errs 3',
    '[/dev/a].write_io_errs 3 times',
    '[/dev/a].write_io_errs many',
    '',
  ];
  assert.deepEqual(parseDeviceStats(strange.join('\n')), []);
  assert.deepEqual(parseDeviceStats('[/dev/mapper/a b].flush_io_errs   12'), [
    '/dev/mapper/a b flush_io_errs 12',
  ]);
});

/** As btrfs-progs 6.2 prints it, in part. */
const usage = `Overall:
    Device size:                  1073741824
    Device allocated:              562036736
    Device unallocated:            511705088
    Used:                             393216

Data,single: Size:8388608, Used:0 (0.00%)
   /dev/loop2      8388608

Metadata,DUP: Size:268435456, Used:131072 (0.05%)
   /dev/loop2    536870912
`;

describe('what is allocated', () => {
  test('is read, in bytes', () => {
    assert.deepEqual(parseAllocation(usage), {
      unallocatedBytes: 511_705_088,
      metadataBytes: 268_435_456,
      metadataUsedBytes: 131_072,
    });
  });

  test('is not known where a part of it is missing, or means something else', () => {
    for (const [what, other] of [
      ['    Device unallocated:', '    Device unknown:'],
      ['    Device unallocated:', 'Device unallocated:'],
      ['511705088', '511705088B'],
      ['Metadata,DUP', 'Global Metadata,DUP'],
      ['Metadata,DUP: Size:268435456', 'Metadata,DUP: Size:'],
    ] as const)
      assert.equal(parseAllocation(usage.replace(what, other)), undefined, other);
    assert.equal(parseAllocation(''), undefined);
  });
});

describe('what a person should know', () => {
  const told = (health: Partial<FilesystemHealth>, now: string): string =>
    healthFinding({ filesystem: '/srv', scrub: { state: 'never' }, devices: [], ...health }, Date.parse(now))
      .detail;

  test('is said in words', () => {
    const finished = { state: 'finished', at: '2026-11-01T00:00:00.000Z' } as const;
    assert.equal(told({ scrub: finished }, '2026-11-01T23:59:59Z'), 'scrub finished, today, no errors');
    assert.equal(told({ scrub: finished }, '2026-11-02T00:00:00Z'), 'scrub finished, 1 day ago, no errors');
    assert.equal(
      told(
        { scrub: { ...finished, errors: 'csum=2' }, devices: ['/dev/a read_io_errs 1', '/dev/b x 2'] },
        '2026-11-11T00:00:00Z',
      ),
      'scrub finished, 10 days ago, csum=2; its devices counted errors: /dev/a read_io_errs 1, /dev/b x 2',
    );
    assert.equal(told({}, '2026-11-02T00:00:00Z'), 'never scrubbed: what has rotted is not known');
    assert.equal(
      told({ devices: ['/dev/a read_io_errs 1'] }, '2026-11-02T00:00:00Z'),
      'never scrubbed: what has rotted is not known; its devices counted errors: /dev/a read_io_errs 1',
    );
    assert.equal(
      told({ unknown: 'only root may' }, '2026-11-02T00:00:00Z'),
      'could not be asked: only root may',
    );
  });

  test('is that a scrub is old after 65 days', () => {
    const state = (ms: number): string =>
      healthFinding(
        { filesystem: '/srv', scrub: { state: 'finished', at: '2026-11-01T00:00:00.000Z' }, devices: [] },
        Date.parse('2026-11-01T00:00:00Z') + ms,
      ).state;
    assert.deepEqual([state(oldScrubMs), state(oldScrubMs + 1)], ['ok', 'warning']);
  });

  const at = '2026-11-01T00:00:00.000Z';
  const table: [string, Partial<FilesystemHealth>, string, 'ok' | 'warning' | 'problem'][] = [
    ['scrubbed lately', { scrub: { state: 'finished', at } }, '2026-11-26T00:00:00Z', 'ok'],
    ['scrubbed long ago', { scrub: { state: 'finished', at } }, '2027-02-26T00:00:00Z', 'warning'],
    ['a scrub that was cut off', { scrub: { state: 'aborted', at } }, '2026-11-02T00:00:00Z', 'warning'],
    ['under way', { scrub: { state: 'running', at } }, '2026-11-02T00:00:00Z', 'ok'],
    ['errors', { scrub: { state: 'finished', at, errors: 'csum=2' } }, '2026-11-02T00:00:00Z', 'problem'],
    ['never', {}, '2026-11-02T00:00:00Z', 'warning'],
    ['never, and errors', { devices: ['/dev/sda read_io_errs 1'] }, '2026-11-02T00:00:00Z', 'problem'],
    ['not to be asked', { unknown: 'only root may' }, '2026-11-02T00:00:00Z', 'warning'],
  ];
  for (const [title, health, now, state] of table)
    test(`${title}: ${state}`, () => {
      const whole = { filesystem: '/srv', scrub: { state: 'never' } as const, devices: [], ...health };
      assert.equal(healthFinding(whole, Date.parse(now)).state, state);
    });
});
