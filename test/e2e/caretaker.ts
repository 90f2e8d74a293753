/** What a person types to let Baton look after a site by itself, and what they then read of its decisions. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Records } from '../../activities/ports/records.ts';
import { openRecords } from '../../activities/records/index.ts';
import type { DecisionTold } from '../../domain/autonomy-status.ts';
import type { Score } from '../../domain/forecast/score.ts';
import type { OperationId } from '../../domain/names.ts';
import type { Progress } from '../../domain/operation.ts';
import type { ActionOutcome } from '../../domain/outcome.ts';
import { dayMs } from './clock.ts';
import { until, type Site } from './site.ts';

export type Begun = DecisionTold & { action: object };

export class Caretaker {
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  /** @returns what `baton` printed; it must succeed. */
  async type(...words: string[]): Promise<string> {
    const { code, out, err } = await this.#site.baton(...words);
    assert.equal(code, 0, `${words.join(' ')}: ${out}${err}`);
    return out;
  }

  async decisions(): Promise<DecisionTold[]> {
    return await this.#told<DecisionTold>('decisions');
  }

  /** A line of JSON each. */
  async #told<One>(verb: string): Promise<One[]> {
    return (await this.type(verb, '--json'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as One);
  }

  /** The newest that a cycle, this one or that of the schedule, has begun something of. */
  async open(): Promise<Begun> {
    let found: DecisionTold | undefined;
    await until('a decision', async () => {
      found = (await this.decisions()).findLast(({ action, ended }) => action && !ended);
      return found !== undefined;
    });
    return found?.action ? { ...found, action: found.action } : assert.fail('no decision');
  }

  async ended(id: string, withinMs?: number): Promise<DecisionTold> {
    const told = async (): Promise<DecisionTold | undefined> =>
      (await this.decisions()).find((one) => one.id === id && one.ended);
    await until('the end of the action', async () => (await told()) !== undefined, withinMs);
    return (await told()) ?? assert.fail('no end');
  }

  /** It is done, and was measured to have helped. */
  async helps(id: string, withinMs?: number): Promise<void> {
    const { ended, outcome } = await this.ended(id, withinMs);
    assert.equal(ended?.outcome, 'done');
    assert.deepEqual(
      outcome?.measurements.map(({ held }) => held),
      [true],
    );
  }

  /** Says yes to the plan that waits. @param ends the exit code, which is that of what was approved. */
  async approve(id: string, ends = 0): Promise<void> {
    let plan = '';
    await until('the question', async () => {
      const waiting = (await this.#told<Progress>('pending')).find(
        ({ operation }) => operation === id,
      )?.waiting;
      if (waiting?.for === 'approval') plan = waiting.plan;
      return plan !== '';
    });
    const { code, out, err } = await this.#site.baton('approve', id, '--plan', plan);
    assert.equal(code, ends, out + err);
  }

  /** `baton auto once`, while something is critical. */
  async cycle(): Promise<void> {
    assert.equal((await this.#site.baton('auto', 'once')).code, 1);
  }
}

/** The records of a site's worker, for as long as they are used. */
export const withRecords = async <T>(site: Site, use: (records: Records) => Promise<T>): Promise<T> => {
  const records = await openRecords(join(site.files, '.state', 'baton', 'records.db'));
  try {
    return await use(records);
  } finally {
    await records.close();
  }
};

/** What came of runs of a playbook, written as they are kept, some hours ago; the oldest first. */
export const recordOutcomes = async (
  site: Site,
  playbook: string,
  target: string,
  helped: readonly boolean[],
  cause = 'service-down',
): Promise<void> => {
  const entries = helped.map((held, n) => {
    const at = Date.now() - (helped.length - n) * 60_000 - 7_200_000;
    const operation = `${playbook}${String(n).padStart(4, '0')}` as OperationId;
    const measurements = [{ afterMs: 0, at, held }];
    const what = { operation, playbook, target, cause };
    const body: ActionOutcome = { ...what, endedAt: at, failed: false, measurements };
    return { kind: 'outcome' as const, id: operation, at, about: `${playbook} ${target}`, body };
  });
  await withRecords(site, async (records) => {
    await records.write({ entries });
  });
};

/** Forecasts of a disk that came due, and were right, written as they are kept. */
export const recordForecasts = async (site: Site, disk: string, count: number): Promise<void> => {
  const score: Score = { compared: 72, error: 1, skill: 0.1, covered: 1 };
  const about = `disk.used ${disk}`;
  const entries = Array.from({ length: count }, (_, n) => {
    const day = new Date(Date.now() - (n + 10) * dayMs);
    const id = `${about} ${day.toISOString().slice(0, 'YYYY-MM-DD'.length)}`;
    const made = { madeAt: day.getTime(), horizonMs: 3 * dayMs, why: 'laid down by a test' };
    const body = { forecast: { ...made, state: 'not enough' }, score };
    return { kind: 'forecast' as const, id, at: day.getTime(), about, body };
  });
  await withRecords(site, async (records) => {
    await records.write({ entries });
  });
};
