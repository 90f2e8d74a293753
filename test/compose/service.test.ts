import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mustLoad, mustLoadService as service, problemsOf } from './loading.ts';

const withoutPlaces = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === 'at' ? undefined : inner)));

describe('ports', () => {
  const cases: [written: string, read: object[]][] = [
    ['"80"', [{ target: 80, protocol: 'tcp' }]],
    ['80', [{ target: 80, protocol: 'tcp' }]],
    ['"8080:80"', [{ target: 80, published: 8080, protocol: 'tcp' }]],
    ['"53:53/udp"', [{ target: 53, published: 53, protocol: 'udp' }]],
    ['"127.0.0.1:8080:80"', [{ target: 80, published: 8080, hostIp: '127.0.0.1', protocol: 'tcp' }]],
    ['"127.0.0.1::80"', [{ target: 80, hostIp: '127.0.0.1', protocol: 'tcp' }]],
    ['"[::1]:8080:80"', [{ target: 80, published: 8080, hostIp: '::1', protocol: 'tcp' }]],
    [
      '"9000-9001:90-91"',
      [
        { target: 90, published: 9000, protocol: 'tcp' },
        { target: 91, published: 9001, protocol: 'tcp' },
      ],
    ],
    ['{target: 80, published: "8080", protocol: udp}', [{ target: 80, published: 8080, protocol: 'udp' }]],
    ['{target: 80, mode: host}', [{ target: 80, protocol: 'tcp' }]],
  ];
  for (const [written, read] of cases)
    test(`${written} is understood`, async () => {
      assert.deepEqual(withoutPlaces((await service(`ports: [${written}]`)).ports), read);
    });

  for (const written of [
    '"0"',
    '"70000:80"',
    '"80:"',
    '"a:b"',
    '"1.2.3:80:80"',
    '"80/xyz"',
    '"1-3:1-2"',
    '"::"',
  ])
    test(`${written} is refused`, async () => {
      const found = await problemsOf(`services:\n  a:\n    image: x\n    ports: [${written}]\n`);
      assert.deepEqual(found, ['port@4:13']);
    });

  test('two services on one host port are refused, at the second', async () => {
    const found = await problemsOf(
      'services:\n  a: {image: x, ports: ["80:80"]}\n  b: {image: x, ports: ["0.0.0.0:80:81"]}\n',
    );
    assert.deepEqual(found, ['port-clash@3:25']);
  });

  test('the same port on two addresses is no clash', async () => {
    const found = await problemsOf(
      'services:\n  a: {image: x, ports: ["127.0.0.1:80:80"]}\n  b: {image: x, ports: ["127.0.0.2:80:80"]}\n',
    );
    assert.deepEqual(found, []);
  });
});

describe('volumes', () => {
  test('a path beside the file, a path of the host, a home path and a named volume are told apart', async () => {
    const stack = await mustLoad(`
services:
  a:
    image: x
    volumes: [./data:/data, /srv/x:/x:ro, db:/db:z, /anonymous, "../up:/up:Z,rw"]
volumes: {db: }
`);
    const mounts = stack.services[0]?.mounts ?? [];
    const directory = stack.file.replace(/\/[^/]+$/, '');
    assert.deepEqual(withoutPlaces(mounts), [
      { type: 'bind', source: `${directory}/data`, target: '/data', readOnly: false, createHostPath: true },
      { type: 'bind', source: '/srv/x', target: '/x', readOnly: true, createHostPath: true },
      { type: 'volume', volume: 'db', target: '/db', readOnly: false, noCopy: false, selinux: 'z' },
      { type: 'volume', target: '/anonymous', readOnly: false, noCopy: false },
      {
        type: 'bind',
        source: directory.replace(/\/x$/, '/up'),
        target: '/up',
        readOnly: false,
        createHostPath: true,
        selinux: 'Z',
      },
    ]);
  });

  test('the long forms are understood', async () => {
    const { mounts } = await service(
      [
        'volumes:',
        '  - {type: bind, source: /srv/x, target: /x, read_only: true, bind: {create_host_path: false, propagation: rslave, selinux: z}}',
        '  - {type: volume, target: /y, volume: {nocopy: true}}',
        '  - {type: tmpfs, target: /z, tmpfs: {size: 64m, mode: 01777}}',
        'tmpfs: ["/run:size=1m", /tmp]',
      ].join('\n'),
    );
    assert.deepEqual(withoutPlaces(mounts), [
      {
        type: 'bind',
        source: '/srv/x',
        target: '/x',
        readOnly: true,
        createHostPath: false,
        selinux: 'z',
        propagation: 'rslave',
      },
      { type: 'volume', target: '/y', readOnly: false, noCopy: true },
      { type: 'tmpfs', target: '/z', readOnly: false, sizeBytes: 64 * 2 ** 20, mode: 0o1777 },
      { type: 'tmpfs', target: '/run', readOnly: false, options: 'size=1m' },
      { type: 'tmpfs', target: '/tmp', readOnly: false },
    ]);
  });

  for (const written of [
    '"a:b:c:d"',
    '"C:\\\\x:/y"',
    '"./x:relative"',
    '"/x:/a/../../etc"',
    '"some/dir:/x"',
    '"x:/y:banana"',
  ])
    test(`${written} is refused`, async () => {
      const found = await problemsOf(
        `services:\n  a:\n    image: x\n    volumes: [${written}]\nvolumes: {x: }\n`,
      );
      assert.deepEqual(found, ['mount@4:15']);
    });
});

