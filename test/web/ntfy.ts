/**
 * A server that takes messages as ntfy does (https://docs.ntfy.sh/publish/#publish-as-json): JSON to its root, with the topic
 * in it, and a token that it knows.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Message = {
  topic: string;
  title: string;
  message: string;
  click?: string;
  actions: {
    action: 'view' | 'http';
    label: string;
    url: string;
    method?: string;
    headers?: Record<string, string>;
    body?: string;
  }[];
};

export type Ntfy = {
  url: string;
  messages: Message[];
  /** How many came with a token that it does not know. */
  refused: number;
  close: () => void;
};

export const openNtfy = async (token: string): Promise<Ntfy> => {
  const messages: Message[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const isKnown = request.headers.authorization === `Bearer ${token}`;
      const isPublish = request.method === 'POST' && request.url === '/';
      if (!isKnown) ntfy.refused += 1;
      if (isKnown && isPublish) messages.push(JSON.parse(Buffer.concat(parts).toString()) as Message);
      response.writeHead(isKnown ? (isPublish ? 200 : 404) : 403).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ntfy: Ntfy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    messages,
    refused: 0,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return ntfy;
};
