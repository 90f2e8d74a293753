/** The connection to Temporal: a profile as the `temporal` CLI reads it, else the dev server that `baton up` started. */
import { createConnection } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { toClientOptions } from '@temporalio/envconfig';
import { readServer } from '../setup/server-file.ts';
import { temporalProfile } from '../setup/temporal-profile.ts';
import { CommandFailure, exitCode } from './failure.ts';
import { thisHost } from './this-host.ts';

/** Local or not, an answer that takes longer than this means that nobody is there. */
const connectTimeoutMs = 5_000;

/** @throws CommandFailure with exit code 4 where no server answers. The caller closes the connection. */
export const connect = async (): Promise<Client> => await connectTo(await wantedOptions());

const defaultAddress = 'localhost:7233';

const wantedOptions = async (): Promise<ReturnType<typeof toClientOptions>> => {
  const profile = temporalProfile(process.env);
  const local = profile.address === undefined ? await readServer(thisHost()) : undefined;
  return toClientOptions({ ...profile, ...(local ? { address: local.address } : {}) });
};

const connectTo = async ({
  connectionOptions,
  namespace,
}: ReturnType<typeof toClientOptions>): Promise<Client> => {
  const address = connectionOptions.address ?? defaultAddress;
  try {
    await demandListener(address);
    const connection = await Connection.connect({
      ...connectionOptions,
      connectTimeout: connectTimeoutMs,
    });
    return new Client({ connection, ...(namespace === undefined ? {} : { namespace }) });
  } catch (cause) {
    throw new CommandFailure(
      exitCode.noTemporal,
      `No Temporal server answers at ${address}. Nothing was changed.`,
      'baton up',
      { cause },
    );
  }
};

/** gRPC tries a refused connection again until its time is up; where nobody listens, a person should hear that at once. */
const demandListener = async (address: string): Promise<void> => {
  const [, host, port] = /^([\w.-]+):(\d+)$/.exec(address) ?? [];
  if (host === undefined) return;
  await new Promise<void>((resolve, reject) => {
    const socket = createConnection({ host, port: Number(port), timeout: connectTimeoutMs });
    const done = (): void => {
      socket.destroy();
      resolve();
    };
    socket.once('connect', done).once('timeout', done);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') reject(error);
      else done();
    });
  });
};

/** Runs `work` with a client and closes the connection after it. */
export const withClient = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
  const client = await connect();
  try {
    return await work(client);
  } finally {
    await client.connection.close();
  }
};

export type Connected = { client: () => Promise<Client>; close: () => Promise<void> };

/** For what runs for long: a connection that is made when it is needed, and anew where the server has moved. */
export const stayConnected = (): Connected => {
  let last: { address: string; client: Promise<Client> } | undefined;
  const close = async (one: typeof last): Promise<void> => {
    // One that never came about need not be closed.
    const client = await one?.client.catch(() => undefined);
    await client?.connection.close();
  };
  return {
    async client() {
      const options = await wantedOptions();
      const address = options.connectionOptions.address ?? defaultAddress;
      const before = last;
      if (before?.address === address) return await before.client;
      const client = connectTo(options).catch((error: unknown) => {
        if (last?.client === client) last = undefined;
        throw error;
      });
      last = { address, client };
      await close(before);
      return await client;
    },
    close: async () => await close(last),
  };
};

/** Where a person reads an operation's checklist and report, if the address of the Web UI is known. */
export const webLink = async (
  { workflowId, runId }: { workflowId: string; runId: string },
  namespace = 'default',
): Promise<string | undefined> => {
  const ui = process.env['BATON_WEB_UI'] ?? (await readServer(thisHost()))?.ui;
  return ui === undefined
    ? undefined
    : `${ui}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}/user-metadata`;
};
