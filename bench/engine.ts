/**
 * Ways to talk to an engine, side by side in one run: the API socket and the command line. `npm run test-host`, export what it
 * prints, then `node bench/engine.ts`. Prints medians in milliseconds and the ratio.
 */
import { execa } from 'execa';
import { connectEngine } from '../activities/engines/connect.ts';
import type { EngineKind } from '../activities/ports/engine.ts';
import { needed } from '../test/host/environment.ts';

const rounds = 15;

const median = async (work: () => Promise<unknown>): Promise<number> => {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
};

const row = (what: string, api: number, cli: number): void => {
  console.log(`| ${what} | ${api.toFixed(1)} | ${cli.toFixed(1)} | ${(cli / api).toFixed(1)} |`);
};

console.log('| | API socket, ms | command line, ms | ratio |\n| --- | --- | --- | --- |');
for (const [kind, socket] of [
  ['podman', needed('BATON_TEST_PODMAN_SOCKET')],
  ['docker', needed('BATON_TEST_DOCKER_SOCKET')],
] as [EngineKind, string][]) {
  const engine = await connectEngine({ kind, socket });
  const url = kind === 'podman' ? ['--url', `unix://${socket}`] : ['-H', `unix://${socket}`];
  const cli = async (...args: string[]): Promise<string> => (await execa(kind, [...url, ...args])).stdout;
  const name = `baton-bench-${process.pid}`;
  await cli('create', '--name', name, '--stop-signal', 'KILL', needed('BATON_TEST_IMAGE'), 'sleep', '1000');
  row(
    `${kind}: inspect`,
    await median(async () => await engine.inspectContainer(name)),
    await median(async () => {
      await cli('inspect', name);
    }),
  );
  row(
    `${kind}: start and stop`,
    await median(async () => {
      await engine.startContainer(name);
      await engine.stopContainer(name, 0);
    }),
    await median(async () => {
      await cli('start', name);
      await cli('stop', '-t', '0', name);
    }),
  );
  await engine.startContainer(name);
  row(
    `${kind}: run \`true\` inside`,
    await median(async () => await engine.exec(name, ['true'], { timeoutMs: 10_000 })),
    await median(async () => {
      await cli('exec', name, 'true');
    }),
  );
  await engine.removeContainer(name);
  await engine.close();
}
