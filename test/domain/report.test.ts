/** How an operation is told to people. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exitCodes, type Outcome, type Report, type Step } from '../../domain/operation.ts';
import type { Problem } from '../../domain/problem.ts';
import { nextCommands, outcomeTitles, renderChecklist, renderReport } from '../../domain/report.ts';

const step = (more: Partial<Step>): Step => ({ id: 's', title: 'Snapshot data', state: 'waiting', ...more });

test('a checklist has a line for each step, with its time and what is to be said of it', () => {
  assert.equal(
    renderChecklist([
      step({ state: 'done', startedAt: 1_000, endedAt: 1_210 }),
      step({ state: 'running', startedAt: 1_210 }),
      step({ state: 'failed', startedAt: 0, endedAt: 0, note: 'port 80 is taken' }),
      step({ state: 'undoing' }),
      step({ state: 'undone' }),
      step({ state: 'skipped', note: 'nothing to do' }),
      step({ endedAt: 5 }),
    ]),
    `- ✓ Snapshot data · 210ms
- ▸ **Snapshot data**
- ✗ Snapshot data · 0ms — port 80 is taken
- ↩ Snapshot data
- ↩ Snapshot data
- – Snapshot data — nothing to do
- · Snapshot data`,
  );
});

const report = (more: Partial<Report> = {}): Report => ({
  operation: '0123abcd' as Report['operation'],
  kind: 'deploy',
  stack: 'photos' as Report['stack'],
  host: 'attic',
  outcome: 'done',
  startedAt: '2026-01-01T00:00:00Z',
  durationMs: 2_400,
  changes: [],
  data: [],
  problems: [],
  left: [],
  notes: [],
  ...more,
});

const service = (name: string): Report['changes'][number]['service'] => name as never;

describe('a report', () => {
  test('says only what there is to say', () => {
    assert.equal(
      renderReport(report({ outcome: 'unchanged' })),
      `**Nothing to do** · deploy of photos on attic · 2.4s

**Next**

- \`baton status photos\``,
    );
  });

  test('of a change that was made', () => {
    assert.equal(
      renderReport(
        report({
          changes: [
            { service: service('db'), action: 'replace', reasons: ['image changed', 'new'], tookMs: 900 },
            { service: service('app'), action: 'start', reasons: ['is exited'] },
            { service: service('proxy'), action: 'keep', reasons: [] },
          ],
          data: [
            { path: '/data/db', did: 'protected', snapshot: 'photos.before' },
            { path: '/data/log', did: 'none' },
          ],
          notes: ['one note', 'another'],
          stacks: [{ stack: 'blog' as never, operation: 'abcd0123' as never, outcome: 'done' }],
        }),
      ),
      `**Done** · deploy of photos on attic · 2.4s

**Stacks**

- blog: Done · operation \`abcd0123\`

**Changed**

- db: replace (image changed, new) · 900ms
- app: start (is exited)

**Data**

- /data/db: protected, snapshot \`photos.before\`
- /data/log: not protected

**Notes**

- one note
- another

**Next**

- \`baton status photos\`
- \`baton undo photos\``,
    );
  });

  test('of a failure that was undone tells no changes', () => {
    const failed = report({
      outcome: 'rolled-back',
      changes: [{ service: service('db'), action: 'replace', reasons: [] }],
      failure: { step: 'Replace db', message: 'It ended with 1.', logTail: '\nno space\n' },
      data: [
        {
          path: '/data/db',
          did: 'restored',
          snapshot: 'photos.before',
          failedState: { snapshot: 'photos.failed', writesFrom: '10:00', writesTo: '10:05' },
        },
      ],
    });
    assert.equal(
      renderReport(failed),
      `**Failed and rolled back: everything is as it was** · deploy of photos on attic · 2.4s

**What failed**

Replace db: It ended with 1.

\`\`\`
no space
\`\`\`

**Data**

- /data/db: restored, snapshot \`photos.before\`; the failed state is kept as \`photos.failed\`, with all writes from 10:00 to 10:05

**Next**

- \`baton status photos\`
- \`baton logs photos\``,
    );
    assert.doesNotMatch(renderReport({ ...failed, outcome: 'cancelled' }), /Changed/);
  });

  test('of a failure without a log has none', () => {
    for (const logTail of [undefined, ' \n'])
      assert.match(
        renderReport(
          report({
            outcome: 'needs-human',
            failure: { step: 'Replace db', message: 'It ended.', ...(logTail ? { logTail } : {}) },
            left: ['container a', 'container b'],
          }),
        ),
        /\n\nReplace db: It ended\.\n\n\*\*What is left\*\*\n\n- container a\n- container b\n\n\*\*Next/,
      );
  });

  test('of a refusal tells every problem, where it is and what to do', () => {
    const problems: Problem[] = [
      {
        severity: 'error',
        code: 'port-taken',
        message: 'Port 80 is taken.',
        at: { file: 'web.yml', line: 4, column: 7 },
        next: 'Free it.',
      },
      { severity: 'warning', code: 'memory', message: 'Much.', next: 'baton doctor' },
      { severity: 'warning', code: 'nested', message: 'Nested.' },
    ];
    assert.equal(
      renderReport(report({ outcome: 'refused', problems })),
      `**Refused: nothing was changed** · deploy of photos on attic · 2.4s

**Problems**

- error: Port 80 is taken. (web.yml:4:7) Free it.
- warning: Much. baton doctor
- warning: Nested.

**Next**

- \`baton doctor\``,
    );
  });
});

test('every outcome has an exit code, a title and commands worth typing', () => {
  const told = Object.fromEntries(
    (Object.keys(exitCodes) as Outcome[]).map((outcome) => [
      outcome,
      [exitCodes[outcome], outcomeTitles[outcome], ...nextCommands(report({ outcome }))],
    ]),
  );
  assert.deepEqual(told, {
    done: [0, 'Done', 'baton status photos', 'baton undo photos'],
    unchanged: [0, 'Nothing to do', 'baton status photos'],
    refused: [1, 'Refused: nothing was changed'],
    'rolled-back': [
      3,
      'Failed and rolled back: everything is as it was',
      'baton status photos',
      'baton logs photos',
    ],
    cancelled: [3, 'Cancelled: everything is as it was', 'baton status photos', 'baton logs photos'],
    'needs-human': [5, 'A person is needed', 'baton doctor', 'baton resume photos'],
  });
  assert.deepEqual(nextCommands(report({ kind: 'remove' })), ['baton undo photos']);
});
