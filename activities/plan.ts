/** Planning: read what is wanted, look at what is there, and let the pure rules compare the two. */
import { loadStack } from '../compose/load.ts';
import { checkVariables } from '../compose/check-variables.ts';
import { classesOf } from '../domain/data-set.ts';
import { protectedData, type DataPlan } from '../domain/data.ts';
import type { OperationRequest } from '../domain/operation.ts';
import type { ReleaseId, ServiceName } from '../domain/names.ts';
import type { EventKind } from '../domain/event.ts';
import type { Gate } from '../domain/gate.ts';
import type { Plan, WantedExchange } from '../domain/plan.ts';
import { planChange } from '../domain/planner.ts';
import type { Problem } from '../domain/problem.ts';
import { unprovenProblems } from '../domain/restore-test.ts';
import { replacementOf, type Release, type ReleaseRecord } from '../domain/release.ts';
import type { StackSpec } from '../domain/stack.ts';
import { beating } from './activity.ts';
import { placedSets, restoreStates } from './data-set.ts';
import { gateFor } from './gate.ts';
import { contentHash } from './hash.ts';
import type { Ports } from './ports/index.ts';
import { loadRelease, makeRelease, secretsOf, serviceHash } from './release.ts';
import { dumpedKind } from './restore-dump.ts';
import { lookAtWorld } from './world.ts';

/** Without a plan, `problems` say why there can be none. `hears`: what of it people are told. */
export type Prepared = { hears?: EventKind[]; problems: Problem[] } & (
  { plan: Plan; digest: string; gate?: Gate } | { plan?: undefined }
);

export const planActivities = (ports: Ports) => ({
  /**
   * Makes the plan of an operation and stores the release it leads to. `settling` names the release of an earlier plan
   * whose images have been fetched since. @returns only problems where there can be no plan.
   */
  async preparePlan(request: OperationRequest, settling?: ReleaseId): Promise<Prepared> {
    return await beating(async () => {
      const { gate, hears, problems } = await gateFor(ports, request);
      const told = hears ? { hears } : {};
      if (problems.length > 0) return { problems, ...told };
      const wanted = await wantedOf(ports, request, settling);
      if ('problems' in wanted) return { ...wanted, ...told };
      const prepared = await planFor(ports, request, wanted, settling !== undefined);
      return { ...prepared, ...(prepared.plan && gate ? { gate } : {}), ...told };
    });
  },

  /** One digest for several plans, by their own. */
  digestPlans(digests: string[]): Promise<string> {
    return Promise.resolve(contentHash(digests));
  },
});

type WantedSpec = {
  spec: StackSpec;
  variables: Record<string, string>;
  pinned?: Release;
  images?: Partial<Record<ServiceName, string>>;
  running?: Release;
  warnings: Problem[];
  restore: Kept[];
};

/** A snapshot that takes the place of a path's data. */
type Kept = ReleaseRecord['snapshots'][number];

const planFor = async (
  ports: Ports,
  request: OperationRequest,
  wanted: WantedSpec,
  settling: boolean,
): Promise<Prepared> => {
  const { spec, variables, pinned, images, running, warnings, restore } = wanted;
  const secrets = await secretsOf(ports, { spec, variables });
  const unresolved = await checkVariables(spec, { variables, environment: ports.environment });
  if (unresolved.some(({ severity }) => severity === 'error')) return { problems: unresolved };
  const world = await lookAtWorld(ports, {
    spec,
    secrets,
    ...(pinned ? { pinned } : {}),
    ...(images ? { exactly: images } : {}),
    ...(running ? { runningRelease: running.id } : {}),
    options: request.options,
    classes: classesOf(await placedSets(ports)),
    exchanged: restore.map(({ path }) => path),
    settling,
  });
  const release = await makeRelease(spec, variables, world.images, secrets);
  await ports.memory.putRelease(release);
  const paths = new Set(spec.files.map(({ path }) => path));
  const plan = planChange(
    {
      kind: request.kind,
      release: release.id,
      spec,
      hashes: Object.fromEntries(
        spec.services.flatMap((service) => {
          const hash = serviceHash(release, service);
          return hash === undefined ? [] : [[service.name, hash] as const];
        }),
      ),
      ...(images ? { images } : {}),
      copyLimitBytes: request.options.copyLimitBytes,
      restore: await withKinds(ports, restore),
      discard: request.source.from === 'nothing' && request.source.withData,
      ...(running ? { running: running.spec } : {}),
      obsoleteFiles: (running?.spec.files ?? []).flatMap(({ path }) => (paths.has(path) ? [] : [path])),
    },
    world,
  );
  const problems = [
    ...plan.problems,
    ...warnings,
    ...unresolved,
    ...unprovenProblems(
      await restoreStates(
        ports,
        protectedData(plan.data).map(({ path }) => path),
      ),
    ),
  ];
  return checked(request, { ...plan, problems }, settling);
};

