/** `baton serve`: the door through which links and buttons on a phone answer. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { AddressInfo } from 'node:net';
import { readBatonFile } from '../../compose/baton-file.ts';
import { batonFileOf } from '../../domain/host.ts';
import { problemText } from '../../domain/problem.ts';
import { openTickets } from '../../setup/ticket.ts';
import { openDoor } from '../door.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print } from '../output.ts';
import { withClient } from '../temporal.ts';
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
  const read = await readBatonFile(file);
  if (!read.ok) {
    const [first] = read.problems;
    throw new CommandFailure(exitCode.usage, first ? problemText(first) : '');
  }
  const { door } = read.settings;
  await withClient(async (client) => {
    const origins: string[] = [];
    const server = openDoor({ client, tickets: openTickets(host.stateDirectory), origins, log: print });
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
    origins.push(
      `http://127.0.0.1:${actual}`,
      `http://[::1]:${actual}`,
      `http://localhost:${actual}`,
      ...(door === undefined ? [] : [new URL(door).origin]),
    );
    print(
      `The door is open on http://${listen.includes(':') ? `[${listen}]` : listen}:${actual}${door === undefined ? `. Links need "serve: {url: …}" in ${file}` : `, for ${door}`}.`,
    );
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    server.closeAllConnections();
    server.close();
  });
};
