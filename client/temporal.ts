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
export const connect = async (): Promise<Client> => {
  const profile = temporalProfile(process.env);
  const local = profile.address === undefined ? await readServer(thisHost()) : undefined;
  const { connectionOptions, namespace } = toClientOptions({
    ...profile,
    ...(local ? { address: local.address } : {}),
  });
  const address = connectionOptions.address ?? 'localhost:7233';
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
