/** What counts up, such as the time that a container has worked: what is told of it is how fast. */

/** Over less than this a rate is that of a moment. */
const leastMs = 60_000;
/** What was not asked for so long is gone. */
const forgottenMs = 24 * 3_600_000;

type Count = { at: number; total: number };

/** Held by the worker: after its restart the first look knows no rate. */
export class Counters {
  readonly #counts = new Map<string, Count>();

  /**
   * @param at ms since the epoch. @returns by how much it grew in a second since it was counted last, a minute ago or more; nothing
   * where that is not known, or where it has begun anew.
   */
  perSecond(of: string, total: number, at: number): number | undefined {
    const before = this.#counts.get(of);
    if (before && at >= before.at && at - before.at < leastMs) return undefined;
    this.#counts.set(of, { at, total });
    this.#forget(at);
    if (!before || total < before.total || at <= before.at) return undefined;
    return ((total - before.total) * 1_000) / (at - before.at);
  }

  #forget(now: number): void {
    for (const [of, { at }] of this.#counts) if (now - at > forgottenMs) this.#counts.delete(of);
  }
}