/** A dump does not take the place of files: its database takes it in. */
const withKinds = async (ports: Ports, restore: readonly Kept[]): Promise<WantedExchange[]> =>
  await Promise.all(
    restore.map(async ({ path, name }) => {
      const kind = await dumpedKind(ports, path, name);
      return { path, snapshot: name, ...(kind ? { kind } : {}) };
    }),
  );

/** A saved plan is applied only if planning again gives the same. */
const checked = (request: OperationRequest, plan: Plan, settling: boolean): Prepared => {
  const digest = planDigest(plan);
  const { expectedPlan } = request.options;
  if (settling || expectedPlan === undefined || expectedPlan === digest)
    return { plan, digest, problems: plan.problems };
  const problem: Problem = {
    severity: 'error',
    code: 'plan-outdated',
    message: `The saved plan (${expectedPlan}) is out of date: by now the plan would be another one (${digest}). Nothing was changed.`,
    next: `baton plan ${plan.file} -o plan.json`,
  };
  return { problems: [problem] };
};

/** How much there is, and of how many databases. */
export const withoutCounts = <Entry extends Pick<DataPlan, 'sizeBytes' | 'sqlite'>>(entry: Entry): Entry => ({
  ...entry,
  sizeBytes: 0,
  ...(entry.sqlite ? { sqlite: { databases: 0 } } : {}),
});

/** Sizes of data and free space move all the time; they don't make another plan. */
export const planDigest = (plan: Plan): string =>
  contentHash({ ...plan, problems: [], data: plan.data.map(withoutCounts) });

const wantedOf = async (
  ports: Ports,
  request: OperationRequest,
  settling?: ReleaseId,
): Promise<WantedSpec | { problems: Problem[] }> => {
  const { stack, source } = request;
  const history = await ports.memory.history(stack);
  const last = history.at(-1);
  const running = last && (await ports.memory.getRelease(stack, last.release));
  const base = { ...(running ? { running } : {}), warnings: [], restore: [] };
  // An earlier release stays what it is; only a file may have been edited since.
  if (settling !== undefined && source.from === 'file') {
    const { spec, variables } = await loadRelease(ports, stack, settling);
    return { ...base, spec, variables };
  }
  switch (source.from) {
    case 'file': {
      const loaded = await loadStack({ ...source, environment: ports.environment });
      if (!loaded.ok) return { problems: loaded.problems };
      return { ...base, spec: loaded.stack, variables: source.variables, warnings: loaded.warnings };
    }
    case 'release': {
      const earlier = history.slice(0, -1).filter(({ release }) => release !== last?.release);
      const id = source.release ?? earlier.at(-1)?.release;
      const release = id && (await ports.memory.getRelease(stack, id));
      if (!release) return { problems: [noSuchRelease(request, id)] };
      const restore = source.withData ? (replacementOf(history, release.id)?.snapshots ?? []) : [];
      const { spec, variables } = release;
      const { images } = source;
      return { ...base, spec, variables, pinned: release, restore, ...(images ? { images } : {}) };
    }
    case 'nothing':
      if (!running) return { problems: [nothingThere(request)] };
      return {
        ...base,
        spec: { ...running.spec, services: [], files: [], validate: [] },
        variables: running.variables,
      };
  }
};

const noSuchRelease = ({ stack }: OperationRequest, id: ReleaseId | undefined): Problem => ({
  severity: 'error',
  code: 'no-such-release',
  message:
    id === undefined
      ? `Stack "${stack}" has no earlier release to go back to. Nothing was changed.`
      : `Stack "${stack}" has no release ${id}. Nothing was changed.`,
  next: `baton releases ${stack}`,
});

const nothingThere = ({ stack }: OperationRequest): Problem => ({
  severity: 'error',
  code: 'no-such-stack',
  message: `No release of a stack "${stack}" is recorded on this host. Nothing was changed.`,
  next: 'baton status',
});
