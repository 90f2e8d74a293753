/** Operations under seeded random faults. `npm run faults` runs many more seeds. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { regressions } from './regressions.ts';
import { openSimulation, type OpenSimulation } from './open.ts';

const first = Number(process.env['BATON_SIMULATION_SEED'] ?? 1);
const seeds = Number(process.env['BATON_SIMULATION_SEEDS'] ?? 500);

describe(`${seeds} seeds from ${first} on`, () => {
  let simulation: OpenSimulation;
  before(async () => {
    simulation = await openSimulation();
  });
  after(async () => {
    await simulation.close();
  });

  for (const [index, { what, town }] of regressions.entries())
    test(`not any more: ${what}`, async () => {
      assert.deepEqual(await simulation.runTown(`regression${index}`, town), []);
    });

  test('every operation ends whole, or as it was', async () => {
    assert.deepEqual(await simulation.runAll(first, seeds), []);
  });
});
