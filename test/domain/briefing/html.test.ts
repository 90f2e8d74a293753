/** The page of a briefing: whole, with its pictures where they belong, and nothing that runs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Briefing } from '../../../domain/briefing/briefing.ts';
import { bodyOf, briefingStyles, htmlOf } from '../../../domain/briefing/html.ts';
import { decided, facts, hourMs, now, operation, outcome } from './made-facts.ts';

const briefing = (more: Partial<Briefing> = {}): Briefing => ({
  title: 'nas <in the morning>',
  headline: 'Nothing & nobody.',
  needs: [],
  sections: [
    { title: 'Health', lines: [{ mark: 'good', text: 'well' }], none: '' },
    {
      title: 'What was wrong',
      lines: [
        { mark: 'bad', text: '<db>', next: 'baton events <db>' },
        { mark: 'warn', text: 'app', under: true },
      ],
      none: '',
    },
    { title: 'Promises', lines: [], none: 'None & nothing.' },
  ],
  end: 'Made <now>.',
  ...more,
});

describe('a page', () => {
  test('is its first line, its sections and its end', () => {
    assert.equal(
      bodyOf(briefing(), facts({ looks: [] })),
      `<main>
<p class="headline fine">Nothing &amp; nobody.</p>
<h1>nas &lt;in the morning&gt;</h1>

<section><h2>Health</h2>
<ul>
<li class="good"><span class="sign">✓</span>well</li>
</ul>
</section>
<section><h2>What was wrong</h2>
<ul>
<li class="bad"><span class="sign">✗</span>&lt;db&gt; <code>baton events &lt;db&gt;</code></li>
<li class="warn under"><span class="sign">!</span>app</li>
</ul>
</section>
<section><h2>Promises</h2>
<p class="none">None &amp; nothing.</p>
</section>
<p class="end">Made &lt;now&gt;.</p>
</main>`,
    );
  });

  test('says first what needs somebody', () => {
    const body = bodyOf(briefing({ needs: [{ mark: 'bad', text: 'look at it' }] }), facts({ looks: [] }));
    assert.match(
      body,
      /^<main>\n<p class="headline needs">.*\n<h1>.*\n<section><h2>What needs you<\/h2>\n<ul>\n<li class="bad">.*look at it<\/li>\n<\/ul>\n<\/section>\n<section><h2>Health/,
    );
  });

  test('may run nothing and load nothing, and is coloured for day and night', () => {
    const page = htmlOf(briefing(), facts());
    assert.ok(page.startsWith('<!doctype html>\n<html lang="en">\n'));
    assert.ok(
      page.includes(
        `content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"`,
      ),
    );
    assert.ok(page.includes('<title>nas &lt;in the morning&gt;</title>'));
    assert.ok(page.includes(briefingStyles) && briefingStyles.includes('prefers-color-scheme: dark'));
    assert.ok(page.endsWith('</main>\n</body>\n</html>\n'));
  });
});

describe('a picture', () => {
  const sections = ['Health', 'Forecasts ahead', 'Quiet hours', 'Promises'].map((title) => ({
    title,
    lines: [],
    none: title,
  }));
  const pictures = (more: Parameters<typeof facts>[0]): number[] =>
    bodyOf(briefing({ sections }), facts(more))
      .split('<section>')
      .slice(1)
      .map((section) => section.split('<svg').length - 1);
  const disk = (place: string) =>
    ({
      place,
      sizeBytes: 100,
      usedBytes: 1,
      past: [1, 2, 3],
      forecast: { state: 'not enough', madeAt: now },
    }) as never;
  const traffic = {
    target: 'shop',
    quiet: { state: 'told', shape: 'day', usual: 1, expected: [1, 2], windows: [] },
  } as never;
  const promises = [decided('a', { action: { operation, workflowId: 'w' } })];

  test('stands in the section that it is of', () => {
    assert.deepEqual(pictures({ looks: [] }), [0, 0, 0, 0]);
    assert.deepEqual(pictures({}), [1, 0, 0, 0]);
    assert.deepEqual(
      pictures({ forecasts: [disk('/a'), disk('/b')], traffic: [traffic], promises, outcomes: [outcome()] }),
      [1, 2, 1, 1],
    );
  });

  test('of health is drawn where somebody looked in that time', () => {
    const look = (at: number) => ({ at, score: 100, unknown: [] });
    const from = now - hourMs;
    const drawn = (...times: number[]) => pictures({ period: { from, to: now }, looks: times.map(look) })[0];
    assert.deepEqual([drawn(from - 1), drawn(from), drawn(from - 1, now)], [0, 1, 1]);
  });
});
