/** The systemd unit by which Baton comes up with the machine. It does what `baton up` and `baton down` do, as systemd.service(5) words it. */
import type { UnitManager } from '../domain/systemd.ts';

export const unitName = 'baton.service';

/** Whose systemd starts what this user starts. */
export const ownManager: UnitManager = process.getuid?.() === 0 ? 'system' : 'user';

/** What is typed, once, to have it. */
export const enableUnit = (manager: UnitManager): string =>
  manager === 'system'
    ? `baton up --print-unit > /etc/systemd/system/${unitName} && systemctl enable ${unitName}`
    : `mkdir -p ~/.config/systemd/user && baton up --print-unit > ~/.config/systemd/user/${unitName} && systemctl --user enable ${unitName} && loginctl enable-linger`;

/** Where Baton is, and whose systemd starts it. */
export type UnitPlace = {
  /** The checkout. */
  root: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** A user's own manager starts what belongs to a user, and knows nothing of the system's units. */
  manager: UnitManager;
  /** Options of `baton up`. */
  options?: readonly string[];
};

/** What the worker and the dev server read, as far as it may stand in a file that everybody may read. */
const told = [
  'HOME',
  'PATH',
  'XDG_STATE_HOME',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'BATON_HOST',
  'BATON_ENGINE',
  'BATON_ENGINE_SOCKET',
  'BATON_WEB_UI',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_PROFILE',
  'TEMPORAL_CONFIG_FILE',
];
const isOurs = (name: string): boolean => /^(BATON|TEMPORAL)_/.test(name);

/** @returns the text of the unit. */
export const systemdUnit = ({ root, environment, manager, options = [] }: UnitPlace): string => {
  const set = Object.keys(environment).filter((name) => environment[name]);
  const secret = set.filter((name) => isOurs(name) && !told.includes(name));
  const lines = told
    .filter((name) => set.includes(name))
    .map((name) => `Environment=${quoted(`${name}=${environment[name] ?? ''}`)}`);
  const secrets = manager === 'system' ? '/etc/baton.env' : '%h/.config/baton/baton.env';
  const command = quoted(`${root}/bin/baton`);
  return `# To start with the machine: ${enableUnit(manager)}

[Unit]
Description=Baton: the worker of this host, and Temporal's dev server where no other is named
${
  manager === 'system'
    ? 'Wants=network-online.target\nAfter=network-online.target docker.service podman.socket'
    : 'After=podman.socket'
}

[Service]
Type=oneshot
RemainAfterExit=yes
${lines.join('\n')}
# Variables that nobody else may read, one NAME=value a line${secret.length === 0 ? '' : `; set now, and to be written there: ${secret.sort().join(', ')}`}.
EnvironmentFile=-${secrets}
ExecStart=${[command, 'up', ...options].join(' ')}
ExecStop=${command} down
# Stacks go on running, also what watches over their containers.
KillMode=process
TimeoutStartSec=5min

[Install]
WantedBy=${manager === 'system' ? 'multi-user.target' : 'default.target'}
`;
};

/** One word, taken as it stands: quotes and escapes of systemd.syntax(7), and `%` of systemd.unit(5). */
const quoted = (word: string): string =>
  `"${word.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('%', '%%')}"`;
