/** The audit port on disk: one JSON line an event, in a file that its owner alone may read. */
import { appendFile, mkdir, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chained, type AuditEvent, type AuditLine } from '../domain/audit.ts';
import { ifThere } from './errno.ts';
import { canonicalJson, sha256 } from './hash.ts';
import type { Audit } from './ports/audit.ts';
import { takingTurns } from './turns.ts';

/** @param file made, with its directory, where it is missing. */
export const openAudit = (file: string): Audit => {
  const inTurn = takingTurns();
  const readLines = async (): Promise<AuditLine[]> => {
    const bytes = (await ifThere(() => readFile(file))) ?? Buffer.alloc(0);
    // What a power cut has torn off was never acknowledged, and is written again.
    const end = bytes.lastIndexOf('\n') + 1;
    if (end < bytes.length) await truncate(file, end);
    return bytes
      .subarray(0, end)
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map(parseLine);
  };
  const append = async (events: AuditEvent[]): Promise<void> => {
    const lines = await readLines();
    const known = new Set(lines.map(keyOf));
    const added: AuditLine[] = [];
    for (const event of events)
      if (!known.has(keyOf(event))) added.push(chained(added.at(-1) ?? lines.at(-1), event, auditHash));
    if (added.length === 0) return;
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await appendFile(file, added.map((line) => `${JSON.stringify(line)}\n`).join(''), {
      flush: true,
      mode: 0o600,
    });
  };
  return {
    // One after the other: each line names the one before.
    append: async (events) => await inTurn(file, () => append(events)),
    read: async () => await inTurn(file, readLines),
  };
};

export const auditHash = (value: unknown): string => sha256(Buffer.from(canonicalJson(value)));

const keyOf = ({ operation, event }: AuditEvent): string => `${operation} ${event}`;

const parseLine = (text: string, index: number): AuditLine => {
  try {
    return JSON.parse(text) as AuditLine;
  } catch {
    throw new Error(`Line ${index + 1} of the audit log is no JSON: it was altered.`);
  }
};
