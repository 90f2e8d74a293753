import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { load, mustLoad, mustLoadService, problemsOf } from './loading.ts';

describe('what a stack is called', () => {
  test('by its name', async () => {
    assert.equal((await mustLoad('name: photos\nservices: {a: {image: x}}')).name, 'photos');
  });
  test('by its file', async () => {
    assert.equal((await mustLoad('services: {a: {image: x}}', { name: 'My Photos.yml' })).name, 'myphotos');
  });
  test('by its directory, where the file has a name of its own in Compose', async () => {
    assert.equal((await mustLoad('services: {a: {image: x}}', { name: 'docker-compose.yml' })).name, 'x');
  });
  test('a name that looks like a flag is refused', async () => {
    assert.deepEqual(await problemsOf('name: --rm\nservices: {a: {image: x}}'), ['name@1:7']);
  });
});

describe('keys', () => {
  test('a mistyped key is an error with what was meant', async () => {
    const loaded = await load('services:\n  a:\n    imgae: x\n');
    assert.ok(!loaded.ok);
    assert.match(loaded.problems.map(({ message }) => message).join(), /"imgae".*Did you mean "image"/);
  });
  test('a key that is not honoured is an error with the reason', async () => {
    assert.deepEqual(await problemsOf('services:\n  a:\n    image: x\n    volumes_from: [b]\n'), [
      'unsupported-key@4:5',
    ]);
  });
  test('an obsolete key is a warning', async () => {
    const loaded = await load('version: "3"\nservices: {a: {image: x}}');
    assert.ok(loaded.ok);
    assert.deepEqual(
      loaded.warnings.map(({ code, at }) => `${code}@${at?.line}`),
      ['ignored-key@1'],
    );
  });
  test('keys of others, x-anything, are left alone', async () => {
    await mustLoad('x-common: {a: 1}\nservices: {a: {image: x, x-mine: [1, 2]}}');
  });
  test('a key twice is an error at the second', async () => {
    assert.deepEqual(await problemsOf('services:\n  a:\n    image: x\n    image: y\n'), [
      'duplicate-key@4:5',
    ]);
  });
  test('every problem is told at once', async () => {
    const found = await problemsOf('services:\n  a:\n    imgae: x\n    ports: ["0"]\n  "-b": {image: y}\n');
    assert.deepEqual(found.sort(), ['image@2:3', 'name@5:3', 'port@4:13', 'unknown-key@3:5']);
  });
});

describe('references', () => {
  const one = (service: string): string => `services:\n  a: {image: x, ${service}}\n`;
  const cases: [string, string, string][] = [
    ['an undefined dependency', one('depends_on: [b]'), 'undefined-service@2:3'],
    ['an undefined network', one('networks: [n]'), 'undefined-network@2:3'],
    ['an undefined volume', one('volumes: ["v:/v"]'), 'undefined-volume@2:3'],
    ['an undefined secret', one('secrets: [s]'), 'undefined-secret@2:3'],
    ['an undefined owner of the network', one('network_mode: "service:b"'), 'undefined-service@2:3'],
    ['a service that depends on itself', one('depends_on: [a]'), 'dependency-cycle@2:3'],
  ];
  for (const [what, text, found] of cases)
    test(`${what} is refused`, async () => {
      assert.deepEqual(await problemsOf(text), [found]);
    });
  test('a circle of dependencies is refused, and shown', async () => {
    const loaded = await load(
      'services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n',
    );
    assert.ok(!loaded.ok);
    assert.match(loaded.problems[0]?.message ?? '', /a → b → a/);
  });
});

