/**
 * `npm run survey -- DIRECTORY`: reads every Compose file below a directory and prints what came of each, as a table. A file
 * counts as answered where it is read, or refused with a place and a reason.
 */
import { globSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { isEcosystem, loadEcosystem } from '../compose/ecosystem.ts';
import { loadStack } from '../compose/load.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('Name a directory: npm run survey -- DIRECTORY');
  process.exit(64);
}

const root = resolve(directory);
const counts = { read: 0, refused: 0, unanswered: 0 };
for (const file of globSync('**/*.{yml,yaml,container}', { cwd: root }).sort()) {
  const options = { file: resolve(root, file), environment: {} };
  const began = performance.now();
  const loaded = (await isEcosystem(options.file)) ? await loadEcosystem(options) : await loadStack(options);
  const tookMs = Math.round(performance.now() - began);
  const errors = loaded.ok ? [] : loaded.problems.filter(({ severity }) => severity === 'error');
  const placed = errors.filter(({ at, code }) => at !== undefined || code === 'quadlet');
  const answer = loaded.ok ? 'read' : placed.length > 0 ? 'refused' : 'unanswered';
  counts[answer] += 1;
  const [first] = errors;
  const place = first?.at ? `:${first.at.line}:${first.at.column}` : '';
  const why = first ? ` ${first.message}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''}` : '';
  console.log(
    `${answer.padEnd(10)} ${String(tookMs).padStart(4)} ms  ${relative(root, resolve(root, file))}${place}${why}`,
  );
}
const total = counts.read + counts.refused + counts.unanswered;
console.log(
  `\n${total} files: ${counts.read} read, ${counts.refused} refused with a place and a reason, ${counts.unanswered} neither.`,
);
