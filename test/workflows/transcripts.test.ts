/**
 * What is done, and undone, in which order, when a deploy fails or is cancelled at each of its steps. The transcripts are in
 * transcripts.json; `BATON_UPDATE_TRANSCRIPTS=1` writes them anew. After each run the world is held against what it was.
 */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Report } from '../../domain/operation.ts';
import { fingerprint, type Container } from '../e2e/site.ts';
import { heardOfIt, injected, Laboratory, type Meddle } from './laboratory.ts';

const golden = new URL('transcripts.json', import.meta.url);
const update = process.env['BATON_UPDATE_TRANSCRIPTS'] !== undefined;

const stackFile = (directory: string): string => `
name: ledger
services:
  db:
    image: \${IMAGE}
    command: [httpd, -f, -p, "5432", -h, /data]
    stop_signal: SIGKILL
    environment: {RELEASE: "\${RELEASE:-1}"}
    volumes: ["\${DATA}/ledger:/data"]
    x-baton: {probe: {http: ":5432/rows"}}
  app:
    image: \${IMAGE}
    command: [sh, -c, "if [ \${RELEASE:-1} = 2 ]; then echo release 2 > /data/rows; fi; exec httpd -f -p 80 -h /data"]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/ledger:/data"]
    depends_on: {db: {condition: service_healthy}}
    networks: [front]
    x-baton: {probe: {tcp: 80}}
networks: {front: {name: "ledger_\${RELEASE:-1}"}}
x-baton:
  min_healthy_time: 100ms
  files: [{path: ${directory}/route.yml, content: "release: \${RELEASE:-1}\\n"}]
  validate: [{service: app, http: ":80/rows"}]
`;

/** Every activity of the deploy, in the order in which they begin. */
const steps = [
  'preparePlan',
  'takeSnapshots',
  'prepareResources',
  'writeFiles',
  'rollOutService db',
  'rollOutService app',
  'validateRelease',
  'recordRelease',
  'dropReplaced',
] as const;

describe('transcripts of a deploy', () => {
  let laboratory: Laboratory;
  let file: string;
  const transcripts: Record<string, string[]> = {};
  let expected: Record<string, string[]> = {};

  type World = {
    containers: Omit<Container, 'startedAt' | 'pid'>[];
    data: string[];
    route: string;
    networks: string[];
  };
  const world = async (): Promise<World> => ({
    containers: (await laboratory.site.containers('ledger')).map(
      ({ startedAt: _s, pid: _p, ...rest }) => rest,
    ),
    data: await fingerprint(join(laboratory.site.data, 'ledger')),
    route: await readFile(join(laboratory.site.files, 'route.yml'), 'utf8'),
    networks: await laboratory.site.volumesAndNetworks('ledger'),
  });
  const check = (title: string, steps: string[], { outcome, left }: Report): void => {
    transcripts[title] = [...steps, `outcome: ${outcome}`, ...left.map((what) => `left: ${what}`)];
    if (!update) assert.deepEqual(transcripts[title], expected[title]);
  };

  before(async () => {
    if (!update) expected = JSON.parse(await readFile(golden, 'utf8')) as Record<string, string[]>;
    laboratory = await Laboratory.open();
    await execa('btrfs', ['subvolume', 'create', join(laboratory.site.data, 'ledger')]);
    await writeFile(join(laboratory.site.data, 'ledger', 'rows'), 'opening balance\n');
    file = await laboratory.site.write('ledger.yml', stackFile(laboratory.site.files));
  });
  after(async () => {
    await laboratory.close();
    if (update) await writeFile(golden, `${JSON.stringify(transcripts, null, 2)}\n`);
  });

  test('nothing fails', async () => {
    const { report, steps: done } = await laboratory.run(laboratory.request('ledger', file));
    check('nothing fails', done, report);
    assert.equal(report.outcome, 'done');
  });

  const attempt = async (meddle: Meddle): Promise<{ steps: string[]; report: Report }> => {
    laboratory.meddle = meddle;
    try {
      const { report, steps: done } = await laboratory.run(
        laboratory.request('ledger', file, { RELEASE: '2' }),
      );
      return { steps: done, report };
    } finally {
      laboratory.meddle = () => undefined;
    }
  };

  for (const step of steps.slice(0, -1))
    for (const moment of ['before', 'after'] as const)
      test(`${step} fails ${moment} it has done its work`, async () => {
        const was = await world();
        const result = await attempt((activity, when) => {
          if (activity === step && when === moment) throw injected();
        });
        check(`${step} fails, ${moment}`, result.steps, result.report);
        // A recorded release that was then unwound must not be taken for the running one.
        assert.deepEqual(await world(), was);
      });

  for (const step of steps.slice(0, -2))
    test(`a cancel arrives during ${step}`, async () => {
      const was = await world();
      const result = await attempt(async (activity, when) => {
        if (activity !== step || when !== 'before') return;
        const workflowId = `stack/${laboratory.site.host}/ledger`;
        await laboratory.client.workflow.getHandle(workflowId).executeUpdate('rollBack', { args: ['test'] });
        // These are over in a moment, and may be so before they hear of it.
        if (step === 'takeSnapshots' || step === 'validateRelease') await heardOfIt();
      });
      check(`cancel during ${step}`, result.steps, result.report);
      assert.deepEqual(await world(), was);
    });

  test('a cancel that comes while the release is recorded is refused', async () => {
    let refused: unknown;
    const result = await attempt(async (activity, when) => {
      if (activity !== 'recordRelease' || when !== 'before') return;
      const handle = laboratory.client.workflow.getHandle(`stack/${laboratory.site.host}/ledger`);
      refused = await handle.executeUpdate('rollBack', { args: ['late'] }).catch((error: unknown) => error);
    });
    assert.ok(refused instanceof Error);
    assert.equal(result.report.outcome, 'done');
    const { report } = await laboratory.run(laboratory.request('ledger', file));
    assert.equal(report.outcome, 'done');
  });

  test('the last step fails: the release stands, and what could not be tidied is told', async () => {
    const result = await attempt((activity) => {
      if (activity === 'dropReplaced') throw injected();
    });
    check('dropReplaced fails', result.steps, result.report);
    assert.equal(result.report.outcome, 'done');
  });
});
