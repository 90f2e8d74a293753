/** What the records ask of a database: the part of SQL that SQLite and PostgreSQL have in common. */

export type Value = string | number | null;
export type Row = Record<string, Value>;

export interface Statements {
  /** @param text with `$1`, `$2` … for the values. @returns the rows that it gives. */
  all(text: string, values?: readonly Value[]): Promise<Row[]>;
  /** The same with each list of values in turn. */
  each(text: string, lists: Iterable<readonly Value[]>): Promise<void>;
}

export interface Sql extends Statements {
  /** What ends the definition of a table whose rows lie in the order of its key. */
  readonly clustered: string;
  /** All of it, or nothing. One at a time: what another one has under way is waited for. */
  transaction<Result>(work: (statements: Statements) => Promise<Result>): Promise<Result>;
  /** @returns what is wrong with the file or the server, in words. */
  check(): Promise<string[]>;
  vacuum(): Promise<void>;
  close(): Promise<void>;
}
