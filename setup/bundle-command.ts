/** Makes the bundle that `command-bundle.ts` runs. Takes about a second, once for each state of the sources. */
import { build, type Plugin } from 'esbuild';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundlesOf, inputAt, scriptOf, type Bundle } from './command-bundle.ts';
import { writeWhole } from './write-whole.ts';

/** A command that has read the index just before a new bundle was made still finds its own. */
const keepMs = 10 * 60_000;

/** `isCurrent`: no source has been written while it was read. Where one was, the next command makes another bundle. */
export const bundleCommand = async (root: string): Promise<{ bundle: Bundle; isCurrent: boolean }> => {
  const bundles = bundlesOf(root);
  await mkdir(bundles, { recursive: true });
  const directory = await mkdtemp(join(bundles, 'command-'));
  // Made by root, it is run by others as well.
  await chmod(directory, 0o755);
  // By the clock that dates the sources.
  const { mtimeMs: began } = await stat(directory);
  await removeOld(bundles, began);
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['client/main.ts'],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    minifyWhitespace: true,
    metafile: true,
    logLevel: 'silent',
    plugins: [ownPlaces, shorterDescriptors],
  });
  for (const { contents } of outputFiles) writeWhole(scriptOf({ directory }), contents);
  const sources = Object.keys(metafile.inputs).filter((path) => !path.startsWith('node_modules/'));
  const inputs = [...sources, 'node_modules/.package-lock.json'].map((path) => inputAt(root, path));
  return {
    bundle: { root, directory, inputs },
    isCurrent: inputs.every(({ modifiedMs }) => modifiedMs < began),
  };
};

const removeOld = async (bundles: string, now: number): Promise<void> => {
  for (const name of await readdir(bundles)) {
    const path = join(bundles, name);
    // Another command may do the same just now.
    const { mtimeMs } = (await stat(path).catch(() => undefined)) ?? { mtimeMs: now };
    if (name !== 'command.json' && now - mtimeMs > keepMs) await rm(path, { recursive: true, force: true });
  }
};

/** A file that asks where it is means its place in the checkout, where other files lie beside it. */
const ownPlaces: Plugin = {
  name: 'own places',
  setup(building) {
    building.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta')) return undefined;
      return {
        contents: text
          .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
        loader: path.endsWith('ts') ? 'ts' : 'js',
      };
    });
  },
};

/**
 * Temporal's messages are described in half a megabyte of JavaScript, of which each start makes a class for each of them. A third
 * describes the administration of Temporal Cloud and what a worker says to its core, which no command says; the rest is read faster
 * as JSON.
 */
const shorterDescriptors: Plugin = {
  name: 'shorter descriptors',
  setup(building) {
    building.onLoad({ filter: /@temporalio\/proto\/protos\/json-module\.js$/ }, ({ path }) => {
      const { nested } = (createRequire(path)(path) as { toJSON: () => { nested: Namespaces } }).toJSON();
      delete nested['coresdk'];
      delete nested['temporal']?.nested?.['api']?.nested?.['cloud'];
      return {
        contents: `const { Root, roots } = require('protobufjs/light');
module.exports = (roots.__temporal = new Root()).addJSON(JSON.parse(${JSON.stringify(JSON.stringify(nested))}));`,
      };
    });
  },
};

type Namespaces = Record<string, { nested?: Namespaces } | undefined>;
