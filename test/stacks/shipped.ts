/** What `stacks/` holds, and passwords for it. */
import { globSync } from 'node:fs';
import { join } from 'node:path';

export const directory = join(import.meta.dirname, '..', '..', 'stacks');
export const ecosystem = 'complete-app-ecosystem.yml';
export const files = globSync('*.yml', { cwd: directory }).filter((name) => name !== ecosystem).sort();
export const secrets = Object.fromEntries(
  [
    'DB_PASSWORD', 'GRAFANA_PASSWORD', 'PAPERLESS_DB_PASSWORD', 'PAPERLESS_SECRET_KEY', 'NEXTCLOUD_DB_PASSWORD',
    'POSTGRES_PASSWORD', 'AUTHELIA_JWT_SECRET', 'AUTHELIA_SESSION_SECRET', 'AUTHELIA_STORAGE_KEY',
  ].map((name) => [name, `${name.toLowerCase()}-value`]),
);

