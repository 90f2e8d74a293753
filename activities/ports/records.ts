/** The records port: what was observed on a host, and what was made of it. Kept for more than a year. */

/** One thing that is measured at one place: `disk.used` of `/srv`. */
export type SeriesName = {
  measure: string;
  place: string;
};

/** Times are ms since the epoch throughout, in whole seconds. */
export type Sample = SeriesName & { at: number; value: number };

/** Half open. */
export type Period = { from: number; to: number };

export type Point = { at: number; value: number };

/** What is left of the samples of an hour. `at`: its beginning. */
export type Hour = { at: number; count: number; mean: number; least: number; most: number };

/**
 * The five nouns of the loop, the looks that it took, levels that were told to people, where a person has looked, and how far a
 * source has read.
 */
export const entryKinds = [
  'look',
  'incident',
  'forecast',
  'proposal',
  'decision',
  'outcome',
  'level',
  'looked-at',
  'cursor',
] as const;
export type EntryKind = (typeof entryKinds)[number];

/** Something that is kept whole. Put again under its id, it takes the place of what was there. */
export type Entry = {
  kind: EntryKind;
  id: string;
  /** When it was made, or is due. */
  at: number;
  /** What it is of: the target, the series, the incident. */
  about: string;
  /** Plain data, as JSON. */
  body: unknown;
};

export type EntryQuery = Partial<Period> & {
  kind: EntryKind;
  id?: string;
  about?: string;
  /** Only so many of the newest. */
  newest?: number;
};

/** What is written in one go: all of it, or after a crash nothing. */
export type Note = {
  samples?: readonly Sample[];
  /** Of other records: those of these are made of samples. */
  hours?: readonly (SeriesName & Hour)[];
  entries?: readonly Entry[];
};

/** What was thinned out. */
export type Tidied = { hours: number; samples: number; forgotten: number };

export interface Records {
  /** A sample at a time at which the series has one takes its place. */
  write(note: Note): Promise<void>;
  series(): Promise<SeriesName[]>;
  /** Oldest first; of the last fourteen days. */
  points(series: SeriesName, period: Period): Promise<Point[]>;
  /** Oldest first; of the last 400 days, and up to the last hour that is over and was tidied. */
  hours(series: SeriesName, period: Period): Promise<Hour[]>;
  /** Oldest first. */
  entries(query: EntryQuery): Promise<Entry[]>;
  /** Of each that there are entries about, its newest one; oldest first. */
  newestOfEach(kind: EntryKind): Promise<Entry[]>;
  /**
   * Takes one of so many places of a budget, at most once for one id, whoever asks at the same time.
   * @returns whether the id has a place.
   */
  reserve(budget: string, id: string, places: number): Promise<boolean>;
  /** How many places of a budget are taken. */
  reserved(budget: string): Promise<number>;
  /** Makes hours of samples, and forgets what is too old. @param now in ms since the epoch. */
  tidy(now: number): Promise<Tidied>;
  /** @returns what is wrong with it, in words; nothing where all is well. */
  check(): Promise<string[]>;
  /** Gives back the room of what was forgotten. */
  vacuum(): Promise<void>;
  close(): Promise<void>;
}
