/** Probes: one question, one answer. A probe never throws for an unhealthy service; it says what it saw. */
import type { Probe } from '../domain/stack.ts';
import { EngineError, type ContainerState, type Engine, type Reach } from './ports/engine.ts';
import { askAddress, askThrough, timed, type Address, type Answer } from './probe-address.ts';

/** A service that needs longer to say "healthy" is not healthy. */
const defaultTimeoutMs = 5_000;

/** What probes are asked through. */
export type Asking = {
  engine: Engine;
  reach: Reach;
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
        return await timed(async () => await askExec(engine, probe, timeoutMs, container));
      case 'tcp':
      case 'http': {
        const { through, ...address } = addressFor(asking, probe, container);
        return through
          ? await askThrough(through, { probe, address, timeoutMs })
          : await askAddress({ probe, address, timeoutMs });
      }
    }
  } catch (error) {
    // The engine being away is not an answer about the service.
    if (error instanceof EngineError && error.code === 'unreachable') throw error;
    return { healthy: false, answer: error instanceof Error ? error.message : String(error) };
  }
};

/**
 * The container's own address where the host can reach it: a published port may be answered by the engine's proxy before
 * anything listens behind it. Else the host port it is published on.
 */
const addressFor = (
  asking: Asking,
  probe: { host?: string; port: number },
  container: ContainerState | undefined,
): Address & { through?: readonly string[] } => {
  if (probe.host !== undefined) return { host: probe.host, port: probe.port };
  if (!container) throw new Error('the probe names neither a service nor a host');
  if (container.networkMode === 'host') return { host: '127.0.0.1', port: probe.port };
  const own = Object.values(container.networks).find(({ ipAddress }) => ipAddress !== '')?.ipAddress;
  const { reach } = asking;
  if (own !== undefined && reach !== 'ports')
    return { host: own, port: probe.port, ...(reach === 'directly' ? {} : reach) };
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
  { command, contains }: Extract<Probe, { type: 'exec' }>,
  timeoutMs: number,
  container: ContainerState | undefined,
): Promise<Answer> => {
  if (!container) throw new Error('an exec probe needs a service');
  const { exitCode, output } = await engine.exec(container.id, command, { timeoutMs });
  if (exitCode === 0 && contains !== undefined && !output.includes(contains))
    return { healthy: false, answer: `its output does not hold ${JSON.stringify(contains)}` };
  const said = output.trim().split('\n').at(-1) ?? '';
  return {
    healthy: exitCode === 0,
    answer: `exit code ${exitCode}${said === '' ? '' : `: ${said.slice(0, 200)}`}`,
  };
};
