import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatLocation, isError, problemText, refusal } from '../../domain/problem.ts';

const at = { file: 'stacks/photos.yml', line: 14, column: 5 };

describe('a problem', () => {
  test('is told after its place, as compilers do', () => {
    assert.equal(formatLocation(at), 'stacks/photos.yml:14:5');
    assert.equal(problemText({ at, message: 'Not here.' }), 'stacks/photos.yml:14:5: Not here.');
    assert.equal(problemText({ message: 'Nowhere.' }), 'Nowhere.');
  });

  test('stops what is asked for where it is an error, and not where it warns', () => {
    const said = { code: 'port-taken', message: 'The port is taken.' };
    assert.equal(isError({ ...said, severity: 'error' }), true);
    assert.equal(isError({ ...said, severity: 'warning' }), false);
  });

  test('with which nothing is begun says that nothing was changed, and what to do', () => {
    assert.deepEqual(refusal('no-release', 'There is no release.', 'Deploy it first.'), {
      problems: [
        {
          severity: 'error',
          code: 'no-release',
          message: 'There is no release. Nothing was changed.',
          next: 'Deploy it first.',
        },
      ],
    });
  });
});
