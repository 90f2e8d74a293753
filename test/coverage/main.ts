/**
 * `npm run coverage`: runs the tests that go through rollback, snapshots, locks and planning, and fails where a branch of
 * these was never taken.
 */
import { execa } from 'execa';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { branchesOf } from './branches.ts';

const root = join(import.meta.dirname, '..', '..');
/** Where a branch that was never taken could cost data. The rest of the domain is guarded by mutation tests. */
const guarded = [
  // Planning.
  ...['activities/plan.ts', 'activities/world.ts'],
  ...[
    'data',
    'database',
    'dump-taker',
    'graph',
    'mounted-data',
    'plan',
    'planner',
    'preflight',
    'sqlite',
  ].map((name) => `domain/${name}.ts`),
  // Snapshots.
  ...['activities/snapshots/', 'domain/snapshot.ts', 'domain/retention.ts', 'domain/rotation.ts'],
  ...['workflows/pin-snapshot.ts', 'workflows/rotate-snapshots.ts'],
  // Rollback, and what it takes back.
  ...['activities/before.ts', 'activities/commit.ts', 'activities/data.ts', 'activities/restore-dump.ts'],
  ...['apply-plan', 'deploy-ecosystem', 'deploy-stack', 'resume-unwind', 'saga', 'unwind-plan'].map(
    (name) => `workflows/${name}.ts`,
  ),
  // The lock of a stack is the id of its workflow; who may not begin.
  ...['domain/ids.ts', 'domain/subject.ts', 'domain/hold.ts', 'workflows/child.ts', 'workflows/held.ts'],
];
const tests = [
  'test/compose/*.test.ts',
  'test/domain/**/*.test.ts',
  'test/activities/**/*.test.ts',
  'test/workflows/*.test.ts',
  'test/simulation/*.test.ts',
  'test/e2e/deploy-podman-btrfs.test.ts',
  'test/e2e/dumps-docker.test.ts',
  'test/e2e/ecosystem.test.ts',
  'test/e2e/ecosystem-gate.test.ts',
  'test/e2e/features-docker.test.ts',
  'test/e2e/image-update-docker.test.ts',
  'test/e2e/sqlite-dumps.test.ts',
];

const { values, positionals } = parseArgs({
  options: { into: { type: 'string' }, help: { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (values.help) {
  console.log(`npm run coverage -- [--into DIRECTORY] [TEST…]
TEST: only these files. --into: what they cover is added to what the directory holds, and kept there.`);
  process.exit();
}

const raw = values.into ? resolve(values.into) : await mkdtemp(join(tmpdir(), 'baton-coverage-'));
await mkdir(raw, { recursive: true });
const args = [
  ...['--disable-warning=ExperimentalWarning', '--import=./setup/ends-by-itself.ts'],
  ...['--test', '--test-concurrency=1', '--test-reporter=dot'],
  ...globSync(positionals.length > 0 ? positionals : tests, { cwd: root }).sort(),
];
const { exitCode } = await execa(process.execPath, args, {
  cwd: root,
  reject: false,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { NODE_V8_COVERAGE: raw, TEMPORAL_DEBUG: '1', BATON_SIMULATION_SEEDS: '100' },
});
const files = await branchesOf(raw, guarded);
for (const { file, covered, total, missed } of files) {
  console.log(`${covered === total ? '✓' : '✗'} ${file} ${covered}/${total}`);
  for (const line of missed) console.log(`    ${line}`);
}
if (!values.into) await rm(raw, { recursive: true });
const complete = files.length > 0 && files.every(({ covered, total }) => covered === total);
process.exitCode = exitCode === 0 && complete ? 0 : 1;
