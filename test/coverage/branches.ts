/**
 * Which branches of our own files were never taken, from what V8 wrote down (NODE_V8_COVERAGE). Workflows run in a bundle;
 * its source map leads back to their files, where the worker ran them in its own thread (TEMPORAL_DEBUG).
 */
import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { homedir, hostname } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import coverage, { type V8CoverageEntry } from 'monocart-coverage-reports';
import { hostConfig } from '../../domain/host.ts';

const root = join(import.meta.dirname, '..', '..');
const bundle = /\/bundles\/workflows-[0-9a-f]+\.js$/;

export type FileBranches = {
  /** From the root of the checkout. */
  file: string;
  covered: number;
  total: number;
  /** `12: text of the branch`, by line. */
  missed: string[];
};

type Branch = { start: number; end: number; count: number; none?: boolean };
type Covered = {
  sourcePath: string;
  source: string;
  summary: { branches: { covered: number; total: number } };
  data: { branches?: (Branch | { locations: Branch[] })[] };
};

/** @param directory where V8 wrote. @param wanted paths from the root, of files or folders. @returns by file, sorted. */
export const branchesOf = async (directory: string, wanted: readonly string[]): Promise<FileBranches[]> => {
  const isWanted = (path: string): boolean => wanted.some((one) => path.startsWith(one));
  const report = new coverage.CoverageReport({
    outputDir: directory,
    reports: ['none'],
    logging: 'error',
    clean: false,
    sourceFilter: (path: string) => !path.includes('node_modules') && path.includes('workflows/'),
    sourcePath: (path: string) => path.replace(/^.*?(domain|workflows|activities)\//, '$1/'),
  });
  const sources = new Map<string, Promise<Partial<V8CoverageEntry>>>();
  const sourceOf = async (file: string): Promise<Partial<V8CoverageEntry>> => {
    const known = sources.get(file) ?? readSource(file);
    sources.set(file, known);
    return await known;
  };
  for (const name of (await readdir(directory)).filter((one) => one.startsWith('coverage-'))) {
    const { result } = JSON.parse(await readFile(join(directory, name), 'utf8')) as {
      result: V8CoverageEntry[];
    };
    const own = result.filter(
      ({ url }) => url.startsWith(`file://${root}/`) && isWanted(url.slice(`file://${root}/`.length)),
    );
    const bundles = result.filter(({ url }) => bundle.test(url));
    const entries = [...own, ...bundles].map(async (entry) => ({
      ...entry,
      ...(await sourceOf(fileURLToPath(entry.url))),
    }));
    if (entries.length > 0) await report.add(await Promise.all(entries));
  }
  const results = await report.generate();
  const files = (results?.files ?? []) as unknown as Covered[];
  return files.filter(({ sourcePath }) => isWanted(sourcePath)).map(fileBranches);
};

const { cacheDirectory } = hostConfig(process.env, { hostname: hostname(), home: homedir() });

const readSource = async (file: string): Promise<Partial<V8CoverageEntry>> => {
  // A bundle's name tells its content, and some have gone with the directory of a test.
  const kept = bundle.test(file) ? join(cacheDirectory, 'bundles', basename(file)) : file;
  const text = await readFile(file, 'utf8').catch(async () => await readFile(kept, 'utf8'));
  if (!bundle.test(file)) return { source: stripTypeScriptTypes(text) };
  const map = text.slice(text.lastIndexOf('base64,') + 'base64,'.length);
  return { source: text, sourceMap: JSON.parse(Buffer.from(map, 'base64').toString()) as object };
};

const fileBranches = ({ sourcePath, source, summary, data }: Covered): FileBranches => ({
  file: sourcePath,
  covered: summary.branches.covered,
  total: summary.branches.total,
  missed: (data.branches ?? [])
    .flatMap((branch) => ('locations' in branch ? branch.locations : [branch]))
    .filter(({ count }) => count === 0)
    .map(({ start, end, none }) => {
      const line = source.slice(0, start).split('\n').length;
      const text = source.slice(start, end).replaceAll(/\s+/g, ' ').slice(0, 90);
      return `${line}: ${none ? 'no other way than ' : ''}${text}`;
    }),
});
