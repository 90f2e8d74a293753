/** Records what a real `docker compose config` makes of templates: `node test/domain/record-interpolation.ts COMPOSE-BINARY`. */
import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const environment = { SET: 'value', EMPTY: '', OTHER: 'o{t}h' };
const names = ['SET', 'EMPTY', 'UNSET'];
const operators = [':-', '-', ':+', '+', ':?', '?'];
const operands = ['default', '', '${OTHER}', '${UNSET-inner}', 'a b:c', '${UNSET:-${SET}}', '{x}', '$$'];
const templates = [
  ...names.flatMap((name) => [`$${name}`, `\${${name}}`, `a$${name}-b`, `a\${${name}}b`]),
  ...names.flatMap((name) =>
    operators.flatMap((operator) => operands.map((operand) => `<\${${name}${operator}${operand}}>`)),
  ),
  '$$SET',
  '$${SET}',
  '$$$SET',
  'cost: 5$',
  '$',
  '$ SET',
  '$1',
  '${SET',
  '${}',
  '${1A}',
  '${SET!x}',
  '${SET:}',
  '${UNSET:-a}}',
  'a}b',
  '$SET$SET',
  '${SET}${EMPTY}${OTHER}',
  '${UNSET:-${EMPTY:-${OTHER:-x}}}',
  '${UNSET?}',
  '${EMPTY:?}',
  '${SET:?${UNSET:?inner}}',
];

const [compose = 'docker-compose'] = process.argv.slice(2);
const directory = await mkdtemp(join(tmpdir(), 'baton-record-'));
const cases = [];
for (const template of templates) {
  await writeFile(
    join(directory, 'compose.yml'),
    `services: {a: {image: x, environment: {V: ${JSON.stringify(template)}}}}\n`,
  );
  const { stdout, exitCode } = await execa(compose, ['config', '--format', 'json'], {
    cwd: directory,
    env: environment,
    reject: false,
  });
  if (exitCode !== 0) cases.push({ template, fails: true });
  else {
    const config = JSON.parse(stdout) as { services: { a: { environment: { V: string } } } };
    // `config` writes a dollar sign as two, so that its output can be read again.
    cases.push({ template, text: config.services.a.environment.V.replaceAll('$$', '$') });
  }
}
const { stdout: version } = await execa(compose, ['version', '--short']);
await writeFile(
  new URL('interpolation.json', import.meta.url),
  `${JSON.stringify({ compose: version.trim(), environment, cases }, null, 2)}\n`,
);
await rm(directory, { recursive: true });
