/** The last word before a release is recorded: its own checks, then a soak; and the last word after an unwind. */
import { askedService, type Check } from '../domain/check.ts';
import { label } from '../domain/labels.ts';
import { isChanging, type ServicePlan } from '../domain/plan.ts';
import type { ServiceSpec } from '../domain/stack.ts';
import type { Owner, Subject } from '../domain/subject.ts';
import { beating, pause, permanent } from './activity.ts';
import { differencesFromBefore } from './before.ts';
import { askCheck } from './check.ts';
import { madeBy, resolveCommand } from './container.ts';
import { askAgain } from './health.ts';
import type { ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { loadRelease, secretsOf, serviceOfRelease } from './release.ts';
import type { Secrets } from './secrets.ts';

/** The soak looks this often; a restart between two looks is seen in the restart count. */
const soakEveryMs = 1_000;

export const validationActivities = (ports: Ports) => ({
  /** Runs every check of the release, then watches the changed services for their `min_healthy_time`. */
  async validateRelease(subject: Subject, plans: ServicePlan[]): Promise<void> {
    await beating(async (signal) => {
      const release = await loadRelease(ports, subject.stack, subject.release);
      const secrets = await secretsOf(ports, release);
      const checks = [
        ...release.spec.validate.map((check) => ({ check, owner: askedService(check) })),
        ...release.spec.services.flatMap((service) =>
          service.validate.map((check) => ({ check, owner: service.name })),
        ),
      ];
      for (const { check, owner } of checks) await ask(ports, subject, check, owner, secrets, signal);
      const changed = plans.filter((plan) => isChanging(plan) && plan.action !== 'remove');
      await soak(
        ports,
        subject,
        changed.map((plan) => ({ plan, service: serviceOfRelease(release, plan.service) })),
        secrets,
        signal,
      );
    });
  },

  /** Compares with what was written down before the operation. @returns what differs, in words. */
  async verifyPutBack(subject: Pick<Owner, 'operation'>): Promise<string[]> {
    return await beating(async () => [
      ...(await differencesFromBefore(ports, subject)),
      ...(await madeBy(ports.engine, subject)).map(
        ({ name }) => `Container "${name}" of the failed release is still there.`,
      ),
    ]);
  },
});

const containersOf = async ({ engine }: Ports, { stack }: Subject): Promise<ContainerState[]> =>
  await engine.listContainers({ labels: [`${label.stack}=${stack}`] });

const ofService = (containers: ContainerState[], service: string): ContainerState => {
  const found = containers.find(
    ({ labels, name }) => labels[label.service] === service && !name.includes('.baton-'),
  );
  if (!found) throw permanent('ContainerGone', `Service "${service}" has no container.`);
  return found;
};

const ask = async (
  ports: Ports,
  subject: Subject,
  check: Check,
  owner: string | undefined,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<void> => {
  const containerOf = async (service: string): Promise<ContainerState> =>
    ofService(await containersOf(ports, subject), service);
  const why = await askCheck(ports, resolveCommand(check, secrets.resolve), containerOf, signal);
  if (why === undefined) return;
  const container = owner === undefined ? undefined : await containerOf(owner);
  const logTail = container && secrets.redact(await ports.engine.logs(container.id, { tail: 20 }));
  throw permanent(
    'CheckFailed',
    `A check failed: ${secrets.redact(why)}`,
    logTail === undefined ? {} : { logTail },
  );
};

const asking = ({ engine, engineInfo }: Ports) => ({
  engine,
  reach: engineInfo.reach,
});

type Soaked = { plan: ServicePlan; service: ServiceSpec };

const soak = async (
  ports: Ports,
  subject: Subject,
  services: Soaked[],
  secrets: Secrets,
  signal: AbortSignal,
): Promise<void> => {
  const begun = performance.now();
  let first: ContainerState[] | undefined;
  let waiting = services;
  while (waiting.length > 0) {
    const now = await containersOf(ports, subject);
    first ??= now;
    const was = first;
    await Promise.all(
      waiting.map(async ({ plan, service }) => {
        await stillHealthy(
          signal,
          ports,
          plan,
          service,
          ofService(now, plan.service),
          ofService(was, plan.service),
          secrets,
        );
      }),
    );
    const elapsedMs = performance.now() - begun;
    waiting = waiting.filter(({ plan }) => plan.health !== 'completion' && elapsedMs < plan.minHealthyTimeMs);
    const leftMs = Math.max(0, ...waiting.map(({ plan }) => plan.minHealthyTimeMs - elapsedMs));
    if (waiting.length > 0) await pause(Math.min(soakEveryMs, leftMs), signal);
  }
};

const stillHealthy = async (
  signal: AbortSignal,
  ports: Ports,
  plan: ServicePlan,
  service: ServiceSpec,
  container: ContainerState,
  first: ContainerState,
  secrets: Secrets,
): Promise<void> => {
  const probe = service.probe && resolveCommand(service.probe, secrets.resolve);
  const { state, answer } = await askAgain(
    { ...asking(ports), health: plan.health, ...(probe ? { probe } : {}) },
    container,
    signal,
  );
  const restarted = container.restartCount > first.restartCount || container.startedAt !== first.startedAt;
  if (state === 'healthy' && !restarted) return;
  const why = restarted
    ? 'restarted while it was being watched'
    : `did not stay healthy: ${secrets.redact(answer)}`;
  const logTail = secrets.redact(await ports.engine.logs(container.id, { tail: 20 }));
  throw permanent('Unhealthy', `"${plan.service}" ${why}.`, { logTail });
};
