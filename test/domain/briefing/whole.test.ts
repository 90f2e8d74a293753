import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { whyNotWhole } from '../../../domain/briefing/whole.ts';

const said = { headline: 'Photos & films: all well', end: 'Made from <151> looks.' };
const page = '<html><h1>Photos &amp; films: all well</h1><p>Made from &lt;151&gt; looks.</p></html>\n';

describe('a report that was read back', () => {
  test('is whole where its first line, its last line and its end are there', () => {
    assert.equal(whyNotWhole(page, said), undefined);
  });

  test('is not where it is empty', () => {
    for (const nothing of ['', ' \n']) assert.equal(whyNotWhole(nothing, said), 'it is empty');
  });

  test('is not where a line is missing', () => {
    assert.equal(whyNotWhole(page.replace('all well', ''), said), 'its first line is missing');
    assert.equal(whyNotWhole(page.replace('Made from', ''), said), 'its last line is missing');
  });

  test('is not where it was cut off', () => {
    for (const cut of [1, 2, 8]) assert.equal(whyNotWhole(page.slice(0, -cut), said), 'it is cut off');
  });
});
