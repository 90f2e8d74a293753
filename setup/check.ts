/** `npm run check`: types, lint with the layer table, format, unused code, generated documents. All of it, side by side. */
import { execa } from 'execa';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const checks: [name: string, command: string, ...args: string[]][] = [
  ['types', 'tsc', '--noEmit'],
  ['lint', 'eslint', '.'],
  ['format', 'prettier', '--check', '--log-level=warn', '.'],
  ['unused', 'knip', '--no-progress'],
  ['docs', 'node', 'setup/write-docs.ts', '--check'],
];

const results = await Promise.all(
  checks.map(async ([name, command, ...args]) => {
    const began = performance.now();
    const { exitCode, all } = await execa(command, args, {
      cwd: root,
      reject: false,
      all: true,
      preferLocal: true,
      stdin: 'ignore',
    });
    process.stdout.write(
      `${exitCode === 0 ? '✓' : '✗'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)\n${exitCode === 0 ? '' : `${all}\n`}`,
    );
    return exitCode === 0;
  }),
);
process.exitCode = results.every(Boolean) ? 0 : 1;
