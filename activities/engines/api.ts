/** HTTP over an engine's Unix socket. Errors are translated here, once, to {@link EngineError}. */
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { EngineError, type EngineErrorCode } from '../ports/engine.ts';

/** Engines answer reads in milliseconds; a minute of silence means that something is wrong. */
const defaultTimeoutMs = 60_000;

export type Call = {
  method?: 'GET' | 'POST' | 'DELETE' | 'PUT';
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  /** A stream to send instead of JSON: a tar archive. */
  stream?: NodeJS.ReadableStream;
  headers?: Record<string, string>;
  /** 0: none. */
  timeoutMs?: number;
  signal?: AbortSignal;
};

export type EngineApi = {
  /** @returns the parsed JSON answer, or `undefined` for an empty one. */
  json: <T>(call: Call) => Promise<T>;
  /** As `json`, with `undefined` for "not found". */
  find: <T>(call: Call) => Promise<T | undefined>;
  /** The raw answer, for streams. The caller reads it to the end. */
  stream: (call: Call) => Promise<IncomingMessage>;
  bytes: (call: Call) => Promise<Buffer>;
  /** The connection itself, once the engine has switched it over to a process's streams. The caller ends it. */
  upgrade: (call: Call) => Promise<Socket>;
  close: () => void;
};

export const engineApi = (socketPath: string, engine: string): EngineApi => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });

  const send = async (call: Call): Promise<IncomingMessage> =>
    await new Promise((resolve, reject) => {
      begin(call, resolve, reject);
    });

  const upgrade = async (call: Call): Promise<Socket> =>
    await new Promise((resolve, reject) => {
      const refused = (response: IncomingMessage): void => {
        readAll(response).then((body) => {
          reject(refusal(response, body));
        }, reject);
      };
      const headers = { Connection: 'Upgrade', Upgrade: 'tcp' };
      begin({ ...call, headers }, refused, reject).once('upgrade', (_response, socket: Socket, head) => {
        socket.setTimeout(0);
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
    });

  const begin = (
    call: Call,
    resolve: (response: IncomingMessage) => void,
    reject: (error: Error) => void,
  ): ClientRequest => {
    const { method = 'GET', path, query = {}, body, stream, timeoutMs = defaultTimeoutMs, signal } = call;
    const pairs = Object.entries(query).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    );
    const search = pairs.length > 0 ? `?${new URLSearchParams(pairs).toString()}` : '';
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      Host: 'engine',
      ...(text === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
      ...(stream ? { 'Content-Type': 'application/x-tar', 'Transfer-Encoding': 'chunked' } : {}),
      ...call.headers,
    };
    const sent = request(
      {
        socketPath,
        agent,
        method,
        path: `${path}${search}`,
        headers,
        timeout: timeoutMs,
        ...(signal ? { signal } : {}),
      },
      resolve,
    );
    sent.once('timeout', () =>
      sent.destroy(
        new EngineError('timeout', `${engine} did not answer ${method} ${path} within ${timeoutMs} ms.`),
      ),
    );
    sent.once('error', (cause: NodeJS.ErrnoException) => {
      const away = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EACCES'].includes(cause.code ?? '');
      reject(
        away
          ? new EngineError(
              'unreachable',
              `${engine} does not answer at ${socketPath} (${cause.code ?? ''}).`,
              { cause },
            )
          : cause,
      );
    });
    if (stream) stream.pipe(sent);
    else sent.end(text);
    return sent;
  };

  const refusal = (response: IncomingMessage, body: Buffer): EngineError => {
    const text = body.toString('utf8');
    return new EngineError(codeOf(response.statusCode ?? 0, text), `${engine}: ${messageOf(text)}`);
  };

  const checked = async (call: Call): Promise<IncomingMessage> => {
    for (let look = 1; ; look += 1) {
      const response = await send(call);
      if ((response.statusCode ?? 0) < 400) return response;
      const body = await readAll(response);
      if (look === looks || !isOfOneEnding(call, response, body)) throw refusal(response, body);
    }
  };

  const json = async <T>(call: Call): Promise<T> => {
    const response = await checked(call);
    const text = (await readAll(response)).toString('utf8');
    // Podman answers some calls with a plain "OK".
    const isJson = response.headers['content-type']?.includes('json') ?? false;
    return (isJson && text.trim() !== '' ? JSON.parse(text) : undefined) as T;
  };

  return {
    json,
    stream: checked,
    upgrade,
    bytes: async (call) => await readAll(await checked(call)),
    async find<T>(call: Call) {
      try {
        return await json<T>(call);
      } catch (error) {
        if (error instanceof EngineError && error.code === 'not-found') return undefined;
        throw error;
      }
    },
    close: () => {
      agent.destroy();
    },
  };
};

