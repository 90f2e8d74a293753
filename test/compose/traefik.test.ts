/** Traefik's configuration: what its decoder accepts passes, what it refuses is told where it stands. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withoutTemplate } from '../../compose/go-template.ts';
import { problemsOfTraefik } from '../../compose/traefik.ts';
import { isError, type Problem } from '../../domain/problem.ts';

const told = ({ at, message }: Problem): string => `${at ? `${at.line}:${at.column} ` : ''}${message}`;
const errors = (text: string, name = 'a.yml'): string[] =>
  problemsOfTraefik(name, text).filter(isError).map(told);
const warnings = (text: string, name = 'a.yml'): string[] =>
  problemsOfTraefik(name, text)
    .filter((found) => !isError(found))
    .map(told);

const dynamic = `
http:
  routers:
    app:
      rule: Host(\`app.example.org\`)
      entryPoints: [websecure]
      middlewares: [auth, limit]
      service: app
      tls: {certResolver: letsencrypt}
  middlewares:
    auth:
      forwardAuth:
        address: http://authelia:9091/api/authz/forward-auth
        trustForwardHeader: true
        authResponseHeaders: [Remote-User]
    limit:
      rateLimit: {average: 100, burst: 50, period: 1m30s}
    compress:
      compress: {}
    plugged:
      plugin: {anything: {deep: {er: [1, 2]}}}
  services:
    app:
      loadBalancer:
        servers:
          - url: http://app:8080
        healthCheck: {path: /ping, interval: 10s, timeout: "3"}
`;

test('dynamic configuration passes', () => {
  assert.deepEqual(problemsOfTraefik('a.yml', dynamic), []);
});

test('static configuration passes, and both in one file', () => {
  const fixed = `
entryPoints:
  web: {address: ":80", http: {redirections: {entryPoint: {to: websecure, scheme: https}}}}
  websecure: {address: ":443"}
providers:
  docker: {exposedByDefault: false}
  file: {directory: /etc/traefik/dynamic, watch: true}
api: {}
ping: {}
certificatesResolvers:
  letsencrypt: {acme: {email: a@example.org, storage: /acme.json, tlsChallenge: {}}}
`;
  assert.deepEqual(problemsOfTraefik('traefik.yml', fixed), []);
  assert.deepEqual(problemsOfTraefik('traefik.yml', fixed + dynamic), []);
});

test('TOML and JSON are read as YAML is', () => {
  const toml = `
[http.routers.app]
  rule = "Host(\`a\`)"
  service = "app"
  middlewarez = ["auth"]

[[http.services.app.loadBalancer.servers]]
  url = "http://app"
  weight = "heavy"
`;
  assert.deepEqual(errors(toml, 'a.toml'), [
    '5:3 "middlewarez" is not a key of http.routers.app. Did you mean "middlewares"?',
    '9:3 http.services.app.loadBalancer.servers[0].weight must be a whole number, not "heavy".',
  ]);
  assert.deepEqual(errors('[http', 'a.toml'), ['1:2 incomplete key-value: cannot find end of key.']);
  assert.deepEqual(errors('{"http": {"rooters": {"a": 1}}}', 'a.json'), [
    '1:11 "rooters" is not a key of http. Did you mean "routers"?',
  ]);
});

describe('a mistake is told with its place', () => {
  const router = (line: string): string => `http:\n  routers:\n    app:\n      ${line}\n      service: a\n`;

  test('a key that is none', () => {
    assert.deepEqual(errors(router('middlewars: [auth]')), [
      '4:7 "middlewars" is not a key of http.routers.app. Did you mean "middlewares"?',
    ]);
  });

  test('a value of another kind', () => {
    assert.deepEqual(errors(router('priority: high')), [
      '4:17 http.routers.app.priority must be a whole number, not "high".',
    ]);
    assert.deepEqual(errors(router('rule: {host: a}')), [
      '4:13 http.routers.app.rule must be text, not a mapping.',
    ]);
    assert.deepEqual(errors(router('middlewares: [{auth: true}]')), [
      '4:22 "auth": an entry of http.routers.app.middlewares must be text, not a mapping.',
    ]);
    assert.deepEqual(errors('http: {middlewares: {a: {rateLimit: {period: soon, average: 1.5}}}}'), [
      '1:46 http.middlewares.a.rateLimit.period must be a duration such as 30s, not "soon".',
      '1:61 http.middlewares.a.rateLimit.average must be a whole number, not "1.5".',
    ]);
    assert.deepEqual(errors('api: {dashboard: yes}'), [
      '1:18 api.dashboard must be true or false, not "yes".',
    ]);
  });

  test('nothing where there must be something', () => {
    assert.deepEqual(errors('http: {routers: {}}'), ['1:17 http.routers must not be empty.']);
    assert.deepEqual(errors('http: {}'), ['1:7 http needs keys of its own.']);
    assert.deepEqual(errors('http: {middlewares: {a: {stripPrefix: {}}}}'), [
      '1:39 http.middlewares.a.stripPrefix needs keys of its own.',
    ]);
  });

  test('what the decoder knows nothing of', () => {
    assert.deepEqual(errors('tls: {options: {a: {minVersion: 2026-11-25}}}'), [
      '1:33 A date must stand in quotes.',
    ]);
    assert.deepEqual(errors(router('middlewares: [[a]]')), ['4:21 An entry of a list must not be a list.']);
    assert.deepEqual(errors(router('middlewares: [a, ~]')), ['4:24 An entry of a list must not be nothing.']);
    assert.deepEqual(errors('- http'), ['1:1 The file must hold a mapping.']);
    assert.deepEqual(errors('http: [', 'a.yml').length, 1);
    assert.deepEqual(errors('http: {}', 'a.conf'), [
      '1:1 Traefik reads files that end in .yml, .yaml, .toml, .json.',
    ]);
  });
});

test('what the decoder takes in spite of its look passes', () => {
  for (const text of [
    '',
    '# nothing yet\n',
    'http:\n',
    'HTTP: {Routers: {a: {RULE: "Host(`a`)", service: b}}}',
    'http: {routers: {a: {rule: x, priority: "10", middlewares: "one, two"}}}',
    'http: {routers: {a: just text}}',
    'http: {routers: {a: {rule: [a, b]}}}',
    'http: {middlewares: {a: {compress: true}}}',
    'http: {routers: {a: {rule: x, tls: {}}}}',
    'http: {services: {a: {loadBalancer: {servers: {only: {url: x}}}}}}',
    'http: {middlewares: {a: {headers: {customRequestHeaders: {A: 1, B: {c: d}}}}}}',
    'http: {middlewares: {a: {retry: {attempts: 1_000}}}}',
  ])
    assert.deepEqual(errors(text), [], text);
});

test('a section that Traefik would silently pass over is a warning', () => {
  assert.deepEqual(warnings('htpp: {routers: {a: {rule: x}}}'), [
    '1:1 Traefik passes over "htpp", which is none of its sections. Did you mean "http"?',
  ]);
});

test('what its parser of YAML reads all the same is a warning at most', () => {
  for (const text of [
    'http: {routers: {a: {rule: "Host(`a`) ||\n  Host(`b`)", service: b}}}',
    'http: {routers: {a: {rule: !env X, service: b}}}',
    'http: {routers: {a: {rule: x, service: b}}}\n---\nnot: [',
    '# first\n---\nhttp: {routers: {a: {rule: x, priority: 0x1F}}}\n...\nrest',
    'metrics: {prometheus: {buckets: [0.1, .inf, 1_000.5]}}',
    'http: {routers: {a: {rule: x, priority: 1.0}}}',
    'http: {routers: {a: {rule: 2026-01-01T00:00:00, service: b}}}',
    'http: {middlewares: {a: {inFlightReq: {amount: 1e3}}}}',
    '  http: {routers: {a: {rule: x, service: b}}}\nnot: [\n  - : x',
    'http: {routers: {a: {rule: x, service: b}}}\n%YAML 1.1\n',
  ])
    assert.deepEqual(errors(text), [], text);
  assert.deepEqual(errors('[http.routers.a]\nrule = "x"\npriority = 9223372036854775807\n', 'a.toml'), []);
});

test('sections of the other kind in one file are passed over, so that mistakes in them are warnings', () => {
  assert.deepEqual(errors('entryPoints: {web: {address: ":80"}}\ntls: {}'), []);
  assert.deepEqual(errors('log: {bogus: 1}\nhttp: {routers: {a: {rule: x}}}'), []);
  assert.equal(errors('log: {bogus: 1}\nhttp: {routers: {}}').length, 2);
});

test('a file that is made to take long does not', () => {
  const began = performance.now();
  errors(`http: {middlewares: {a: {rateLimit: {period: "${'1'.repeat(100_000)}x"}}}}`);
  errors(`x = """\n[${' '.repeat(100_000)}\n"""`, 'a.toml');
  errors(`${'a.'.repeat(50_000)}a = 1`, 'a.toml');
  errors(`a = ${'['.repeat(100_000)}`, 'a.toml');
  errors(`[http.routers.a]\n${Array.from({ length: 20_000 }, (_, i) => `k${i} = 1\n`).join('')}`, 'a.toml');
  errors(`a: ${'{{ range }}'.repeat(10_000)}`);
  assert.ok(performance.now() - began < 20_000);
});

describe('a template', () => {
  test('may stand where text does', () => {
    const text =
      'http:\n  routers:\n    app:\n      rule: "Host(`{{ env "HOST" }}`)"\n      priority: {{ env "P" }}\n      service: a\n';
    assert.deepEqual(problemsOfTraefik('a.yml', text), []);
    assert.deepEqual(errors(text.replace('service', 'servise')), [
      '6:7 "servise" is not a key of http.routers.app. Did you mean "service"?',
    ]);
  });

  test('with a loop or a condition is read as far as it goes, and mistakes are warnings', () => {
    const text = `
http:
  services:
    {{ range $i, $e := until 3 }}
    app-{{ $e }}:
      loadBalancer:
        servers:
          - url: "http://app-{{ $e }}:80"
            {{- if eq $e 1 }}
            weight: 2
            {{- end }}
    {{ end }}
`;
    assert.deepEqual(problemsOfTraefik('a.yml', text), []);
    assert.deepEqual(errors(text.replace('weight', 'wait')), []);
    assert.match(warnings(text.replace('weight', 'wait')).join(), /^10:13 "wait" is not a key of/);
  });

  test('may print whole sections, keys, and numbers', () => {
    for (const text of [
      'http:\n  services:\n    a:\n      loadBalancer: {{ dict "servers" (list) | toJson }}\n',
      'http:\n  routers:\n    {{ env "A" }}: {rule: x}\n    {{ env "B" }}: {rule: x}\n',
      'http:\n  routers:\n    a:\n      middlewares:\n        -\n          {{ env "M" }}\n      rule: x\n',
      '{{ $d:="x" }}\nhttp: {routers: {a: {rule: x}}}\n',
      '{{if.}}{{end}}\n',
      'http: {{ env "ALL" }}',
    ])
      assert.deepEqual(errors(text), [], text);
    assert.deepEqual(errors('[http.routers.a]\nrule = "x"\npriority = {{ env "P" }}\n', 'a.toml'), []);
  });

  test('that is malformed is refused', () => {
    assert.deepEqual(errors('http: {{ env "A"'), ['1:7 This "{{" is never closed.']);
    assert.deepEqual(errors('a: 1\n{{ if true }}\nhttp: {}\n'), ['2:1 This {{if true}} has no {{end}}.']);
    assert.deepEqual(errors('{{ end }}\n'), ['1:1 This {{end}} ends nothing.']);
    assert.deepEqual(errors('{{ else }}\n'), ['1:1 This {{else}} belongs to nothing.']);
  });

  test('keeps every line where it was', () => {
    const lines = (text: string): unknown => {
      const plain = withoutTemplate('a.yml', text);
      return 'problem' in plain ? plain.problem.message : plain.text.split('\n');
    };
    assert.deepEqual(lines('a: {{ env "}}" }}\nb: {{`}}`}} x'), ['a: TEMPLATE_VALUE', 'b: TEMPLATE_VALUE x']);
    assert.deepEqual(lines('{{/* a\n}} b */}}c: 1'), ['', 'c: 1']);
    assert.deepEqual(lines('{{ $x := 1 }}\na: {{ $x }}{{ $x }}'), ['', 'a: TEMPLATE_VALUETEMPLATE_VALUE']);
    assert.deepEqual(lines('a:\n{{ toYaml .b }}\nc: 1'), ['a:', '', 'c: 1']);
  });

  test('is none in a static file', () => {
    assert.deepEqual(errors('entryPoints: {web: {address: "{{ env }}"}}'), []);
  });
});
