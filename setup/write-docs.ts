/**
 * Writes the documents that are made from the code: docs/compose-support.md from the support table, docs/stack.schema.json
 * from the schema of the `x-baton` keys, docs/playbook.schema.json from that of playbooks. `node setup/write-docs.ts --check` only says whether they are current.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { z } from 'zod';
import { playbookFile } from '../compose/playbook.ts';
import { support, type Support } from '../compose/support.ts';
import { serviceKeys, stackKeys } from '../compose/x-baton.ts';

const sections: Record<keyof typeof support, string> = {
  top: 'Top level',
  service: 'A service',
  deploy: '`deploy`',
  build: '`build`',
  network: 'A network',
  volume: 'A volume',
  content: 'A secret or a config',
  healthcheck: '`healthcheck`',
  dependsOn: '`depends_on`',
  networkAttachment: 'A network of a service',
  port: 'A port, long form',
  mount: 'A volume of a service, long form',
};

const supportPage = (): string => {
  const lines = [
    '# What of the Compose Specification Baton honours',
    '',
    'This page is written from the table that the code reads (`compose/support.ts`). A key in none of these lists is an error',
    'with a suggestion; keys that begin with `x-` are left alone, except `x-baton`, which is Baton’s own.',
  ];
  for (const [section, title] of Object.entries(sections)) {
    const rows: [string, Support][] = Object.entries(support[section as keyof typeof support]);
    const honoured = rows.filter(([, { does }]) => does === 'honours').map(([key]) => `\`${key}\``);
    const others = rows.flatMap(([key, row]) => (row.does === 'honours' ? [] : [[key, row] as const]));
    lines.push('', `## ${title}`, '', `Honoured: ${honoured.join(', ')}.`);
    if (others.length === 0) continue;
    lines.push('', '| key | what happens | why |', '| --- | --- | --- |');
    for (const [key, { does, why }] of others)
      lines.push(`| \`${key}\` | ${does === 'warns' ? 'ignored, with a warning' : 'refused'} | ${why} |`);
  }
  return `${lines.join('\n')}\n`;
};

const part = (schema: z.ZodType): object => {
  const { $schema: _schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
};

const playbookSchema = (): string =>
  JSON.stringify({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A Baton playbook',
    ...part(playbookFile),
  });

const stackSchema = (): string =>
  JSON.stringify({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A Baton stack',
    description:
      'A Compose file with `x-baton` keys. Only these are described here; the rest is the Compose Specification.',
    type: 'object',
    properties: {
      'x-baton': part(stackKeys),
      services: {
        type: 'object',
        additionalProperties: { type: 'object', properties: { 'x-baton': part(serviceKeys) } },
      },
    },
  });

const documents: [path: string, text: string, parser: string][] = [
  ['docs/compose-support.md', supportPage(), 'markdown'],
  ['docs/stack.schema.json', stackSchema(), 'json'],
  ['docs/playbook.schema.json', playbookSchema(), 'json'],
];

for (const [path, text, parser] of documents) {
  const url = new URL(`../${path}`, import.meta.url);
  const wanted = await format(text, { parser, printWidth: 120 });
  if (!process.argv.includes('--check')) await writeFile(url, wanted);
  else if ((await readFile(url, 'utf8').catch(() => '')) !== wanted) {
    console.error(`${path} is not current. Write it anew: node setup/write-docs.ts`);
    process.exitCode = 1;
  }
}