describe('anchors, extends, include and profiles', () => {
  test('anchors and merge keys', async () => {
    const stack = await mustLoad(`
x-base: &base {image: x, restart: always, environment: {A: "1"}}
services:
  a: {<<: *base, user: "1"}
  b: {<<: [*base], restart: "no"}
`);
    assert.deepEqual(
      stack.services.map(({ restart, user }) => [restart.policy, user]),
      [
        ['always', '1'],
        ['no', undefined],
      ],
    );
  });

  test('extends another file: mappings merge, lists append, commands are replaced, paths are of their own file', async () => {
    const stack = await mustLoad(
      `
services:
  a:
    extends: {file: common/base.yml, service: base}
    environment: {B: "2"}
    command: [new]
    volumes: ["./own:/data"]
`,
      {
        files: {
          'common/base.yml':
            'services: {base: {image: x, environment: ["A=1", "B=1"], command: [old], volumes: ["./base:/base", "./base:/data"], ports: ["1:1"]}}',
        },
      },
    );
    const [a] = stack.services;
    const directory = stack.file.replace(/\/[^/]+$/, '');
    assert.equal(a?.image, 'x');
    assert.deepEqual(a.environment, { A: '1', B: '2' });
    assert.deepEqual(a.command, ['new']);
    assert.deepEqual(
      a.mounts.map(
        (mount) => mount.type === 'bind' && `${mount.source.replace(directory, '')}:${mount.target}`,
      ),
      ['/common/base:/base', '/own:/data'],
    );
    assert.equal(a.ports.length, 1);
  });

  test('extends within the file, through a chain; a circle is refused', async () => {
    const stack = await mustLoad(
      'services: {a: {extends: b}, b: {extends: {service: c}, user: "1"}, c: {image: x, user: "2"}}',
    );
    assert.deepEqual(
      stack.services.map(({ image, user }) => [image, user]),
      [
        ['x', '1'],
        ['x', '1'],
        ['x', '2'],
      ],
    );
    assert.deepEqual(
      (await problemsOf('services:\n  a: {extends: b}\n  b: {extends: a}\n')).filter((found) =>
        found.startsWith('extends-cycle'),
      ).length > 0,
      true,
    );
  });

  test('include adds services; the same name with another meaning is refused', async () => {
    const files = { 'more/db.yml': 'services: {db: {image: pg}}\nvolumes: {v: }' };
    const stack = await mustLoad(
      'include: [more/db.yml]\nservices: {a: {image: x, depends_on: [db], volumes: ["v:/v"]}}',
      { files },
    );
    assert.deepEqual(
      stack.services.map(({ name }) => name),
      ['a', 'db'],
    );
    assert.deepEqual(await problemsOf('include: [more/db.yml]\nservices: {db: {image: other}}', { files }), [
      'include-clash@2:12',
    ]);
  });

  test('files outside the project are refused, with or without a symlink', async () => {
    assert.deepEqual(await problemsOf('include: [/etc/hostname]\nservices: {a: {image: x}}'), [
      'path-escapes@1:11',
    ]);
    assert.deepEqual(
      await problemsOf('services:\n  a: {extends: {file: ../../../../../etc/hostname, service: x}}\n').then(
        (found) => found[0],
      ),
      'path-escapes@2:23',
    );
  });

  test('services of a profile that is not active are left out', async () => {
    const text = 'services: {a: {image: x}, debug: {image: y, profiles: [debug]}}';
    assert.deepEqual(
      (await mustLoad(text)).services.map(({ name }) => name),
      ['a'],
    );
    assert.equal((await mustLoad(text, { profiles: ['debug'] })).services.length, 2);
    assert.equal((await mustLoad(text, { environment: { COMPOSE_PROFILES: 'x,debug' } })).services.length, 2);
  });
});

describe('variables', () => {
  test('come from --set, then the environment, then .env beside the file', async () => {
    const text = 'services: {a: {image: "x:${TAG:-none}"}}';
    const files = { '.env': 'TAG=file\n' };
    assert.equal((await mustLoad(text)).services[0]?.image, 'x:none');
    assert.equal((await mustLoad(text, { files })).services[0]?.image, 'x:file');
    assert.equal((await mustLoad(text, { files, environment: { TAG: 'env' } })).services[0]?.image, 'x:env');
    assert.equal(
      (await mustLoad(text, { files, environment: { TAG: 'env' }, variables: { TAG: 'set' } })).services[0]
        ?.image,
      'x:set',
    );
  });
  test('a required one that is missing is refused where it stands', async () => {
    assert.deepEqual(await problemsOf('services:\n  a:\n    image: "x:${TAG:?which}"\n'), [
      'interpolation@3:12',
    ]);
  });
});

