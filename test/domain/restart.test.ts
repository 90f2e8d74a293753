/** Which services are restarted, in which order, and which only where they are ill. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceName } from '../../domain/names.ts';
import { restartOrder } from '../../domain/restart.ts';
import { mustLoad } from '../compose/loading.ts';

const stack = `
services:
  page: {image: x, depends_on: [app]}
  app: {image: x, depends_on: {db: {condition: service_started}, migrate: {condition: service_completed_successfully}}}
  migrate: {image: x, depends_on: [db]}
  db: {image: x}
  tunnel: {image: x}
  guest: {image: x, network_mode: "service:tunnel"}
`;

/** What is restarted only where it is not healthy ends in "?". */
const orderOf = async (service: string, dependents: boolean): Promise<string[]> =>
  restartOrder(await mustLoad(stack), { service: service as ServiceName, dependents }).map(
    ({ service: name, ifUnhealthy }) => `${name}${ifUnhealthy ? '?' : ''}`,
  );

test('a restart takes the service alone', async () => {
  assert.deepEqual(await orderOf('db', false), ['db']);
});
test('with dependents, those come after what they need, and what is meant to end is left out', async () => {
  assert.deepEqual(await orderOf('db', true), ['db', 'app?', 'page?']);
});
test('what lives in its network loses that, and is restarted too', async () => {
  assert.deepEqual(await orderOf('tunnel', false), ['tunnel', 'guest']);
});
test('what is not there, or is meant to end, is not restarted', async () => {
  assert.deepEqual(await orderOf('nothing', true), []);
  assert.deepEqual(await orderOf('migrate', true), []);
});
