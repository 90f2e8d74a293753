import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { auditHash, openAudit } from '../../activities/audit-log.ts';
import { auditText, chainFault, type AuditEvent } from '../../domain/audit.ts';
import type { OperationId, StackName } from '../../domain/names.ts';

const event = (name: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  operation: '1f0c9a2e' as OperationId,
  kind: 'deploy',
  stack: 'immich' as StackName,
  host: 'nas',
  event: name,
  at: '2026-11-26T00:12:14.123Z',
  what: 'approve',
  by: 'anna',
  channel: 'phone',
  plan: 'f7c83b4e41cf',
  ...more,
});

describe('the audit log', () => {
  let directory: string;
  let count = 0;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-audit-'));
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });
  const newFile = (): string => join(directory, `${(count += 1)}`, 'audit.jsonl');

  test('chains its lines, readable by its owner only, and takes an event once', async () => {
    const file = newFile();
    const audit = openAudit(file);
    assert.deepEqual(await audit.read(), []);
    await audit.append([event('answer-0'), event('outcome', { what: 'done' })]);
    await audit.append([event('answer-0'), event('answer-1', { what: 'comment' })]);
    const lines = await openAudit(file).read();
    assert.deepEqual(
      lines.map(({ n, event: name }) => `${n} ${name}`),
      ['1 answer-0', '2 outcome', '3 answer-1'],
    );
    assert.equal(chainFault(lines, auditHash), undefined);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  test('keeps the order of what comes at once', async () => {
    const audit = openAudit(newFile());
    await Promise.all(Array.from({ length: 20 }, (_, index) => audit.append([event(`answer-${index}`)])));
    const lines = await audit.read();
    assert.equal(lines.length, 20);
    assert.equal(chainFault(lines, auditHash), undefined);
  });

  test('loses nothing by a line that a power cut has torn off', async () => {
    const file = newFile();
    await openAudit(file).append([event('answer-0')]);
    await appendFile(file, '{"operation":"1f0c9a2e","ev');
    await openAudit(file).append([event('answer-1')]);
    const lines = await openAudit(file).read();
    assert.equal(lines.length, 2);
    assert.equal(chainFault(lines, auditHash), undefined);
  });

  test('shows every line that was altered, removed, put in or moved', async () => {
    const file = newFile();
    const audit = openAudit(file);
    await audit.append(['a', 'b', 'c'].map((name) => event(name)));
    const whole = await readFile(file, 'utf8');
    const [a = '', b = '', c = ''] = whole.trim().split('\n');
    const faultOf = async (...lines: string[]): Promise<string | undefined> => {
      await writeFile(file, lines.map((line) => `${line}\n`).join(''));
      return chainFault(await openAudit(file).read(), auditHash);
    };
    assert.equal(await faultOf(a, b, c), undefined);
    assert.equal(await faultOf(a, b.replace('anna', 'eve'), c), 'Line 2 was altered.');
    assert.equal(await faultOf(a, c), 'After line 1 comes line 3.');
    assert.equal(await faultOf(b, c), 'After line 0 comes line 2.');
    assert.equal(await faultOf(a, c.replace('"n":3', '"n":2')), 'Line 2 does not follow line 1.');
    assert.equal(await faultOf(a, b, b.replace('"n":2', '"n":3'), c), 'Line 3 does not follow line 2.');
    // What is cut off at the end shows only beside a hash that was kept elsewhere.
    assert.equal(await faultOf(a, b), undefined);
    await assert.rejects(faultOf(a, 'scribble', c), /Line 2 of the audit log is no JSON/);
  });

  test('reads as a sentence', () => {
    assert.equal(
      auditText(event('answer-0', { text: 'looks good' })),
      '2026-11-26T00:12:14Z · deploy immich (1f0c9a2e) · anna: approve, plan f7c83b4e41cf, by phone: looks good',
    );
    const { by: _by, channel: _channel, plan: _plan, ...rest } = event('outcome', { what: 'done' });
    assert.equal(auditText(rest), '2026-11-26T00:12:14Z · deploy immich (1f0c9a2e) · done');
  });
});
