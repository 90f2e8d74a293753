import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

type Build = { contextDir: string; dockerfile?: string; dockerfileInline?: string };

/** The context as a tar stream, made by `tar` as it is read. A Dockerfile from elsewhere is added under a name of ours. */
export const buildContext = async ({
  contextDir,
  dockerfile,
  dockerfileInline,
}: Build): Promise<{ body: NodeJS.ReadableStream; dockerfile: string }> => {
  const file =
    dockerfile === undefined ? 'Dockerfile' : relative(contextDir, resolve(contextDir, dockerfile));
  if (dockerfileInline === undefined && !file.startsWith('..'))
    return { body: tarOf(['-C', contextDir, '.']), dockerfile: file };
  const extra = await mkdtemp(join(tmpdir(), 'baton-build-'));
  await writeFile(
    join(extra, '.baton-dockerfile'),
    dockerfileInline ?? (await readFile(resolve(contextDir, dockerfile ?? 'Dockerfile'))),
  );
  const body = tarOf(['-C', contextDir, '.', '-C', extra, '.baton-dockerfile']);
  body.once('close', () => void rm(extra, { recursive: true, force: true }));
  return { body, dockerfile: '.baton-dockerfile' };
};

const tarOf = (parts: string[]): NodeJS.ReadableStream => {
  const tar = spawn('tar', ['-c', ...parts], { stdio: ['ignore', 'pipe', 'ignore'] });
  tar.once('exit', (code) => {
    if (code !== 0)
      tar.stdout.destroy(new Error(`tar ended with ${code ?? 'a signal'} while packing the build context.`));
  });
  return tar.stdout;
};
