/** When a host is short of memory, and which service is told to have grown. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  hostMemoryFindings,
  hostMemoryPlace,
  parseHostMemory,
  type Taken,
} from '../../domain/host-memory.ts';

const gibibyte = 2 ** 30;
const host = (availableGib: number, stalledPercent?: number) => ({
  totalBytes: 16 * gibibyte,
  availableBytes: availableGib * gibibyte,
  ...(stalledPercent === undefined ? {} : { stalledPercent }),
});
const taken = (place: string, gib: number, usualGib: number): Taken => ({
  place,
  bytes: gib * gibibyte,
  usualBytes: usualGib * gibibyte,
});

describe('the memory of a host', () => {
  for (const [title, memory, state] of [
    ['with a tenth left is fine', host(1.6), 'fine'],
    ['with less is a warning', host(1.5), 'warning'],
    ['with less than a twentieth is critical', host(0.7), 'critical'],
    ['for which everything waits is critical, however much is left', host(8, 60), 'critical'],
    ['for which little waits is not', host(8, 59), 'fine'],
  ] as const)
    test(title, () => {
      const [found] = hostMemoryFindings(memory, []);
      assert.deepEqual([found?.what, found?.state], ['memory-pressure', state]);
    });

  const grownIn = (memory: Parameters<typeof hostMemoryFindings>[0], ...all: Taken[]) =>
    hostMemoryFindings(memory, all)
      .slice(1)
      .map(({ what, where, state }) => [what, where, state]);

  test('names the service that has grown most, not the one that takes most', () => {
    assert.deepEqual(grownIn(host(1), taken('shop/db', 8, 8), taken('shop/web', 3, 1)), [
      ['memory-grown', 'shop/web', 'warning'],
    ]);
  });

  test('names none whose growth would not be felt, and none while there is enough', () => {
    assert.deepEqual(grownIn(host(1), taken('shop/web', 1.7, 1)), []);
    assert.deepEqual(grownIn(host(8), taken('shop/web', 9, 1)), []);
  });

  test('is read as the kernel tells it', () => {
    const meminfo = 'MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    4096 kB\n';
    const pressure =
      'some avg10=1.00 avg60=2.00 avg300=3.00 total=4\nfull avg10=0.10 avg60=0.25 avg300=0.00 total=1\n';
    const memory = { totalBytes: 16384 * 1024, availableBytes: 4096 * 1024 };
    assert.deepEqual(parseHostMemory(meminfo, pressure), { ...memory, stalledPercent: 0.25 });
    assert.deepEqual(parseHostMemory(meminfo), memory);
    assert.equal(parseHostMemory('MemTotal: 16384 kB\n'), undefined, 'kernels before 3.14');
  });
});

describe('in words', () => {
  const [pressure, grown] = hostMemoryFindings(host(1, 12.4), [taken('shop/web', 3, 1)]);

  test('what can be had is told, and how long all waited for it', () => {
    assert.deepEqual(pressure, {
      what: 'memory-pressure',
      where: hostMemoryPlace,
      state: 'warning',
      evidence: '1.0 GiB of 16 GiB (6 %) can be had, and all waited for it 12 % of the last minute',
    });
    const evidence = (stalled?: number): string | undefined =>
      hostMemoryFindings(host(1, stalled), [])[0]?.evidence;
    assert.equal(evidence(), '1.0 GiB of 16 GiB (6 %) can be had');
    assert.equal(evidence(0.9), evidence());
    assert.match(evidence(1) ?? '', /waited for it 1 %/);
    assert.equal(hostMemoryPlace, 'host memory');
  });

  test('who has grown is told with how much', () => {
    assert.equal(
      grown?.evidence,
      '3.0 GiB, 2.0 GiB more than usual in the last week, while the host is short of memory',
    );
    const felt = taken('shop/web', 1.8, 1);
    assert.equal(hostMemoryFindings(host(1), [felt]).length, 2, 'a twentieth is felt');
    assert.equal(hostMemoryFindings(host(0.8), [])[0]?.state, 'warning', 'and a twentieth left is no less');
  });

  test('what is no such text is nothing', () => {
    const meminfo = (total: number, available: number): string =>
      `MemTotal: ${total} kB\nMemAvailable: ${available} kB\n`;
    assert.equal(parseHostMemory(meminfo(0, 0)), undefined);
    assert.equal(parseHostMemory(meminfo(4, 0))?.availableBytes, 0);
    assert.equal(parseHostMemory(meminfo(4, 1), 'x full avg10=1 avg60=7')?.stalledPercent, undefined);
  });
});
