/**
 * A Linux bridge takes the lowest MAC address of its ports, so it changes as containers come and go, and those that stay send
 * to the old one for up to half a minute: no DNS, no way out. netavark gives its bridges an address of their own since 1.9
 * (its pull request 833); before that, the kernel can at least be told to announce each change (`arp_notify` in its
 * Documentation/networking/ip-sysctl.rst).
 */
import { execa } from 'execa';
import { readFile, writeFile } from 'node:fs/promises';
import type { EngineApi } from './api.ts';

type Bridge = { driver?: string; network_interface?: string };

/** @returns a function for a container's networks, by name, that gives one to have their bridges announce a new address. */
export const bridgeAnnouncer = (
  api: EngineApi,
  environment: Record<string, string>,
): ((networks: string[]) => Promise<() => Promise<void>>) => {
  const root = process.geteuid?.() === 0;
  const interfaceOf = async (network: string): Promise<string | undefined> => {
    const path = `/v4.0.0/libpod/networks/${encodeURIComponent(network)}/json`;
    const found = await api.find<Bridge>({ path });
    return found?.driver === 'bridge' ? found.network_interface : undefined;
  };
  return async (networks) => {
    const bridges = (await Promise.all(networks.map(interfaceOf))).filter((name) => name !== undefined);
    return async () => {
      if (bridges.length === 0) return;
      await (root ? Promise.all(bridges.map(announce)) : announceRootless(bridges, environment));
    };
  };
};

const switchOf = (bridge: string): string => `/proc/sys/net/ipv4/conf/${bridge}/arp_notify`;

const announce = async (bridge: string): Promise<void> => {
  const setting = await readFile(switchOf(bridge), 'utf8').catch(() => undefined);
  // No such bridge yet, or set already. Where the kernel's settings are read-only, containers run as they do without Baton.
  if (setting?.trim() === '0') await writeFile(switchOf(bridge), '1').catch(() => undefined);
};

/** A user's bridges are in a network namespace of their own, which only `podman` knows to enter. Before a command. */
export const inRootlessNetwork = ['podman', 'unshare', '--rootless-netns'] as const;

const announceRootless = async (bridges: string[], environment: Record<string, string>): Promise<void> => {
  const script = 'for f do if test -e "$f"; then echo 1 > "$f"; fi; done';
  const paths = bridges.map(switchOf);
  const [command, ...args] = inRootlessNetwork;
  await execa(command, [...args, 'sh', '-c', script, 'sh', ...paths], {
    env: environment,
    reject: false,
    stdin: 'ignore',
    timeout: 5_000,
  });
};
