/** The records, looked after by a person: checked, copied out, taken in, made smaller. */
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { RecordsTask, RecordsTended } from '../domain/records-task.ts';
import { beating, permanent } from './activity.ts';
import type { Ports } from './ports/index.ts';
import type { Records } from './ports/records.ts';
import { exported, importInto, TransferMistake } from './records/transfer.ts';

export const tendRecordsActivities = (ports: Ports) => ({
  /** Asked again, it comes to the same. @throws a permanent failure where a file is not what it should be. */
  async tendRecords(task: RecordsTask): Promise<RecordsTended> {
    return await beating(async (signal) => await tend(await ports.records(), task, signal));
  },
});

const tend = async (records: Records, task: RecordsTask, signal: AbortSignal): Promise<RecordsTended> => {
  switch (task.do) {
    case 'check':
      return { problems: await records.check() };
    case 'vacuum':
      await records.vacuum();
      return { problems: [] };
    case 'export':
      return { lines: await exportTo(records, task.file, signal), problems: [] };
    case 'import':
      return { lines: await importFrom(records, task.file), problems: [] };
  }
};

/** It tells what runs on a host: its owner alone reads it. */
const mode = 0o600;

/** Written beside, flushed, and renamed once it is whole: a half-written copy is none. */
const exportTo = async (records: Records, file: string, signal: AbortSignal): Promise<number> => {
  const beside = `${file}.part`;
  let lines = 0;
  try {
    const target = await open(beside, 'w', mode);
    try {
      for await (const line of exported(records)) {
        signal.throwIfAborted();
        await target.write(line);
        lines += 1;
      }
      await target.sync();
    } finally {
      await target.close();
    }
    await rename(beside, file);
    return lines;
  } catch (error) {
    await rm(beside, { force: true });
    throw ofTheFile(error, file, 'could not be written; it is as it was');
  }
};

const importFrom = async (records: Records, file: string): Promise<number> => {
  try {
    return await importInto(records, createInterface({ input: createReadStream(file), crlfDelay: Infinity }));
  } catch (error) {
    if (error instanceof TransferMistake) throw permanent('Transfer', `${file}: ${error.message}`);
    throw ofTheFile(error, file, 'could not be read');
  }
};

/** Another try would find the same file. */
const ofTheFile = (error: unknown, file: string, what: string): unknown =>
  error instanceof Error && 'syscall' in error
    ? permanent('File', `${file} ${what}: ${error.message}`)
    : error;
