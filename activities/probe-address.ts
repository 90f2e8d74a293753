/** Probes that ask at an address: over TCP, over HTTP. */
import { execa } from 'execa';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { join } from 'node:path';
import type { Probe } from '../domain/stack.ts';

export type Answer = {
  healthy: boolean;
  answer: string;
  /** Until it came. */
  tookMs?: number;
  /** When the certificate expires that it came with. ISO 8601, UTC. */
  certificateUntil?: string;
};
export type Address = { host: string; port: number };
/** Everything that is needed to ask from elsewhere. */
export type Question = {
  probe: Extract<Probe, { type: 'tcp' | 'http' }>;
  address: Address;
  timeoutMs: number;
};

/** Enough of a body to find a word in it. */
const bodyLimitBytes = 64 * 1024;
/** A command that changes namespaces and starts Node takes about 0.2 s. */
const startMs = 5_000;

/** Rejects where nothing is to be had from the address in time. */
export const askAddress = async ({ probe, address, timeoutMs }: Question): Promise<Answer> =>
  await timed(async () =>
    probe.type === 'tcp' ? await askTcp(address, timeoutMs) : await askHttp(probe, address, timeoutMs),
  );

/** Measured where the question is asked: to get there may take longer than the answer. */
export const timed = async (ask: () => Promise<Answer>): Promise<Answer> => {
  const began = performance.now();
  const answer = await ask();
  return { ...answer, tookMs: performance.now() - began };
};

/**
 * Asks from where `through` puts a command, such as the network namespace of a rootless engine.
 * The question goes by standard input: a header may be secret, and arguments are seen by everyone.
 */
export const askThrough = async (through: readonly string[], question: Question): Promise<Answer> => {
  const [command = '', ...args] = through;
  const script = join(import.meta.dirname, 'probe-from-there.ts');
  const { stdout } = await execa(command, [...args, process.execPath, script], {
    input: JSON.stringify(question),
    timeout: question.timeoutMs + startMs,
  });
  return JSON.parse(stdout) as Answer;
};

const askTcp = async ({ host, port }: Address, timeoutMs: number): Promise<Answer> =>
  await new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: Answer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => {
      end({ healthy: false, answer: `no answer from ${host}:${port} within ${timeoutMs} ms` });
    });
    socket.once('connect', () => {
      end({ healthy: true, answer: `${host}:${port} accepts connections` });
    });
    socket.once('error', (error) => {
      end({ healthy: false, answer: error.message });
    });
  });

const askHttp = async (
  probe: Extract<Probe, { type: 'http' }>,
  { host, port }: Address,
  timeoutMs: number,
): Promise<Answer> => {
  const begun = performance.now();
  const { certificateUntil, ...page } = await fetchOnce(probe, host, port, timeoutMs);
  const answer = judgePage(probe, page, Math.round(performance.now() - begun));
  return { ...answer, ...(certificateUntil === undefined ? {} : { certificateUntil }) };
};

type Page = { status: number; body: string; headers: IncomingHttpHeaders };

const judgePage = (
  probe: Extract<Probe, { type: 'http' }>,
  { status, body, headers }: Page,
  tookMs: number,
): Answer => {
  const expected = probe.status === undefined ? status >= 200 && status < 400 : status === probe.status;
  if (!expected) return { healthy: false, answer: `HTTP ${status} from ${probe.path}` };
  if (probe.bodyContains !== undefined && !body.includes(probe.bodyContains))
    return {
      healthy: false,
      answer: `the answer of ${probe.path} does not contain ${JSON.stringify(probe.bodyContains)}`,
    };
  for (const [name, wanted] of Object.entries(probe.responseHeaders ?? {})) {
    const value = [headers[name.toLowerCase()] ?? []].flat().join(', ');
    if (value === '') return { healthy: false, answer: `the answer of ${probe.path} has no header ${name}` };
    if (!value.includes(wanted))
      // What it holds instead may be nobody's business, such as a cookie.
      return {
        healthy: false,
        answer: `the header ${name} of ${probe.path} does not hold ${JSON.stringify(wanted)}`,
      };
  }
  if (probe.withinMs !== undefined && tookMs > probe.withinMs)
    return { healthy: false, answer: `the answer of ${probe.path} took ${tookMs} ms` };
  return { healthy: true, answer: `HTTP ${status}` };
};

const fetchOnce = async (
  probe: Extract<Probe, { type: 'http' }>,
  host: string,
  port: number,
  timeoutMs: number,
): Promise<Page & { certificateUntil?: string }> =>
  await new Promise((resolve, reject) => {
    const send = probe.scheme === 'https' ? httpsRequest : httpRequest;
    const request = send(
      // Health is asked of the container itself, whose certificate names its public host.
      {
        host,
        port,
        path: probe.path,
        timeout: timeoutMs,
        headers: probe.headers ?? {},
        agent: false,
        rejectUnauthorized: false,
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (body.length < bodyLimitBytes) body += chunk;
        });
        const certificateUntil = certificateEnd(response.socket);
        response.once('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            body,
            headers: response.headers,
            ...(certificateUntil === undefined ? {} : { certificateUntil }),
          });
        });
        response.once('error', reject);
      },
    );
    request.once('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.once('error', reject);
    request.end();
  });

/** It says so as `Nov 26 10:00:00 2027 GMT`. */
const certificateEnd = (socket: Socket): string | undefined => {
  const until = socket instanceof TLSSocket ? Date.parse(socket.getPeerCertificate().valid_to) : NaN;
  return Number.isNaN(until) ? undefined : new Date(until).toISOString();
};
