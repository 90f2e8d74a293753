import { connect } from 'node:net';

/** Whether something listens on a Unix socket. */
export const answers = async (socket: string): Promise<boolean> =>
  await new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => {
      resolve(false);
    });
  });
