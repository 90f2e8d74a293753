/** What a cycle sees, and what it makes of it, on a real stack and a real server. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { hostTaskQueue } from '../../domain/ids.ts';
import type { OperationRequest } from '../../domain/operation.ts';
import type { Cycle, oodaCycle } from '../../workflows/ooda-cycle.ts';
import { unknownIn } from '../../domain/look.ts';
import { until } from '../e2e/site.ts';
import { Laboratory } from './laboratory.ts';

const service = `
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /etc]
    stop_signal: SIGKILL
    environment: {VERSION: "\${VERSION}"}`;

describe('a cycle', () => {
  let laboratory: Laboratory;
  let request: (version?: string) => OperationRequest;

  before(async () => {
    laboratory = await Laboratory.open();
    const file = await laboratory.site.write(
      'ledger.yml',
      `
name: ledger
services:
  api:${service}
  web:${service}
x-baton: {min_healthy_time: 0s}
`,
    );
    request = (version = '1') => laboratory.request('ledger', file, { VERSION: version });
    await laboratory.run(request());
  });
  afterEach(() => {
    laboratory.meddle = () => undefined;
  });
  after(async () => {
    await laboratory.close();
  });

  let cycles = 0;
  const cycle = async (): Promise<Cycle> => {
    cycles += 1;
    return await laboratory.client.workflow.execute<typeof oodaCycle>('oodaCycle', {
      workflowId: `cycle/${laboratory.site.host}/${cycles}`,
      taskQueue: hostTaskQueue(laboratory.site.host),
    });
  };
  /** @returns rules that spoke of a service that is down: nothing was let to Baton here, so nothing is begun. */
  const rulesOn = async (target: string): Promise<string[]> => {
    const { deliberation } = await cycle();
    const found = deliberation.decided.find((one) => one.proposal.target === target);
    assert.ok(found, JSON.stringify(deliberation.decided));
    return found.decision.limits.map(({ rule }) => rule);
  };

  test('relies on what it saw', async () => {
    await laboratory.site.cli('stop', 'ledger-web-1');
    const rules = await rulesOn('ledger/web');
    assert.ok(rules.includes('dry-run'), rules.join());
    assert.ok(!rules.includes('overtaken'), rules.join());
    assert.equal((await laboratory.run(request())).report.outcome, 'done');
  });

  test('does not rely on what an operation has changed since', async () => {
    await laboratory.site.cli('stop', 'ledger-api-1');
    laboratory.meddle = async (activity, moment) => {
      if (activity === 'keepLook' && moment === 'after') await laboratory.run(request());
    };
    const rules = await rulesOn('ledger/api');
    assert.ok(rules.includes('overtaken'), rules.join());
  });

  test('takes what a deploy does for no trouble, and says so', async () => {
    // What was down before is up again by now.
    await cycle();
    let seen: Cycle | undefined;
    laboratory.meddle = async (activity, moment) => {
      if (activity !== 'rollOutService web' || moment !== 'before' || seen) return;
      seen = await cycle();
    };
    assert.equal((await laboratory.run(request('2'))).report.outcome, 'done');
    assert.ok(seen);
    assert.deepEqual(
      seen.causes.filter(({ incident }) => incident.where.startsWith('ledger')),
      [],
    );
    assert.ok(unknownIn(seen.asked).includes('services (deploy of ledger is under way)'));
    // It ended a moment ago: the look after that sees all of it.
    await until('a look at all of it', async () =>
      unknownIn((await cycle()).asked).every((source) => !source.startsWith('services')),
    );
  });
});
