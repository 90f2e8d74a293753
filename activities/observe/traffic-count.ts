/** Counts what Traefik tells, from where it was read to before. */
import { grownSince, readTrafficMetrics, type TrafficTotals } from '../../domain/traffic-metrics.ts';
import { readTrafficLine, type TrafficName } from '../../domain/traffic-line.ts';
import type { Counted } from '../../domain/traffic.ts';
import { readAppended, type ReadTo } from '../appended.ts';

export type TrafficPlace = { log: ReadTo } | { metrics: TrafficTotals };

/** `missed`: why not all of it was counted. */
type Count = { place: TrafficPlace; counted: Counted; missed?: string };

export const countLog = async (file: string, from: TrafficPlace | undefined): Promise<Count> => {
  const requests = new Map<TrafficName, number>();
  let unreadable = 0;
  const begin = from && 'log' in from ? from.log : undefined;
  const { readTo, lines, tooLong, missed } = await readAppended(file, begin, (line) => {
    const told = readTrafficLine(line);
    if (told === undefined) unreadable += 1;
    else if (told !== 'unrouted') requests.set(told, (requests.get(told) ?? 0) + 1);
  });
  unreadable += tooLong;
  const why = missed === undefined ? strangeness(file, unreadable, lines) : `${file}: ${missed}`;
  const counted = { requests, unreadable };
  return { place: { log: readTo }, counted, ...(why === undefined ? {} : { missed: why }) };
};

/** One bad line is a client's; where most are, Traefik writes another format, or it is another program's log. */
const strangeness = (file: string, unreadable: number, lines: number): string | undefined =>
  unreadable * 2 > lines
    ? `${file}: ${unreadable} of ${lines} lines are no lines of Traefik’s access log, or do not tell their router`
    : undefined;

/** It is on this machine, or near it. */
const answerMs = 10_000;
/** Ten thousand routers with all their codes. */
const mostBytes = 16 * 2 ** 20;

export const countMetrics = async (url: string, from: TrafficPlace | undefined): Promise<Count> => {
  const now = readTrafficMetrics(await download(url));
  const before = from && 'metrics' in from ? from.metrics : now;
  return { place: { metrics: now }, counted: { requests: grownSince(before, now), unreadable: 0 } };
};

const download = async (url: string): Promise<string> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(answerMs), redirect: 'error' }).catch(
    (error: unknown) => {
      const { message, cause } = error as Error;
      throw new Error(`${url}: ${cause instanceof Error ? cause.message : message}`, { cause: error });
    },
  );
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url}: it answers ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error(`${url}: its answer is longer than ${mostBytes / 2 ** 20} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};