describe('commands and healthchecks', () => {
  test('a command of text is split as a shell splits words', async () => {
    const { command, entrypoint } = await service(
      `command: sh -c 'echo "a  b" $$HOME'\nentrypoint: ["/x", "a b"]`,
    );
    assert.deepEqual(command, ['sh', '-c', 'echo "a  b" $$HOME']);
    assert.deepEqual(entrypoint, ['/x', 'a b']);
  });

  const tests: [written: string, read: unknown][] = [
    ['{test: "curl -f x"}', { test: ['CMD-SHELL', 'curl -f x'] }],
    [
      '{test: [CMD, curl, x], interval: 1m30s, retries: 3}',
      { test: ['CMD', 'curl', 'x'], intervalMs: 90_000, retries: 3 },
    ],
    [
      '{test: [CMD-SHELL, curl x], start_period: 500ms}',
      { test: ['CMD-SHELL', 'curl x'], startPeriodMs: 500 },
    ],
    ['{test: [NONE]}', 'disabled'],
    ['{disable: true}', 'disabled'],
    ['{interval: 10s}', { intervalMs: 10_000 }],
  ];
  for (const [written, read] of tests)
    test(`healthcheck ${written} is understood`, async () => {
      assert.deepEqual((await service(`healthcheck: ${written}`)).healthcheck, read);
    });

  test('a test that starts with neither CMD nor CMD-SHELL is refused', async () => {
    assert.deepEqual(
      await problemsOf('services:\n  a:\n    image: x\n    healthcheck: {test: [curl, x]}\n'),
      ['healthcheck@4:25'],
    );
  });
});

describe('everything else of a service', () => {
  test('depends_on is read in both forms, links order too', async () => {
    const stack = await mustLoad(`
services:
  a: {image: x, depends_on: [b], links: ["c:alias"]}
  b: {image: x, depends_on: {c: {condition: service_completed_successfully, restart: true}}}
  c: {image: x}
`);
    assert.deepEqual(
      stack.services.map(({ dependsOn }) => dependsOn),
      [
        [
          { service: 'b', condition: 'service_started', restart: false, required: true },
          { service: 'c', condition: 'service_started', restart: false, required: true },
        ],
        [{ service: 'c', condition: 'service_completed_successfully', restart: true, required: true }],
        [],
      ],
    );
  });

  test('limits of deploy win over the older keys', async () => {
    const { resources, restart } = await service(
      'mem_limit: 1g\ncpus: 2\ndeploy: {resources: {limits: {memory: 512M, cpus: "0.5", pids: 9}}, restart_policy: {condition: on-failure, max_attempts: 3}}',
    );
    assert.deepEqual(resources, { memoryBytes: 512 * 2 ** 20, cpus: 0.5, pidsLimit: 9 });
    assert.deepEqual(restart, { policy: 'on-failure', maximumRetryCount: 3 });
  });

  const restarts: [string, object][] = [
    ['no', { policy: 'no' }],
    ['"no"', { policy: 'no' }],
    ['false', { policy: 'no' }],
    ['unless-stopped', { policy: 'unless-stopped' }],
    ['on-failure:5', { policy: 'on-failure', maximumRetryCount: 5 }],
  ];
  for (const [written, read] of restarts)
    test(`restart: ${written} is understood`, async () => {
      assert.deepEqual((await service(`restart: ${written}`)).restart, read);
    });

  test('environment stays a template: values are resolved where they are used', async () => {
    const { environment } = await service('environment: ["A=${SECRET}", B, "C=x=y"]', {
      environment: { SECRET: 'canary' },
    });
    assert.deepEqual(environment, { A: '${SECRET}', B: null, C: 'x=y' });
  });

  test('network modes, aliases and addresses are understood', async () => {
    const stack = await mustLoad(`
services:
  a: {image: x, network_mode: host}
  b: {image: x, network_mode: "service:a"}
  c: {image: x, networks: {front: {aliases: [web], ipv4_address: 10.9.0.5}, back: }}
  d: {image: x}
networks:
  front: {ipam: {config: [{subnet: 10.9.0.0/24}]}}
  back: {external: true, name: shared}
`);
    assert.deepEqual(
      stack.services.map(({ network }) => network),
      [
        { mode: 'host' },
        { mode: 'service', service: 'a' },
        {
          mode: 'bridge',
          attachments: [
            { network: 'front', aliases: ['web'], ipv4Address: '10.9.0.5' },
            { network: 'back', aliases: [] },
          ],
        },
        { mode: 'bridge', attachments: [{ network: 'default', aliases: [] }] },
      ],
    );
    assert.equal(stack.networks['front']?.name, 'web_front');
    assert.equal(stack.networks['back']?.name, 'shared');
    assert.equal(stack.networks['default']?.name, 'web_default');
  });

  test('secrets and configs are mounted where the specification says', async () => {
    const stack = await mustLoad(`
services:
  a: {image: x, secrets: [token, {source: key, target: /etc/key, mode: 0400, uid: "33"}], configs: [conf]}
secrets: {token: {environment: TOKEN}, key: {file: ./key}}
configs: {conf: {content: "port=\${PORT}"}}
`);
    assert.deepEqual(stack.services[0]?.secrets, [
      { source: 'token', target: '/run/secrets/token' },
      { source: 'key', target: '/etc/key', uid: '33', mode: 0o400 },
    ]);
    assert.deepEqual(stack.services[0].configs, [{ source: 'conf', target: '/conf' }]);
  });
});
