/**
 * `npm run coverage`: runs the tests that go through rollback, snapshots, locks and planning, and fails where a branch of
 * these was never taken.
 */
import { execa } from 'execa';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { branchesOf } from './branches.ts';

const root = join(import.meta.dirname, '..', '..');
const guarded = [
  'domain/',
  'workflows/',
  'activities/snapshots/',
  'activities/before.ts',
  'activities/commit.ts',
  'activities/data.ts',
  'activities/plan.ts',
];
const tests = [
  'test/domain/*.test.ts',
  'test/activities/*.test.ts',
  'test/workflows/*.test.ts',
  'test/simulation/*.test.ts',
  'test/e2e/deploy-podman-btrfs.test.ts',
  'test/e2e/ecosystem.test.ts',
  'test/e2e/features-docker.test.ts',
];

const raw = await mkdtemp(join(tmpdir(), 'baton-coverage-'));
const args = [
  ...['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=1', '--test-reporter=dot'],
  ...globSync(tests, { cwd: root }).sort(),
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
await rm(raw, { recursive: true });
const complete = files.length > 0 && files.every(({ covered, total }) => covered === total);
process.exitCode = exitCode === 0 && complete ? 0 : 1;
