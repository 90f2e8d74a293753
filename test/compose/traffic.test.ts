/** `traffic:` of `baton.yml`: one place where requests are told, and mistakes with the place where they were written. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { batonYml } from './baton-yml.ts';

describe('traffic of baton.yml', () => {
  const { read } = batonYml();

  test('names a log or an address, or nothing', async () => {
    const traffic = async (text: string) => {
      const result = await read(text);
      assert.ok(result.ok, JSON.stringify(result));
      return result.settings.traffic;
    };
    assert.deepEqual(await traffic('traffic: { access_log: /var/log/traefik/access.log }'), {
      accessLog: '/var/log/traefik/access.log',
    });
    assert.deepEqual(await traffic('traffic: { metrics: "http://127.0.0.1:8082/metrics" }'), {
      metrics: 'http://127.0.0.1:8082/metrics',
    });
    assert.equal(await traffic(''), undefined);
  });

  test('with mistakes is refused, and says where', async () => {
    const cases: [string, number, number, RegExp][] = [
      ['traffic:\n  access_log: logs/access.log\n', 2, 15, /absolute path/],
      ['traffic:\n  metrics: file:///etc/passwd\n', 2, 12, /http/],
      ['traffic:\n  metrics: http://me:secret@proxy/metrics\n', 2, 12, /without a password/],
      ['traffic:\n  acces_log: /a\n', 2, 3, /Did you mean "access_log"/],
      [
        'traffic:\n  access_log: /a\n  metrics: http://proxy/metrics\n',
        2,
        3,
        /one of access_log and metrics/,
      ],
      ['traffic: {}\n', 1, 10, /one of access_log and metrics/],
    ];
    for (const [text, line, column, message] of cases) {
      const result = await read(text);
      assert.ok(!result.ok, text);
      const [problem] = result.problems;
      assert.match(problem?.message ?? '', message);
      assert.ok(!JSON.stringify(result.problems).includes('secret'));
      assert.deepEqual([problem?.at?.line, problem?.at?.column], [line, column], text);
    }
  });
});
