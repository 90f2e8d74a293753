/** Probes: one question, one answer. A probe never throws for an unhealthy service; it says what it saw. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Probe } from '../domain/stack.ts';
import { EngineError, type ContainerState, type Engine } from './ports/engine.ts';

export type Answer = { healthy: boolean; answer: string };

/** A service that needs longer to say "healthy" is not healthy. */
const defaultTimeoutMs = 5_000;
/** Enough of a body to find a word in it. */
const bodyLimitBytes = 64 * 1024;

/** What probes are asked through. */
export type Asking = {
  engine: Engine;
  /** True where the host can reach a container at its own address. */
  canReachContainers: boolean;
  /** An answer is waited for no longer than this, whatever the probe's own timeout. */
  patienceMs?: number;
};

/** @param container where the question is asked; absent for a probe that names a `host`. */
export const askProbe = async (asking: Asking, probe: Probe, container?: ContainerState): Promise<Answer> => {
  const { engine } = asking;
  const timeoutMs = Math.min(probe.timeoutMs ?? defaultTimeoutMs, asking.patienceMs ?? Infinity);
  try {
    switch (probe.type) {
      case 'exec':
        return await askExec(engine, probe.command, timeoutMs, container);
      case 'tcp':
        return await askTcp(addressFor(asking, probe, container), timeoutMs);
      case 'http':
        return await askHttp(probe, addressFor(asking, probe, container), timeoutMs);
    }
  } catch (error) {
    // The engine being away is not an answer about the service.
    if (error instanceof EngineError && error.code === 'unreachable') throw error;
    return { healthy: false, answer: error instanceof Error ? error.message : String(error) };
  }
};

type Address = { host: string; port: number };

/**
 * The container's own address where the host can reach it: a published port may be answered by the engine's proxy before
 * anything listens behind it. Else the host port it is published on.
 */
const addressFor = (
  asking: Asking,
  probe: { host?: string; port: number },
  container: ContainerState | undefined,
): Address => {
  if (probe.host !== undefined) return { host: probe.host, port: probe.port };
  if (!container) throw new Error('the probe names neither a service nor a host');
  if (container.networkMode === 'host') return { host: '127.0.0.1', port: probe.port };
  const own = Object.values(container.networks).find(({ ipAddress }) => ipAddress !== '')?.ipAddress;
  if (own !== undefined && asking.canReachContainers) return { host: own, port: probe.port };
  const published = container.ports.find(
    ({ containerPort, protocol }) => containerPort === probe.port && protocol === 'tcp',
  );
  if (published)
    return { host: anyAddress(published.hostIp) ? '127.0.0.1' : published.hostIp, port: published.hostPort };
  throw new Error(`port ${probe.port} cannot be reached from the host: publish it, or use an exec probe`);
};

const anyAddress = (ip: string): boolean => ip === '' || ip === '0.0.0.0' || ip === '::';

const askExec = async (
  engine: Engine,
  command: string[],
  timeoutMs: number,
  container: ContainerState | undefined,
): Promise<Answer> => {
  if (!container) throw new Error('an exec probe needs a service');
  const { exitCode, output } = await engine.exec(container.id, command, { timeoutMs });
  const said = output.trim().split('\n').at(-1) ?? '';
  return {
    healthy: exitCode === 0,
    answer: `exit code ${exitCode}${said === '' ? '' : `: ${said.slice(0, 200)}`}`,
  };
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
  const { status, body } = await fetchOnce(probe, host, port, timeoutMs);
  const expected = probe.status === undefined ? status >= 200 && status < 400 : status === probe.status;
  if (!expected) return { healthy: false, answer: `HTTP ${status} from ${probe.path}` };
  if (probe.bodyContains !== undefined && !body.includes(probe.bodyContains))
    return {
      healthy: false,
      answer: `the answer of ${probe.path} does not contain ${JSON.stringify(probe.bodyContains)}`,
    };
  return { healthy: true, answer: `HTTP ${status}` };
};

const fetchOnce = async (
  probe: Extract<Probe, { type: 'http' }>,
  host: string,
  port: number,
  timeoutMs: number,
): Promise<{ status: number; body: string }> =>
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
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, body });
        });
        response.once('error', reject);
      },
    );
    request.once('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.once('error', reject);
    request.end();
  });