describe('x-baton', () => {
  test('is read whole', async () => {
    const stack = await mustLoad(`
services:
  a:
    image: x
    volumes: ["./db:/db", "cache:/cache"]
    x-baton:
      probe: {http: ":80/health", status: 204, contains: ok, timeout: 2s}
      validate: [{exec: ["true"]}, {exec: "echo $$A | grep b"}]
      data: {/cache: discard}
      min_healthy_time: 3s
volumes: {cache: }
x-baton:
  validate: [{service: a, tcp: 80}, {http: "https://example.org/x?y"}]
  requires: [traefik]
  files: [{path: /etc/app/route.yml, content: "host: \${HOST}", mode: 0600}]
  progress_deadline: 1m
  rollback: hold
`);
    const [a] = stack.services;
    assert.equal(a?.probe?.type, 'http');
    assert.deepEqual(a.data, { '/cache': 'discard' });
    assert.equal(a.minHealthyTimeMs, 3000);
    assert.deepEqual(
      a.validate.map((probe) => probe.type === 'exec' && probe.command),
      [['true'], ['/bin/sh', '-c', 'echo $$A | grep b']],
    );
    assert.deepEqual(stack.requires, ['traefik']);
    assert.deepEqual(
      stack.files.map(({ path, content, mode }) => ({ path, content, mode })),
      [{ path: '/etc/app/route.yml', content: 'host: ${HOST}', mode: 0o600 }],
    );
    assert.deepEqual(stack.policy, {
      minHealthyTimeMs: 10_000,
      healthyDeadlineMs: 300_000,
      progressDeadlineMs: 60_000,
      rollback: 'hold',
    });
  });

  test('an unknown key is an error with a suggestion, where it stands', async () => {
    const loaded = await load('services:\n  a:\n    image: x\n    x-baton:\n      probee: {tcp: 80}\n');
    assert.ok(!loaded.ok);
    const [problem] = loaded.problems;
    assert.equal(problem?.at?.line, 5);
    assert.match(problem.message, /Did you mean "probe"/);
  });

  const wrong: [string, string, string][] = [
    ['a probe of two kinds', 'probe: {tcp: 80, http: ":80/"}', 'x-baton@2:34'],
    ['a class that there is none of', 'data: {/x: keep}', 'x-baton@2:38'],
    ['a duration that is none', 'min_healthy_time: soon', 'x-baton@2:45'],
  ];
  for (const [what, keys, found] of wrong)
    test(`${what} is refused`, async () => {
      assert.deepEqual(await problemsOf(`services:\n  a: {image: x, x-baton: {${keys}}}\n`), [found]);
    });

  test('a database to be dumped is told by its image, or by whoever writes the stack', async () => {
    const data = async (image: string, wish: string, more = ''): Promise<string[]> =>
      await problemsOf(`services:
  db: {image: ${image}, volumes: ["/srv/db:/data"], x-baton: {data: {/data: ${wish}}}}
${more}`);
    assert.deepEqual(await data('postgres:17', 'dump'), []);
    assert.deepEqual(await data('mine', '{dump: redis}'), []);
    assert.deepEqual(await data('mine', '{dump: sqlite}'), []);
    assert.deepEqual(await data('mine', 'dump'), ['unknown-database@2:3']);
    assert.deepEqual(await data('mine', '{dump: oracle}'), ['x-baton@2:73']);
    // Only mounts what the other one's database writes.
    const backup = '  backup: {image: mine, volumes: ["/srv/db:/db"], x-baton: {data: {/db: dump}}}\n';
    assert.deepEqual(await data('postgres:17', 'dump', backup), []);
  });

  for (const path of ['relative.yml', '/etc/../shadow', '/etc/'])
    test(`a managed file at ${path} is refused`, async () => {
      assert.deepEqual(
        await problemsOf(
          `services: {a: {image: x}}\nx-baton:\n  files:\n    - {path: "${path}", content: x}\n`,
        ),
        ['path-escapes@4:7'],
      );
    });
  test('a managed file may only be copied from the stack’s own directory', async () => {
    assert.deepEqual(
      await problemsOf(
        'services: {a: {image: x}}\nx-baton:\n  files:\n    - {path: /x, source: ../../etc/shadow}\n',
      ),
      ['path-escapes@4:7'],
    );
  });
});

describe('files of other kinds', () => {
  const cases: [string, string, string][] = [
    ['an ecosystem', 'stack: {name: x, base: [{stack: a.yml}]}', 'ecosystem'],
    ["the handbook's stack", 'stack: {name: x}\nservices:\n  - name: a\n    pattern: p\n', 'handbook-stack'],
    ["the handbook's pattern", 'pattern: {name: x}\n', 'handbook-pattern'],
    ['a Kubernetes manifest', 'apiVersion: v1\nkind: Pod\n', 'kubernetes'],
    ['something else', 'hello: world\n', 'not-compose'],
    ['a list', '- a\n', 'not-compose'],
  ];
  for (const [what, text, code] of cases)
    test(`${what} is named as what it is`, async () => {
      assert.deepEqual(await problemsOf(text), [`${code}@1:1`]);
    });
});

test('a service of the least is complete', async () => {
  const service = await mustLoadService('restart: "no"');
  assert.equal(service.containerName, 'web-a-1');
  assert.equal(service.fixedName, false);
  assert.equal(service.stopGracePeriodMs, 10_000);
});
