/** The systemd port: what it says of its units, and what they write to the journal. It is only read. */
import type { FailedUnit, JournalErrors, UnitManager } from '../../domain/systemd.ts';

export interface Systemd {
  /** @returns those that run on this host; none where it was not started by systemd. */
  managers(): Promise<UnitManager[]>;
  /** @throws where the manager cannot be asked. */
  failedUnits(manager: UnitManager): Promise<FailedUnit[]>;
  /**
   * Entries of priority `err` and worse. @param since, @param now in ms since the epoch.
   * @throws where the journal cannot be read, or not that of other users.
   */
  journalErrors(since: number, now: number): Promise<JournalErrors>;
}
