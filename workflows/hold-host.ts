/**
 * A hold on a host. That this workflow runs *is* the hold: it counts from the moment at which Temporal knows of it, with or
 * without a worker, and whoever wants to begin by itself finds out by telling it (`workflows/held.ts`).
 */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  readHeldBack,
  readHold,
  readRelease,
  renderHold,
  type Hold,
  type HoldEnd,
  type HoldState,
  type Release,
  withHeldBack,
} from '../domain/hold.ts';
import type { AuditEvent } from '../domain/audit.ts';
import { nobody } from '../domain/gate.ts';
import type { OperationId } from '../domain/names.ts';
import { changing } from './activities.ts';
import {
  heldBackSignal,
  holdQuery,
  holdSignal,
  holdUpdate,
  releasedSignal,
  releaseSignal,
  releaseUpdate,
} from './messages.ts';
import { reasonOf } from './saga.ts';

/** @param first as it came from outside. */
export async function holdHost(host: string, operation: OperationId, first: Hold): Promise<HoldEnd> {
  const hold = new HostHold(host, operation, first);
  try {
    await hold.untilItEnds();
  } catch (error) {
    if (!isCancellation(error)) throw error;
    hold.release({ by: 'a cancel', channel: 'temporal' });
  }
  return await CancellationScope.nonCancellable(async () => {
    // Somebody may hold it on at the last moment.
    for (;;) {
      await hold.untilItEnds();
      await hold.tellThoseWhoWait();
      if (hold.isOver) return hold.end();
    }
  });
}

type Waiter = { workflowId: string; runId: string };

class HostHold {
  #state: HoldState;
  #released: Release | undefined;
  readonly #events: AuditEvent[] = [];
  #recorded = 0;
  /** Runs that know that it is over. */
  readonly #told = new Set<string>();
  readonly #notes: string[] = [];

  constructor(host: string, operation: OperationId, first: Hold) {
    const since = workflowInfo().startTime.toISOString();
    this.#state = { host, operation, since, by: '', channel: '', heldBack: [], forgotten: 0 };
    this.take(first);
    setHandler(holdQuery, () => this.#state, { description: 'Who holds the host, since when, and why.' });
    setHandler(holdUpdate, (hold) => this.take(hold), {
      description: 'Hold it on, for another time or reason. Argument: {"by": "anna", "reason": "why"}.',
      // Whoever sends it waits for the answer, so a mistake can be told.
      validator: (hold) => {
        const read = readHold(hold, Date.now());
        if (typeof read === 'string') throw ApplicationFailure.nonRetryable(`${read} Nothing was changed.`);
      },
    });
    setHandler(releaseUpdate, (said) => this.release(said), {
      description: 'End the hold. Argument: {"by": "anna"}.',
    });
    // One handler for all: what came while no worker was there is heard in the order in which it was said.
    setDefaultSignalHandler((name, said) => {
      this.#hear(name, said);
    });
  }

  #hear(signal: string, said: unknown): void {
    if (signal === holdSignal.name) this.take(said);
    if (signal === releaseSignal.name) this.release(said);
    if (signal === heldBackSignal.name) this.#keepBack(said);
  }

  /** That it arrives means that what would have begun may not. */
  #keepBack(said: unknown): void {
    const heldBack = readHeldBack(said);
    if (!heldBack) return;
    this.#state = withHeldBack(this.#state, heldBack);
    this.#show();
  }

  /** The latest counts, whoever it is from. */
  take(value: unknown): string {
    const hold = this.#read(value);
    // A hold with mistakes is a hold all the same: somebody wanted everything to stop.
    const said: Hold = typeof hold === 'string' ? { by: nobody, channel: 'unknown', reason: hold } : hold;
    this.#released = undefined;
    this.#told.clear();
    // The first one arrives with the start, and once more as a signal.
    if (!isSame(said, this.#state)) {
      const { host, operation, since, heldBack, forgotten } = this.#state;
      this.#state = { host, operation, since, heldBack, forgotten, ...said };
      this.#note('hold', said);
      this.#show();
    }
    return this.isOver ? 'Its time is over.' : 'Held: nothing begins by itself.';
  }

  /** While no worker was there its time may have come: it counts from when it was said, which is not before the hold began. */
  #read(value: unknown): Hold | string {
    const now = readHold(value, Date.now());
    if (typeof now !== 'string') return now;
    const then = readHold(value, Date.parse(this.#state.since));
    return typeof then !== 'string' && patched('hold-over') ? then : now;
  }

  release(value: unknown): string {
    const said = readRelease(value);
    if (!this.#released) {
      this.#released = typeof said === 'string' ? { by: nobody, channel: 'unknown' } : said;
      this.#note('release', this.#released);
    }
    return 'Released: what waited goes on, and what was left out comes at its next time.';
  }

  get isOver(): boolean {
    const { until } = this.#state;
    return this.#released !== undefined || (until !== undefined && Date.parse(until) <= Date.now());
  }

  async untilItEnds(): Promise<void> {
    while (!this.isOver || this.#recorded < this.#events.length) {
      await this.#record();
      const { until } = this.#state;
      const hasChanged = (): boolean =>
        this.#released !== undefined || this.#recorded < this.#events.length || this.#state.until !== until;
      if (until === undefined) await condition(hasChanged);
      else await condition(hasChanged, Math.max(1, Date.parse(until) - Date.now()));
    }
  }

  /** One that has ended meanwhile need not hear of it. */
  async tellThoseWhoWait(): Promise<void> {
    const untold = (): Waiter[] =>
      this.#state.heldBack.flatMap(({ waits }) => (waits && !this.#told.has(waits.runId) ? [waits] : []));
    for (let waiting = untold(); waiting.length > 0; waiting = untold())
      for (const { workflowId, runId } of waiting) {
        this.#told.add(runId);
        await getExternalWorkflowHandle(workflowId, runId)
          .signal(releasedSignal)
          .catch(() => undefined);
      }
  }

  end(): HoldEnd {
    return {
      ...this.#state,
      ...(this.#released ? { releasedBy: this.#released.by } : {}),
      notes: this.#notes,
    };
  }

  /** A log that cannot be written holds nobody longer than they want. */
  async #record(): Promise<void> {
    const events = this.#events.slice(this.#recorded);
    if (events.length === 0) return;
    const summary = events.map(({ what }) => what).join(', ');
    try {
      await changing.recordDecisions.executeWithOptions({ summary }, [events]);
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#notes.push(`The audit log could not be written: ${reasonOf(error)}`);
    }
    this.#recorded += events.length;
  }

  #note(what: 'hold' | 'release', { by, channel, ...rest }: Release & Partial<Hold>): void {
    const { host, operation } = this.#state;
    const { until, reason } = rest;
    this.#events.push({
      operation,
      kind: 'hold',
      host,
      event: `hold-${this.#events.length}`,
      at: new Date().toISOString(),
      what,
      by,
      channel,
      ...(until === undefined ? {} : { until }),
      ...(reason === undefined ? {} : { text: reason }),
    });
  }

  #show(): void {
    setCurrentDetails(renderHold(this.#state));
  }
}

const isSame = (one: Hold, other: Hold): boolean =>
  (['by', 'channel', 'until', 'reason'] as const).every((key) => one[key] === other[key]);
