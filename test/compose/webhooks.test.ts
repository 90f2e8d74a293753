import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { batonYml } from './baton-yml.ts';

describe('webhooks in baton.yml', () => {
  const file = batonYml({ SECRET: 'canary-0123456789' });
  const read = async (text: string, reads: 'notify' | 'webhooks' = 'webhooks') =>
    await file.read(text, reads);
  const mistakes = async (webhook: string): Promise<string[]> => {
    const found = await read(`webhooks: [${webhook}]`);
    assert.ok(!found.ok, webhook);
    return found.problems.map(({ message }) => message);
  };
  const secret = `secret: '\${SECRET}'`;

  test('say who may send what, and what it becomes', async () => {
    const text = `
webhooks:
  - name: forge
    kind: forgejo
    ${secret}
    rules:
      - when: {ref: [refs/heads/main, 'refs/tags/*'], repository.private: true}
        deploy: {file: /srv/stacks/web.yml, pull: true}
      - undo: {stack: web, with_data: true}
  - name: ci
    kind: generic
    ${secret}
    signature: X-Signature
    rules:
      - guard: {command: [touch, /srv/x], data: [/srv], timeout: 5m}
`;
    const found = await read(text);
    assert.ok(found.ok, JSON.stringify(found));
    assert.deepEqual(found.settings.webhooks, [
      {
        name: 'forge',
        kind: 'forgejo',
        secret: 'canary-0123456789',
        rules: [
          {
            when: [
              { field: 'ref', values: ['refs/heads/main', 'refs/tags/*'] },
              { field: 'repository.private', values: [true] },
            ],
            does: { do: 'deploy', file: '/srv/stacks/web.yml', pull: true, build: false },
          },
          { when: [], does: { do: 'undo', stack: 'web', withData: true } },
        ],
      },
      {
        name: 'ci',
        kind: 'generic',
        secret: 'canary-0123456789',
        signature: 'x-signature',
        rules: [
          {
            when: [],
            does: {
              do: 'guard',
              title: 'webhook ci',
              command: ['touch', '/srv/x'],
              data: ['/srv'],
              timeoutMs: 300_000,
            },
          },
        ],
      },
    ]);
    const asWorker = await read(text, 'notify');
    assert.ok(asWorker.ok && asWorker.settings.webhooks.length === 0, 'the worker has no use for them');
  });

  test('are refused where they are unsafe or mean nothing, without telling the secret', async () => {
    const deploy = 'rules: [{deploy: /srv/web.yml}]';
    for (const webhook of [
      `{name: a, kind: github, secret: short, ${deploy}}`,
      `{name: a, kind: github, secret: '\${UNSET}', ${deploy}}`,
      `{name: a, kind: github, ${deploy}}`,
      `{name: '../a', kind: github, ${secret}, ${deploy}}`,
      `{name: a, kind: gitlab, ${secret}, ${deploy}}`,
      `{name: a, kind: github, ${secret}, rules: []}`,
      `{name: a, kind: github, ${secret}, rules: [{when: {ref: x}}]}`,
      `{name: a, kind: github, ${secret}, rules: [{deploy: /srv/web.yml, undo: web}]}`,
      `{name: a, kind: github, ${secret}, rules: [{deploy: web.yml}]}`,
      `{name: a, kind: github, ${secret}, rules: [{undo: '../web'}]}`,
      `{name: a, kind: github, ${secret}, rules: [{when: {}, undo: web}]}`,
      `{name: a, kind: github, ${secret}, rules: [{when: {ref: '*a*b*'}, undo: web}]}`,
      `{name: a, kind: github, ${secret}, user: x, ${deploy}}`,
      `{name: a, kind: github, ${secret}, delivery: X-Id, ${deploy}}`,
      `{name: a, kind: generic, ${secret}, signature: X-S, delivery: X-Id, ${deploy}}`,
      `{name: a, kind: generic, ${secret}, signature: 'X: y', ${deploy}}`,
      `{name: a, kind: github, ${secret}, ${deploy}}, {name: a, kind: github, ${secret}, ${deploy}}`,
    ]) {
      const told = await mistakes(webhook);
      assert.ok(told.length > 0 && told.every((line) => !/canary|short,/.test(line)), told.join());
    }
  });
});
