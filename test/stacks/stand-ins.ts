/** Local images under the names of those that the shipped stacks use: they listen where the real ones do, and answer. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Site } from '../e2e/site.ts';

const ports = [2283, 3000, 3003, 3100, 5432, 6379, 8000, 8096, 80, 9090, 9091];

const answer = `#!/bin/sh
while read -r line && [ -n "\${line%?}" ]; do :; done
printf 'HTTP/1.0 200 OK\\r\\nConnection: close\\r\\n\\r\\npong ready Healthy OK'
`;
const listen = `#!/bin/sh
for port in ${ports.join(' ')}; do nc -ll -p "$port" -e /answer 2>/dev/null & done
wait
sleep 100000
`;
/** It listens where its arguments say, since it has the host's network. */
const listenAtPing = `#!/bin/sh
for word in "$@"; do case "$word" in --entrypoints.ping.address=*) port=\${word##*:} ;; esac; done
mkdir /www && echo OK > /www/ping
exec httpd -f -p "127.0.0.1:$port" -h /www
`;

/** Builds two small images and gives them every name in `references`. */
export const makeStandIns = async (site: Site, references: string[]): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-stand-in-'));
  const scripts = { answer, listen, 'listen-at-ping': listenAtPing, healthy: '#!/bin/sh\nexit 0\n' };
  for (const [name, text] of Object.entries(scripts)) await writeFile(join(directory, name), text, { mode: 0o755 });
  const image = async (name: string, entrypoint: string): Promise<string> => {
    await writeFile(
      join(directory, name),
      `FROM ${site.environment['IMAGE'] ?? ''}
COPY answer listen listen-at-ping healthy /
RUN ln -s /healthy /bin/pg_isready && ln -s /healthy /bin/redis-cli && ln -s /healthy /bin/healthcheck.sh
STOPSIGNAL SIGKILL
ENTRYPOINT ["${entrypoint}"]
`,
    );
    const tag = `localhost/baton/${name}:1`;
    await site.cli('build', '-q', '-t', tag, '-f', join(directory, name), directory);
    return tag;
  };
  const service = await image('stand-in', '/listen');
  const door = await image('stand-in-door', '/listen-at-ping');
  for (const reference of new Set(references))
    await site.cli('tag', reference.includes('traefik') ? door : service, reference);
  await rm(directory, { recursive: true });
};
