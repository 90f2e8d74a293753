/**
 * Writes `compose/traefik-keys.json`: which keys Traefik's static and dynamic configuration have, and of which kind each
 * is, read from the Go structs that its decoder fills. `node setup/write-traefik-keys.ts [VERSION]`; needs `go`.
 */
import { execa } from 'execa';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'prettier';

const [version = 'latest'] = process.argv.slice(2);
const traefik = 'github.com/traefik/traefik/v3';

type Module = { Path: string; Version: string; Dir: string };
const download = async (module: string): Promise<Module> =>
  JSON.parse((await execa('go', ['mod', 'download', '-json', module], { cwd: '/' })).stdout) as Module;

/** What one file of a package declares, and what its import names stand for. */
type Declared = { text: string; imports: Map<string, string> };

const module = await download(`${traefik}@${version}`);

/** The named types of a package of the module; nothing of any other. */
const packages = new Map<string, Map<string, Declared>>();
const packageOf = (path: string): Map<string, Declared> | undefined => {
  if (!path.startsWith(traefik)) return undefined;
  const known = packages.get(path);
  if (known) return known;
  const directory = join(module.Dir, path.slice(traefik.length));
  const types = new Map<string, Declared>();
  for (const file of readdirSync(directory)) {
    if (!file.endsWith('.go') || file.endsWith('_test.go')) continue;
    const text = readFileSync(join(directory, file), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '');
    const imports = importsOf(text);
    for (const [, name = '', body = ''] of text.matchAll(
      /^type (\w+) (struct \{\n(?:.*\n)*?\}|struct ?\{\}|[^\n{]+)$/gm,
    ))
      types.set(name, { text: body, imports });
  }
  packages.set(path, types);
  return types;
};

const importsOf = (text: string): Map<string, string> =>
  new Map(
    [...text.matchAll(/^(?:import )?[ \t]*(?:(\w+) )?"([\w./-]+)"$/gm)].map(([, alias, path = '']) => [
      alias ??
        path
          .replace(/\/v\d+$/, '')
          .split('/')
          .at(-1) ??
        '',
      path,
    ]),
  );

const kinds: Record<string, string> = {
  string: 'string',
  bool: 'bool',
  int: 'int',
  int8: 'int',
  int16: 'int',
  int32: 'int',
  int64: 'int',
  uint: 'uint',
  uint8: 'uint',
  uint16: 'uint',
  uint32: 'uint',
  uint64: 'uint',
  float32: 'float',
  float64: 'float',
  any: 'any',
  'interface{}': 'any',
  'time.Duration': 'duration',
};
const durations = ['github.com/traefik/paerser/types.Duration'];

type Fields = Record<string, string>;
const types: Record<string, Fields> = {};

/** A Go type as the table writes it: a kind, `[]` or `{}` before what a list or a mapping holds, `#` before a struct's name. */
const kindOf = (go: string, path: string, imports: Map<string, string>): string => {
  const known = kinds[go];
  if (known !== undefined) return known;
  if (go.startsWith('*')) return kindOf(go.slice(1), path, imports);
  if (go.startsWith('[]')) return `[]${kindOf(go.slice(2), path, imports)}`;
  if (go.startsWith('map[string]')) return `{}${kindOf(go.slice('map[string]'.length), path, imports)}`;
  if (go === 'struct{}') return '#empty';
  const [own, qualified] = go.split('.');
  const owner = qualified === undefined ? path : imports.get(own ?? '');
  const name = qualified ?? own ?? '';
  if (owner === undefined || durations.includes(`${owner}.${name}`)) return owner ? 'duration' : 'any';
  const declared = packageOf(owner)?.get(name);
  if (!declared) return 'any';
  if (!declared.text.startsWith('struct')) return kindOf(declared.text.trim(), owner, declared.imports);
  const key = `${owner.slice(traefik.length).replace(/^\/pkg\//, '')}.${name}`;
  if (!types[key]) {
    types[key] = {};
    types[key] = fieldsOf(declared, owner);
  }
  return `#${key}`;
};

const fieldsOf = ({ text, imports }: Declared, path: string): Fields => {
  const fields: Fields = {};
  for (const line of text.split('\n').slice(1, -1)) {
    const [, names, go = '', tags = ''] =
      /^\s*(?:(\w+(?:, \w+)*)\s+)?([\w.*[\]{}]+)\s*(?:`([^`]*)`)?\s*(?:\/\/.*)?$/.exec(line) ?? [];
    if (go === '') continue;
    if (names === undefined) {
      // An embedded struct: its fields are this one's.
      const kind = kindOf(go, path, imports);
      if (kind.startsWith('#') && !go.startsWith('*')) Object.assign(fields, types[kind.slice(1)]);
      continue;
    }
    const file = / ?file:"([^"]*)"/.exec(tags)?.[1];
    for (const name of names.split(', ')) {
      if (!/^[A-Z]/.test(name)) continue;
      // The decoder goes by the field's name, whatever the case; the tag has the case that people write.
      const written = /yaml:"([^",]+)/.exec(tags)?.[1] ?? name;
      const key = written.toLowerCase() === name.toLowerCase() ? written : name;
      const kind = kindOf(go, path, imports);
      fields[key] = file === '-' ? '-' : file === 'allowEmpty' ? `${kind}?` : kind;
    }
  }
  return fields;
};

types['empty'] = {};
const roots = {
  static: kindOf('static.Configuration', '', new Map([['static', `${traefik}/pkg/config/static`]])),
  dynamic: kindOf('dynamic.Configuration', '', new Map([['dynamic', `${traefik}/pkg/config/dynamic`]])),
};
const sorted = Object.fromEntries(Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1)));
const table = { version: module.Version.replace(/^v/, ''), ...roots, types: sorted };
await writeFile(
  new URL('../compose/traefik-keys.json', import.meta.url),
  await format(JSON.stringify(table), { parser: 'json', printWidth: 110 }),
);
