/** What a person can have done with the records. Files are absolute, on the worker's host. */
export type RecordsTask =
  | { do: 'check' | 'vacuum' }
  /** As lines of JSON; what was there is replaced. */
  | { do: 'export'; file: string }
  /** What is in both is there once. */
  | { do: 'import'; file: string };

export type RecordsTended = {
  /** Of the file. */
  lines?: number;
  /** What is wrong with the records, in words. */
  problems: string[];
};