/** What a look catches in its end has ended at the next one, or at the one after that. */
const looks = 3;

/** Podman answers so where a container goes away, or its process ends, while it looks: seen of 4.3, in lists and of one. */
const isOfOneEnding = ({ method = 'GET' }: Call, { statusCode }: IncomingMessage, body: Buffer): boolean =>
  method === 'GET' && statusCode === 500 && /no such (?:container|process)/i.test(body.toString('utf8'));

const readAll = async (response: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const messageOf = (text: string): string => {
  try {
    const { message, cause } = JSON.parse(text) as { message?: string; cause?: string };
    return message ?? cause ?? text;
  } catch {
    return text.trim();
  }
};

const wordings: [RegExp, EngineErrorCode][] = [
  [/port is already allocated|address already in use|bind for .* failed/i, 'port-taken'],
  [
    /name .* is already in use|already in use by container|name is in use|network already exists|name already used/i,
    'name-taken',
  ],
  [/no space left on device/i, 'no-space'],
  [/has active endpoints|is being used|network is being used|volume is in use|being used by/i, 'in-use'],
  // Podman looks at all interfaces of the host for a free subnet; one of them came or went meanwhile. That passes.
  [/no such network interface/i, 'internal'],
  // It read about a process that ended meanwhile.
  [/no such process/i, 'internal'],
  // Its networking lost an interface, or a file of its own, to another container's start or end: that passes, as a rule.
  [/netavark|aardvark/i, 'internal'],
  [/no such|not found|does not exist|unable to find/i, 'not-found'],
];

/** Engines put most of what went wrong into words; the status alone says little (Podman answers 500 for a taken port). */
const codeOf = (status: number, text: string): EngineErrorCode => {
  const worded = wordings.find(([pattern]) => pattern.test(text))?.[1];
  // Podman answers 500 for a container that goes away while it looks.
  if (status === 404 || /no such container/i.test(text)) return 'not-found';
  if (worded && worded !== 'not-found') return worded;
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 409) return 'in-use';
  if (status === 400) return worded ?? 'invalid';
  return worded === 'not-found' ? 'invalid' : 'internal';
};

/** A frame, or a part of one: from stdout or from stderr. */
export type Frame = { from: 'stdout' | 'stderr'; bytes: Buffer };

/** The frames of a stream as they come, none of them held back; see {@link demultiplex}. */
export async function* framesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  let from: Frame['from'] = 'stdout';
  /** Bytes of the frame under way that are still to come. */
  let left = 0;
  for await (const chunk of stream) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (left > 0 ? rest.length > 0 : rest.length >= 8) {
      if (left === 0) {
        from = rest[0] === 2 ? 'stderr' : 'stdout';
        left = rest.readUInt32BE(4);
        rest = rest.subarray(8);
        continue;
      }
      const bytes = rest.subarray(0, left);
      left -= bytes.length;
      rest = rest.subarray(bytes.length);
      yield { from, bytes };
    }
  }
  if (left > 0 || rest.length > 0)
    throw new EngineError('unreachable', 'The stream of a command was cut off in the middle.');
}

/** Docker's framing of stdout and stderr: 8 bytes of header, the last four the length (big-endian), then the payload. */
export const demultiplex = (buffer: Buffer): string => {
  const parts: string[] = [];
  let at = 0;
  while (at + 8 <= buffer.length) {
    const kind = buffer[at] ?? 0;
    // A TTY's output has no frames.
    if (kind > 2 || buffer[at + 1] !== 0 || buffer[at + 2] !== 0 || buffer[at + 3] !== 0)
      return buffer.toString('utf8');
    const length = buffer.readUInt32BE(at + 4);
    parts.push(buffer.toString('utf8', at + 8, at + 8 + length));
    at += 8 + length;
  }
  return parts.length > 0 || buffer.length === 0 ? parts.join('') : buffer.toString('utf8');
};
