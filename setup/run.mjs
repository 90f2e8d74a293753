// Runs a TypeScript program of the checkout on a machine that may have nothing but Node 20 and npm:
// `node setup/run.mjs PROGRAM ARGS…`. Installs the packages where that is needed (they bring Node 24), then hands over.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.baton-installed');
const bundledNode = join(root, 'node_modules', '.bin', 'node');
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.error('▸ Installing packages into node_modules (npm install), about a minute the first time …');
  const began = performance.now();
  // Not `npm ci`: it insists on entries for platforms that this lock file, made on Linux, does not list.
  const { status } = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) {
    console.error(
      'The packages could not be installed. Look at what npm said above, then type the command again.',
    );
    process.exit(69);
  }
  writeFileSync(stamp, lock);
  console.error(`✓ Packages installed in ${Math.round((performance.now() - began) / 1000)} s.`);
}

const [major, minor] = process.versions.node.split('.').map(Number);
const runsTypeScript = major > 22 || (major === 22 && minor >= 18);
if (!existsSync(bundledNode) && !runsTypeScript) {
  console.error(
    `No Node 24 is packaged for ${process.arch}. Install Node 22.18 or newer, then type the command again.`,
  );
  process.exit(69);
}
const node = existsSync(bundledNode) ? bundledNode : process.execPath;
const cache = process.env.XDG_CACHE_HOME || (process.env.HOME && join(process.env.HOME, '.cache'));
const child = spawn(node, process.argv.slice(2), {
  cwd: root,
  stdio: 'inherit',
  env: {
    // What Node has parsed once it need not parse again, in this process and in those that it starts.
    ...(cache ? { NODE_COMPILE_CACHE: join(cache, 'baton', 'node') } : {}),
    ...process.env,
    PATH: `${dirname(bundledNode)}:${process.env.PATH}`,
  },
});
// The child has the same terminal and gets the same signals; this process only waits to pass its exit code on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
