/** What the door says and hears over HTTP, whoever asks. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Of one address or one ticket: a person looks and answers, a guesser tries. */
const requestsPerMinute = 60;
const minuteMs = 60_000;

/** What is answered instead; the message is for whoever asked. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** @throws Refusal where there is more of it than `limit` bytes. */
export const readBody = async (request: IncomingMessage, limit: number): Promise<Buffer> => {
  const tooLong = new Refusal(413, 'That is too long.');
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLong;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) throw tooLong;
    parts.push(part);
  }
  return Buffer.concat(parts);
};

/** @throws Refusal where it is something else. */
export const jsonObject = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new Refusal(400, 'That is no JSON object.');
};

/** @param page with the nonce of its own style and script. */
export const sendPage = (response: ServerResponse, page: (nonce: string) => string): void => {
  const nonce = randomBytes(16).toString('base64');
  response.writeHead(200, {
    ...headers,
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  });
  response.end(page(nonce));
};

export const sendJson = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, {
    ...headers,
    'Content-Type': 'application/json',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    ...(status === 429 || status === 503 ? { 'Retry-After': '60' } : {}),
  });
  response.end(JSON.stringify(value));
};

const headers = {
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Counts by key and minute. */
export const rateLimit = (): ((key: string) => boolean) => {
  const counts = new Map<string, number>();
  let minute = 0;
  return (key) => {
    const now = Math.floor(performance.now() / minuteMs);
    if (now !== minute) counts.clear();
    minute = now;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= requestsPerMinute;
  };
};
