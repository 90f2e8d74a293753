/** Asks a Prometheus by its HTTP API, version 1: prometheus.io/docs/prometheus/latest/querying/api. */
import { z } from 'zod';
import { readSmallFile } from '../compose/small-file.ts';
import { cut } from '../domain/lines.ts';
import type { Prometheus, SecretSource } from '../domain/prometheus.ts';
import { redact } from './redact.ts';

/** Fifty series have some ten kilobytes; what is so much larger is another question than was meant. */
const mostBytes = 2 ** 20;
const longestReason = 200;

export type Series = { labels: Readonly<Record<string, string>>; value: number };

/** @property warnings of an answer that is not whole, as the server says it. */
export type Answer = { series: Series[]; warnings: string[] };

/** One that asks with the secret that was read when it was made. */
export type Ask = (query: string, signal: AbortSignal) => Promise<Answer>;

const point = z.tuple([z.number(), z.string()]);
const labels = z.record(z.string(), z.string());
const data = z.discriminatedUnion('resultType', [
  z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: labels, value: point.optional() })),
  }),
  z.object({ resultType: z.literal('scalar'), result: point }),
  z.object({ resultType: z.literal('string'), result: z.unknown() }),
  z.object({ resultType: z.literal('matrix'), result: z.unknown() }),
]);
const envelope = z.discriminatedUnion('status', [
  z.object({ status: z.literal('success'), data, warnings: z.array(z.string()).optional() }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);

/** @throws where the secret cannot be read; of what it is nothing is told. */
export const openPrometheus = async (
  { url, login }: Prometheus,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Ask> => {
  const secret =
    login && (await readSecret(login.by === 'bearer' ? login.token : login.password, environment));
  const basic = login?.by === 'basic' ? Buffer.from(`${login.user}:${secret ?? ''}`).toString('base64') : '';
  const authorization =
    login === undefined ? undefined : login.by === 'bearer' ? `Bearer ${secret ?? ''}` : `Basic ${basic}`;
  // A server may repeat what it was sent.
  const tellable = (text: string): string =>
    cut(redact(text, [basic, secret ?? '']).replaceAll(/[\s\p{Cc}]+/gu, ' '), longestReason);
  return async (query, signal) => {
    const { status, ok, text } = await post(`${url}/api/v1/query`, query, authorization, signal);
    const parsed = envelope.safeParse(json(text));
    if (parsed.success && parsed.data.status === 'error')
      throw new Error(tellable(`${parsed.data.errorType}: ${parsed.data.error}`));
    if (!ok) throw new Error(`answered ${status}`);
    if (!parsed.success || parsed.data.status === 'error')
      throw new Error('answered something else than the HTTP API of a Prometheus does');
    return { series: seriesOf(parsed.data.data), warnings: (parsed.data.warnings ?? []).map(tellable) };
  };
};

const readSecret = async (
  source: SecretSource,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> => {
  const [where, text] =
    'file' in source
      ? [source.file, (await readSmallFile(source.file)).toString()]
      : [`variable ${source.variable}`, environment[source.variable] ?? ''];
  const secret = text.trim();
  if (secret === '') throw new Error(`${where} is empty, or not there`);
  // Nothing else fits into a header, and a library that refuses it would show it.
  if (!/^[\x20-\x7e]+$/.test(secret)) throw new Error(`${where} holds more than one line of ASCII`);
  return secret;
};

/** As a form, since a query may be longer than an address may be. What is led elsewhere would take the secret along. */
const post = async (
  url: string,
  query: string,
  authorization: string | undefined,
  signal: AbortSignal,
): Promise<{ status: number; ok: boolean; text: string }> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ query }),
      headers: { Accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      redirect: 'manual',
      signal,
    });
    return { status: response.status, ok: response.ok, text: await readBody(response) };
  } catch (error) {
    if (error instanceof TooLarge) throw error;
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    throw new Error(
      signal.aborted ? 'no answer in time' : `cannot be reached: ${code ?? (error as Error).name}`,
    );
  }
};

class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/** What was packed is counted as it is unpacked. */
const readBody = async (response: Response): Promise<string> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > mostBytes) throw new TooLarge(`the answer has more than ${mostBytes / 2 ** 20} MiB`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
};

const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const seriesOf = (answer: z.infer<typeof data>): Series[] => {
  switch (answer.resultType) {
    case 'vector':
      return answer.result.map(({ metric, value }) => {
        if (!value) throw new Error('answers with histograms: ask histogram_quantile(…) or the like of them');
        return { labels: metric, value: numberOf(value[1]) };
      });
    case 'scalar':
      return [{ labels: {}, value: numberOf(answer.result[1]) }];
    case 'string':
      throw new Error('answers with a text, where a number is needed');
    case 'matrix':
      throw new Error('answers with many values of each series: ask max_over_time(…) or the like of them');
  }
};

/** As Go writes numbers. */
const numberOf = (text: string): number =>
  /^[+-]?Inf$/.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : text === '' ? NaN : Number(text);
