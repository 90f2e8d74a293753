import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  healthFinding,
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
});

describe('what a person should know', () => {
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
