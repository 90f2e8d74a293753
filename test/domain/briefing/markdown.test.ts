/** A briefing as Markdown, and for a terminal: the same lines, and no name is more than text in either. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Briefing } from '../../../domain/briefing/briefing.ts';
import { markdownOf, marks, terminalLines } from '../../../domain/briefing/markdown.ts';

const briefing: Briefing = {
  title: 'nas [in] the morning',
  headline: 'One thing\n\n needs  you: *db*.',
  needs: [{ mark: 'bad', text: 'look', next: 'baton events `db`' }],
  sections: [
    {
      title: 'What was wrong',
      lines: [
        { mark: 'warn', text: 'db' },
        { mark: 'info', text: 'app', under: true },
        { mark: 'good', text: 'web' },
        { mark: 'unknown', text: 'disk' },
      ],
      none: 'Nothing.',
    },
    { title: 'What was done', lines: [], none: 'Nothing was changed.' },
    { title: 'Left out', lines: [], none: '' },
  ],
  end: 'Made <now>.',
};

test('each mark has a sign of its own', () => {
  assert.deepEqual(marks, { bad: '✗', warn: '!', good: '✓', info: '·', unknown: '?' });
});

describe('Markdown', () => {
  test('is headings and lists, what needs somebody first', () => {
    assert.equal(
      markdownOf(briefing),
      String.raw`**One thing needs you: \*db\*.**

# nas \[in\] the morning

## What needs you

- ✗ look ${'`'}baton events db${'`'}

## What was wrong

- ! db
  - · app
- ✓ web
- ? disk

## What was done

Nothing was changed.

## Left out



_Made \<now\>._
`,
    );
  });

  test('says nothing of what nobody needs', () => {
    assert.doesNotMatch(markdownOf({ ...briefing, needs: [] }), /What needs you/);
  });

  test('takes no character for its own', () => {
    const text = String.raw`\ ${'`'} * _ { } [ ] ( ) < > # | ~ &`;
    const told = markdownOf({ ...briefing, headline: text });
    assert.ok(
      told.startsWith(
        `**${text
          .split(' ')
          .map((one) => `\\${one}`)
          .join(' ')}**`,
      ),
      told.slice(0, 80),
    );
    const clean = markdownOf({ ...briefing, headline: ' a\u0000\u001f\u007f\u009f\t b ' });
    assert.ok(clean.startsWith('**a b**'));
  });
});

describe('a terminal', () => {
  test('is told the same, a line each', () => {
    assert.deepEqual(terminalLines(briefing), [
      'One thing  needs  you: *db*.',
      '',
      'nas [in] the morning',
      '',
      'What needs you',
      '  ✗ look  → baton events `db`',
      '',
      'What was wrong',
      '  ! db',
      '      ↳ app',
      '  ✓ web',
      '  ? disk',
      '',
      'What was done',
      '  Nothing was changed.',
      '',
      'Made <now>.',
    ]);
  });

  test('is told to do nothing by a name', () => {
    const lines = terminalLines({ ...briefing, headline: 'a\u001b[31m\u0007\u009bb', needs: [] });
    assert.equal(lines[0], 'a [31m b');
    assert.ok(!lines.includes('What needs you'));
  });
});
