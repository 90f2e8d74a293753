/** A seeded sample of the matrix, and every cell that once showed a fault. `npm run faults` runs all of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readPlaybooks } from '../../compose/playbooks.ts';
import { found } from './found.ts';
import { reproduce, sample, type Cell } from './matrix.ts';
import { alike, settings } from './playbooks.ts';
import { runOnce } from './run.ts';
import { scenarios } from './scenarios.ts';
import { Town } from './town.ts';

const seed = Number(process.env['BATON_FAULT_SEED'] ?? 1);
/** About six seconds each. */
const sampleSize = 20;

describe(`faults, sampled with seed ${seed}`, () => {
  let town: Town;
  before(async () => {
    town = await Town.open();
  });
  after(async () => {
    await town.close();
  });

  const must = async (cell: Cell): Promise<void> => {
    const scenario = scenarios.find(({ name }) => name === cell.scenario);
    assert.ok(scenario, cell.scenario);
    const { violations } = await runOnce(town, { scenario, fault: { kind: cell.kind, at: cell.at } });
    assert.deepEqual(violations, [], `Again: ${reproduce(cell)}`);
  };

  for (const { scenario, kind, at } of sample(sampleSize, seed))
    test(`${scenario.name}, ${kind} at effect ${at}`, async () => {
      await must({ scenario: scenario.name, kind, at });
    });

  for (const { what, cells } of found)
    for (const cell of cells)
      test(`${what} (${cell.scenario}, ${cell.kind} at ${cell.at})`, async () => {
        await must(cell);
      });
});

test('every shipped playbook is in the table, or made of what is', async () => {
  const { playbooks } = await readPlaybooks('');
  const names = playbooks.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => !(name in settings || name in alike)),
    [],
  );
  const stepsOf = (name: string) => playbooks.find((one) => one.name === name)?.steps;
  for (const [name, like] of Object.entries(alike))
    if (like !== 'cleanup') assert.deepEqual(stepsOf(name), stepsOf(like), name);
});
