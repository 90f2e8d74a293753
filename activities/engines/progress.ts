import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { EngineError } from '../ports/engine.ts';

type Line = {
  stream?: string;
  status?: string;
  id?: string;
  progress?: string;
  error?: string;
  errorDetail?: { message?: string };
};

/** Reads the JSON lines that pulls and builds send. An error comes as a line of its own, with status 200. */
export const readProgress = async (
  response: IncomingMessage,
  onProgress: (line: string) => void,
): Promise<void> => {
  for await (const text of createInterface({ input: response })) {
    if (text.trim() === '') continue;
    const line = JSON.parse(text) as Line;
    const failure = line.errorDetail?.message ?? line.error;
    if (failure !== undefined)
      throw new EngineError(/no space left/i.test(failure) ? 'no-space' : 'invalid', failure.trim());
    const told = line.stream ?? [line.id, line.status, line.progress].filter(Boolean).join(' ');
    if (told.trim() !== '') onProgress(told.trim());
  }
};
