/** `npm run mutate`: changes the domain in some 2,000 small ways, one at a time, and tells which of them no test notices. */
import { execa } from 'execa';
import { join } from 'node:path';

const { exitCode } = await execa('stryker', ['run', 'test/mutation/stryker.json'], {
  cwd: join(import.meta.dirname, '..'),
  preferLocal: true,
  reject: false,
  stdio: ['ignore', 'inherit', 'inherit'],
});
process.exitCode = exitCode ?? 1;
