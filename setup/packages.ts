/** Packages of the distribution: installed where we may, named with the one command to type where we may not. */
import { execa } from 'execa';
import { say, SetupFailure, withProgress } from './say.ts';

type Manager = {
  command: string;
  install: string[];
  update?: string[];
  has: (name: string) => Promise<boolean>;
};

const succeeds = async (command: string, args: string[]): Promise<boolean> =>
  (await execa(command, args, { reject: false, stdio: 'ignore' })).exitCode === 0;

export const commandExists = async (name: string): Promise<boolean> =>
  await succeeds('sh', ['-c', `command -v "$1"`, 'sh', name]);

const managers: Manager[] = [
  {
    command: 'apt-get',
    update: ['update'],
    install: ['install', '-y', '--no-install-recommends'],
    has: async (name) => {
      const { stdout } = await execa('dpkg-query', ['-W', '-f', '${Status}', name], { reject: false });
      return stdout === 'install ok installed';
    },
  },
  { command: 'dnf', install: ['install', '-y'], has: async (name) => await succeeds('rpm', ['-q', name]) },
];

/** Installs what is missing. Announced before it happens. @throws SetupFailure with the command to type where it may not. */
export const installPackages = async (names: string[], why: string): Promise<void> => {
  const manager = await findManager();
  if (!manager)
    throw new SetupFailure(
      `${why}: this needs ${names.join(', ')}, and neither apt-get nor dnf is here to install them.`,
    );
  const missing: string[] = [];
  for (const name of names) if (!(await manager.has(name))) missing.push(name);
  if (missing.length === 0) return;
  const sudo =
    process.getuid?.() === 0 ? [] : (await succeeds('sudo', ['-n', 'true'])) ? ['sudo', '-n'] : undefined;
  const typed = `${process.getuid?.() === 0 ? '' : 'sudo '}${manager.command} ${manager.install.join(' ')} ${missing.join(' ')}`;
  if (!sudo) throw new SetupFailure(`${why}: type\n  ${typed}`);
  say(`▸ ${why}: installing from the distribution: ${missing.join(', ')}`);
  const run = async (args: string[]): Promise<void> => {
    const [command = '', ...rest] = [...sudo, manager.command, ...args];
    const result = await execa(command, rest, {
      reject: false,
      stdin: 'ignore',
      all: true,
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (result.exitCode !== 0)
      throw new SetupFailure(`${typed} failed:\n${result.all.split('\n').slice(-5).join('\n')}`);
  };
  await withProgress(typed, async () => {
    if (manager.update) await run(manager.update);
    await run([...manager.install, ...missing]);
  });
};

const findManager = async (): Promise<Manager | undefined> => {
  for (const manager of managers) if (await commandExists(manager.command)) return manager;
  return undefined;
};
