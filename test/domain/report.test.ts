/** How an operation is told to people. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exitCodes, type Outcome, type Report, type Step } from '../../domain/operation.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Changes } from '../../domain/changes.ts';
import type { CommandEnd } from '../../domain/commands.ts';
import {
  commandEnded,
  fileLines,
  filesTitle,
  nextCommands,
  outcomeTitles,
  renderChecklist,
  renderReport,
} from '../../domain/report.ts';

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
    'not-approved': [1, 'Not approved: nothing was changed'],
    'rolled-back': [
      3,
      'Failed and rolled back: everything is as it was',
      'baton status photos',
      'baton logs photos',
    ],
    cancelled: [3, 'Cancelled: everything is as it was', 'baton status photos', 'baton logs photos'],
    kept: [0, 'Failed, and kept as it is'],
    'needs-human': [5, 'A person is needed', 'baton doctor', 'baton resume photos'],
  });
  assert.deepEqual(nextCommands(report({ kind: 'remove' })), ['baton undo photos']);
});

describe('a guarded command’s report', () => {
  const ended = (more: Partial<CommandEnd> = {}): CommandEnd => ({
    how: 'exited',
    exitCode: 0,
    log: '/state/output.log',
    tail: 'the end',
    tookMs: 1_200,
    ...more,
  });
  const files: Changes = {
    files: [
      { path: '/srv/new', change: 'added', lines: { added: 3, removed: 0 } },
      { path: '/srv/old.bin', change: 'removed' },
      { path: '/srv/routers.yml', change: 'changed', lines: { added: 2, removed: 1 } },
      { path: '/srv/a.bin', change: 'changed' },
      { path: '/srv/key', change: 'mode' },
    ],
    count: 5,
    file: '/state/changes.diff',
  };
  const guard = (more: Partial<Report> = {}): Report => report({ kind: 'guard', command: ended(), ...more });

  test('tells how it ended and which files it changed, before what became of the data', () => {
    assert.equal(
      renderReport(
        guard({ files, data: [{ path: '/srv', did: 'protected', snapshot: 's' }], notes: ['kept'] }),
      ),
      `**Done** · guard of photos on attic · 2.4s

**Command**

- exit code 0 after 1.2s; its output is kept in /state/output.log

**Files it changed**

- + /srv/new (+3 −0)
- - /srv/old.bin
- ~ /srv/routers.yml (+2 −1)
- ~ /srv/a.bin
- ~ /srv/key (mode or owner)
- the difference is kept in /state/changes.diff

**Data**

- /srv: protected, snapshot \`s\`

**Notes**

- kept`,
    );
  });

  test('tells neither where it did not run', () => {
    const { command: _none, ...refused } = guard({ outcome: 'refused' });
    assert.equal(renderReport(refused), '**Refused: nothing was changed** · guard of photos on attic · 2.4s');
  });

  test('says how it ended in few words', () => {
    const told: [CommandEnd, string][] = [
      [ended(), 'exit code 0'],
      [ended({ exitCode: 3, why: 'not told' }), 'exit code 3'],
      [{ how: 'exited', log: '', tail: '', tookMs: 0 }, 'exit code ?'],
      [ended({ how: 'killed', why: 'SIGKILL' }), 'killed (SIGKILL)'],
      [ended({ how: 'timed-out' }), 'timed out'],
      [ended({ how: 'too-much-output' }), 'too much output'],
      [ended({ how: 'not-started', why: 'no such file' }), 'not started (no such file)'],
      [ended({ how: 'lost' }), 'lost'],
    ];
    for (const [end, text] of told) assert.equal(commandEnded(end), text);
  });

  test('says of its files what has become of them', () => {
    const titles = Object.fromEntries(
      (Object.keys(exitCodes) as Outcome[]).map((outcome) => [outcome, filesTitle(guard({ outcome }))]),
    );
    const undone = 'Files it had changed';
    assert.deepEqual(titles, {
      done: 'Files it changed',
      unchanged: undone,
      refused: undone,
      'not-approved': undone,
      'rolled-back': undone,
      cancelled: undone,
      kept: 'Files it changed',
      'needs-human': undone,
    });
    assert.match(
      renderReport(guard({ outcome: 'rolled-back', files })),
      /\n\n\*\*Files it had changed\*\*\n\n- \+ \/srv\/new/,
    );
  });

  test('names the files that were counted, and says how many more there are', () => {
    const one: Changes = { files: [{ path: '/a', change: 'added' }], count: 1 };
    assert.deepEqual(fileLines(guard()), []);
    assert.deepEqual(fileLines(guard({ files: { files: [], count: 0 } })), ['- none']);
    assert.deepEqual(fileLines(guard({ files: one })), ['- + /a']);
    assert.deepEqual(fileLines(guard({ files: { ...one, count: 2 } })), ['- + /a', '- and 1 more']);
    assert.deepEqual(fileLines(guard({ files: { ...one, count: 70, file: '/d' } })), [
      '- + /a',
      '- and 69 more',
      '- the difference is kept in /d',
    ]);
  });

  test('has no command worth typing, unless the host needs a person', () => {
    const next = Object.fromEntries(
      (Object.keys(exitCodes) as Outcome[]).map((outcome) => [outcome, nextCommands(guard({ outcome }))]),
    );
    assert.deepEqual(next, {
      done: [],
      unchanged: ['baton status photos'],
      refused: [],
      'not-approved': [],
      'rolled-back': [],
      cancelled: [],
      kept: [],
      'needs-human': ['baton doctor', 'baton resume photos'],
    });
  });
});
