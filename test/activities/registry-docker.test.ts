/** The registry port, asked of a real registry by the real tool. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openCommands } from '../../activities/commands.ts';
import { openRegistry } from '../../activities/registry.ts';
import { Registry } from '../host/registry.ts';

describe('a registry', () => {
  const createdAt = Date.parse('2026-11-01T12:00:00Z');
  const home = process.env['HOME'];
  let served: Registry;
  let state: string;
  before(async () => {
    served = await Registry.start();
    state = await mkdtemp(join(tmpdir(), 'baton-state-'));
    process.env['HOME'] = served.environment.HOME;
  });
  after(async () => {
    process.env['HOME'] = home;
    await served.close();
    await rm(state, { recursive: true });
  });

  const open = (environment: NodeJS.ProcessEnv = process.env) =>
    openRegistry(openCommands(state, environment));
  const rejects = async (reference: string, why: RegExp): Promise<void> => {
    await assert.rejects(open().tagged(reference), ({ message }: Error) => why.test(message));
  };

  test('tells what a tag names, when that was made, and where its changes are told', async () => {
    const labels = { 'org.opencontainers.image.source': 'https://lamp.example/changes' };
    const digest = await served.publish('stable', { createdAt, runs: ['true'], labels });
    const expected = { digest, createdAt, changelog: 'https://lamp.example/changes' };
    assert.deepEqual(await open().tagged(`${served.address}/base:stable`), expected);
  });

  test('that has no image of that name says so', async () => {
    await rejects(`${served.address}/base:nothing`, /^reading manifest nothing .*manifest unknown/);
  });

  test('that does not answer is told as that', async () => {
    await served.shut();
    await rejects(`${served.address}/base:stable`, /connection refused/);
    await served.open();
  });

  test('cannot be asked where the tool is not installed', async () => {
    assert.equal(await open().canAsk(), true);
    assert.equal(await open({ PATH: state }).canAsk(), false);
  });
});
