/** `prometheus:` of `baton.yml`: what is read, and mistakes with the place where they were written. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { batonYml } from './baton-yml.ts';

describe('prometheus of baton.yml', () => {
  const { directory, read } = batonYml();
  const query = 'queries: [{ name: up, query: up }]';

  test('says what is asked, with whose secret, and what is wrong', async () => {
    const result = await read(`prometheus:
  url: http://127.0.0.1:9090/prom/
  token_file: prometheus.token
  queries:
    - { name: hot, query: 'node_temp{chip=~"cpu$"}', above: 80, for: 10m, severity: critical }
    - { name: down, query: up, below: 1 }
    - { name: load, query: node_load1 }
`);
    assert.ok(result.ok, JSON.stringify(result));
    assert.deepEqual(result.settings.prometheus, {
      url: 'http://127.0.0.1:9090/prom',
      login: { by: 'bearer', token: { file: join(directory(), 'prometheus.token') } },
      queries: [
        {
          name: 'hot',
          query: 'node_temp{chip=~"cpu$"}',
          threshold: { above: 80 },
          forMs: 600_000,
          severity: 'critical',
        },
        { name: 'down', query: 'up', threshold: { below: 1 }, forMs: 0, severity: 'warning' },
        { name: 'load', query: 'node_load1', forMs: 0, severity: 'warning' },
      ],
    });
  });

  test('takes a name and a password that a variable holds', async () => {
    const result = await read(
      `prometheus: { url: 'http://prom', user: baton, password_variable: PASSWORD, ${query} }`,
    );
    assert.ok(result.ok, JSON.stringify(result));
    assert.deepEqual(result.settings.prometheus?.login, {
      by: 'basic',
      user: 'baton',
      password: { variable: 'PASSWORD' },
    });
  });

  const wrong: [string, string][] = [
    ['a token in the file', `url: 'http://prom', token: canary-secret, ${query}`],
    ['a password in the address', `url: 'http://me:canary-secret@prom', ${query}`],
    ['a secret where a variable is named', `url: 'http://prom', token_variable: 'canary-secret', ${query}`],
    ['two secrets', `url: 'http://prom', token_file: a, token_variable: B, ${query}`],
    ['a password without a name', `url: 'http://prom', password_file: a, ${query}`],
    ['no query', `url: 'http://prom', queries: []`],
    ['both bounds', `url: 'http://prom', queries: [{ name: a, query: a, above: 1, below: 2 }]`],
    ['"for" without a bound', `url: 'http://prom', queries: [{ name: a, query: a, for: 1m }]`],
    ['more time than is kept', `url: 'http://prom', queries: [{ name: a, query: a, above: 1, for: 8d }]`],
    ['one name twice', `url: 'http://prom', queries: [{ name: a, query: a }, { name: a, query: b }]`],
    ['a bound that is no number', `url: 'http://prom', queries: [{ name: a, query: a, above: .inf }]`],
  ];
  for (const [what, text] of wrong)
    test(`refuses ${what}, tells where, and shows no secret`, async () => {
      const result = await read(`prometheus: { ${text} }`);
      assert.ok(!result.ok);
      assert.ok(result.problems.every(({ severity, at }) => severity === 'error' && at?.line === 1));
      assert.doesNotMatch(JSON.stringify(result), /canary/);
    });

  test('tells a mistake at its own line and column', async () => {
    const result = await read(`prometheus:
  url: http://prom
  queries:
    - name: hot
      query: up
      abvoe: 3
`);
    assert.ok(!result.ok);
    assert.deepEqual(
      result.problems.map(({ at }) => [at?.line, at?.column]),
      [[6, 7]],
    );
  });
});
