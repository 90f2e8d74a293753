/** `baton serve`: the door through which links and buttons on a phone answer. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { AddressInfo } from 'node:net';
import { batonFileOf } from '../../domain/host.ts';
import { openTickets } from '../../setup/ticket.ts';
import { openDoorSettings } from '../door-settings.ts';
import { openDoor } from '../door.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print } from '../output.ts';
import { stayConnected } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { examples } from './shared.ts';

type Options = { port: number; listen: string };

export const serveCommand = (command: Command): void => {
  command
    .addOption(new Option('--port <port>', 'where it listens').default(8300).argParser(portArgument))
    .option('--listen <address>', 'on which address; your own proxy leads to it', '127.0.0.1')
    .action(async (options: Options) => {
      await serve(options);
    });
  examples(command, ['baton serve', 'baton serve --port 8300']);
};

const portArgument = (text: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('A port is 0 to 65535.');
  return port;
};

const serve = async ({ port, listen }: Options): Promise<void> => {
  const host = thisHost();
  const file = batonFileOf(host);
  const settings = openDoorSettings(file, process.env);
  let { door } = await settings();
  const local: string[] = [];
  /** The names under which it was reached stay good while a mistake in the file is being mended. */
  const origins = async (): Promise<string[]> => {
    const now = await settings().catch((error: unknown) => {
      if (!(error instanceof CommandFailure)) throw error;
      print(`failed: ${error.message}`);
      return { door };
    });
    door = now.door;
    return [...local, ...(door === undefined ? [] : [new URL(door).origin])];
  };
  const { client, close } = stayConnected();
  try {
    // Who starts it should hear at once that there is nobody to ask.
    await client();
    const tickets = openTickets(host.stateDirectory);
    const server = openDoor({ host: host.host, client, tickets, settings, origins, log: print });
    await new Promise<void>((resolve, reject) => {
      server.on('error', (error: NodeJS.ErrnoException) => {
        if (server.listening) print(`failed: ${error.message}`);
        reject(
          new CommandFailure(
            exitCode.failed,
            `It cannot listen on ${listen}:${port}: ${error.code ?? error.message}.`,
          ),
        );
      });
      server.listen(port, listen, resolve);
    });
    const { port: actual } = server.address() as AddressInfo;
    for (const name of ['127.0.0.1', '[::1]', 'localhost']) local.push(`http://${name}:${actual}`);
    print(
      `The door is open on http://${listen.includes(':') ? `[${listen}]` : listen}:${actual}${door === undefined ? `. Links need "serve: {url: …}" in ${file}` : `, for ${door}`}.`,
    );
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    server.closeAllConnections();
    server.close();
  } finally {
    await close();
  }
};
