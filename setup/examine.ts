/** What `baton doctor` looks at on this machine. Nothing here changes anything. */
import { execa } from 'execa';
import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { readBatonFile } from '../compose/baton-file.ts';
import { countText } from '../domain/count-text.ts';
import { batonFileOf, type HostConfig } from '../domain/host.ts';
import { problemText } from '../domain/problem.ts';
import { formatBytes } from '../domain/size.ts';
import { engineCommand } from './engine-choice.ts';
import { commandExists } from './packages.ts';
import { answersNames, nameServerIn, type NameServer } from './podman-names.ts';
import { enableUnit, ownManager, unitName } from './systemd-unit.ts';

export type Finding = {
  what: string;
  state: 'ok' | 'warning' | 'problem';
  detail: string;
  /** The command that mends it. */
  mend?: string;
};

type Check = (config: HostConfig) => Promise<Finding>;

/** The oldest engines on which Baton's contract suite has passed. */
const oldest = { podman: [4, 3], docker: [20, 10] } as const;

const node: Check = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const good = major > 22 || (major === 22 && minor >= 18);
  return Promise.resolve({
    what: 'Node',
    state: good ? 'ok' : 'problem',
    detail: process.versions.node,
    ...(good ? {} : { mend: 'npm install --no-save' }),
  });
};

const engine: Check = async (config) => {
  const what = 'Engine';
  const chosen = await engineCommand(config, process.env).catch(() => undefined);
  if (!chosen) return { what, state: 'problem', detail: 'none is set up', mend: 'baton up' };
  const { command, args, environment } = chosen;
  const format = command === 'podman' ? '{{.Version.Version}}' : '{{.ServerVersion}}';
  const info = await execa(command, [...args, 'info', '--format', format], {
    reject: false,
    env: environment,
    timeout: 15_000,
  });
  if (info.exitCode !== 0) {
    const why = info.stderr.trim().split('\n').at(-1) ?? 'no answer';
    return {
      what,
      state: 'problem',
      detail: `${command} does not answer: ${why}`,
      mend: mendEngine(command),
    };
  }
  const version = info.stdout.trim();
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [least, lesser] = oldest[command];
  const good = major > least || (major === least && minor >= lesser);
  return {
    what,
    state: good ? 'ok' : 'warning',
    detail: `${command} ${version}${good ? '' : `; Baton is tested from ${least}.${lesser} on`}`,
  };
};

const mendEngine = (command: 'podman' | 'docker'): string =>
  command === 'docker' ? 'sudo systemctl start docker' : 'podman info';

const names: Check = async (config) => {
  const what = 'Names';
  const chosen = await engineCommand(config, process.env).catch(() => undefined);
  if (chosen?.command !== 'podman')
    return { what, state: 'ok', detail: chosen ? 'answered by the engine itself' : 'no engine to ask' };
  const runtime = process.getuid?.() === 0 ? '/run' : process.env['XDG_RUNTIME_DIR'];
  return namesFinding(await nameServerIn(runtime ?? '/run'));
};

/** Containers on a network without it do not find one another. */
export const namesFinding = (server: NameServer): Finding => {
  const what = 'Names';
  const { networks, pidFile, pid } = server;
  if (networks.length === 0) return { what, state: 'ok', detail: 'no container is to be found by name' };
  if (answersNames(server)) return { what, state: 'ok', detail: 'containers find one another' };
  return {
    what,
    state: 'problem',
    detail: `Podman’s name server does not run: containers of ${networks.slice(0, 3).join(', ')} do not find one another`,
    mend: `${pid === '' ? '' : `rm ${pidFile}; `}podman restart --latest`,
  };
};

const noSystemd = 'no systemd here: start it by other means';

/** After a reboot Docker's daemon restarts containers by itself; Podman needs its unit for that. */
const reboot: Check = async (config) => {
  const what = 'The engine at boot';
  const chosen = await engineCommand(config, process.env).catch(() => undefined);
  if (!chosen) return { what, state: 'warning', detail: 'no engine to ask' };
  if (!(await commandExists('systemctl'))) return { what, state: 'warning', detail: noSystemd };
  const user = chosen.command === 'podman' && process.getuid?.() !== 0 ? ['--user'] : [];
  const unit = chosen.command === 'docker' ? 'docker' : 'podman-restart';
  if (await isEnabled(unit, ...user)) return { what, state: 'ok', detail: `${unit} is enabled` };
  return {
    what,
    state: 'warning',
    detail: `${unit} is not enabled: containers stay down`,
    mend: `${user.length > 0 ? '' : 'sudo '}systemctl ${[...user, 'enable', unit].join(' ')}`,
  };
};

const isEnabled = async (unit: string, ...user: string[]): Promise<boolean> => {
  const { stdout } = await execa('systemctl', [...user, 'is-enabled', unit], { reject: false });
  return stdout.trim() === 'enabled';
};

/** A user's worker may be started by the system as well. */
const boot: Check = async () => {
  const what = 'Baton at boot';
  if (!(await commandExists('systemctl'))) return { what, state: 'warning', detail: noSystemd };
  if ((await isEnabled(unitName)) || (ownManager === 'user' && (await isEnabled(unitName, '--user'))))
    return { what, state: 'ok', detail: `${unitName} is enabled` };
  return {
    what,
    state: 'warning',
    detail: `${unitName} is not enabled: what a reboot cuts off waits for somebody to type \`baton up\``,
    mend: enableUnit(ownManager),
  };
};

/** Below this, snapshots on the same disk soon find no space. */
const littleSpaceBytes = 2 ** 30;

const state: Check = async ({ stateDirectory }) => {
  const what = 'State';
  try {
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
    await access(stateDirectory, constants.W_OK);
  } catch {
    return {
      what,
      state: 'problem',
      detail: `${stateDirectory} cannot be written`,
      mend: `ls -ld ${stateDirectory}`,
    };
  }
  const { bavail, bsize } = await statfs(stateDirectory);
  const free = bavail * bsize;
  return {
    what,
    state: free < littleSpaceBytes ? 'warning' : 'ok',
    detail: `${stateDirectory}, ${formatBytes(free)} free`,
    ...(free < littleSpaceBytes ? { mend: `df -h ${stateDirectory}` } : {}),
  };
};

const btrfs: Check = async () => {
  const what = 'Snapshots';
  if (await commandExists('btrfs'))
    return { what, state: 'ok', detail: 'btrfs, and copies on other filesystems' };
  return {
    what,
    state: 'warning',
    detail: 'copies only: the btrfs command is not here',
    mend: 'sudo apt-get install btrfs-progs',
  };
};

/** See `activities/snapshots/exchange.ts`. */
const undo: Check = async () => {
  const what = 'Undo';
  if (await commandExists('python3')) return { what, state: 'ok', detail: 'data is exchanged in one step' };
  return {
    what,
    state: 'problem',
    detail: 'data cannot be put back: python3 is not here',
    mend: 'sudo apt-get install python3',
  };
};

const settings: Check = async (config) => {
  const what = 'baton.yml';
  const file = batonFileOf(config);
  const read = await readBatonFile(file);
  if (read.ok) {
    const { gates, windows, snapshots } = read.settings;
    const detail = [
      countText(gates.length, 'gate'),
      countText(Object.keys(windows).length, 'window'),
      countText(snapshots.length, 'snapshot rule'),
    ].join(', ');
    return { what, state: 'ok', detail };
  }
  const [first] = read.problems;
  return { what, state: 'problem', detail: first ? problemText(first) : '', mend: `$EDITOR ${file}` };
};

export const machineChecks: Check[] = [node, engine, names, reboot, boot, state, btrfs, undo, settings];
