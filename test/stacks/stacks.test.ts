/** The stacks that Baton ships: each is read, and each service says how it is healthy. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadStack } from '../../compose/load.ts';
import { directory, files, secrets } from './shipped.ts';

describe('shipped stacks', () => {
  for (const name of files)
    test(`${name} is read, names its schema, and every service says how it is healthy`, async () => {
      const file = join(directory, name);
      const loaded = await loadStack({ file, environment: { ...secrets, DEMO_DATA: '/srv/demo' } });
      assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.problems));
      assert.deepEqual(loaded.warnings, []);
      assert.match(await readFile(file, 'utf8'), /^# yaml-language-server: \$schema=\.\.\/docs\/stack\.schema\.json\n/);
      for (const service of loaded.stack.services) {
        const oneShot = loaded.stack.services.some(({ dependsOn }) =>
          dependsOn.some((need) => need.service === service.name && need.condition === 'service_completed_successfully'),
        );
        const healthcheck = service.healthcheck !== undefined && service.healthcheck !== 'disabled';
        assert.ok(service.probe !== undefined || healthcheck || oneShot, service.name);
        assert.match(service.image, /:[^:]*\d/, `${service.name} has no version`);
      }
    });

  test('a password that is missing is asked for, by name', async () => {
    const loaded = await loadStack({ file: join(directory, 'paperless.yml'), environment: {} });
    // Passwords stay references; only the worker resolves them.
    assert.ok(loaded.ok);
  });
});
