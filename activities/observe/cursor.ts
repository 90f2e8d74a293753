/** How far a source has read: one entry of the records for each, written in one go with what was seen. */
import type { Ports } from '../ports/index.ts';
import type { Entry } from '../ports/records.ts';

export const cursorEntry = (host: string, source: string, at: number, body: unknown): Entry => ({
  kind: 'cursor',
  id: idOf(host, source),
  at,
  about: source,
  body,
});

/** @throws where the records cannot be read: to begin anew would lose what was appended. */
export const readCursor = async ({ host, records }: Ports, source: string): Promise<unknown> => {
  const [entry] = await (await records()).entries({ kind: 'cursor', id: idOf(host, source) });
  return entry?.body;
};

const idOf = (host: string, source: string): string => `${host} ${source}`;
