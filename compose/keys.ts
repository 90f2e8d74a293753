/** Holds a mapping's keys against the support table: what is honoured, warned about, refused, or unknown. */
import type { Reader } from './reader.ts';
import { suggest } from './suggest.ts';
import { support, type Support } from './support.ts';
import type { MapNode } from './tree.ts';

type Section = keyof typeof support;

const names: Record<Section, string> = {
  top: 'a Compose file',
  service: 'a service',
  deploy: 'deploy',
  build: 'build',
  network: 'a network',
  volume: 'a volume',
  content: 'a secret or config',
  healthcheck: 'a healthcheck',
  dependsOn: 'depends_on',
  networkAttachment: "a service's network",
  port: 'a port',
  mount: 'a volume of a service',
};

/** Adds a problem for each key that Baton does not honour. `x-` keys are anyone's. */
export const checkKeys = (reader: Reader, map: MapNode | undefined, section: Section): void => {
  const table: Record<string, Support> = support[section];
  for (const { key, keyAt } of map?.entries ?? []) {
    const row = Object.hasOwn(table, key) ? table[key] : undefined;
    if (row?.does === 'honours') continue;
    if (row?.does === 'warns') reader.warn(keyAt, 'ignored-key', `"${key}" is ignored: ${row.why}.`);
    else if (row?.does === 'refuses')
      reader.error(keyAt, 'unsupported-key', `"${key}" is not supported: ${row.why}.`);
    else if (!key.startsWith('x-')) {
      const meant = suggest(key, Object.keys(table));
      const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`;
      reader.error(keyAt, 'unknown-key', `"${key}" is not a key of ${names[section]}.${hint}`);
    }
  }
};
