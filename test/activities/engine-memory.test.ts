import { tmpdir } from 'node:os';
import { needed } from '../host/environment.ts';
import { MemoryEngine } from '../simulation/engine.ts';
import { describeEngine } from './engine-contract.ts';

describeEngine('the engine in memory', 'docker', () =>
  Promise.resolve(new MemoryEngine(tmpdir(), [needed('BATON_TEST_IMAGE')])),
);
