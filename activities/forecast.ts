/** Forecasts: made of what is on record, kept once a day, and scored when their day has come. */
import { dailyOf, diskStepMs, forecastDisk, recordOf, type DiskForecast } from '../domain/disk-forecast.ts';
import type { Forecast } from '../domain/forecast/forecast.ts';
import { scoreForecast, type Score } from '../domain/forecast/score.ts';
import type { Sample } from '../domain/series.ts';
import { beating } from './activity.ts';
import type { Ports } from './ports/index.ts';
import type { Entry, Period, Records } from './ports/records.ts';

const dayMs = 24 * 3_600_000;

/** Six weeks tell a weekly shape; what is older belongs to another life of the disk. */
const lookBackMs = 42 * dayMs;

/** What is kept is forecast as far as a scheduled cleanup could wait. */
const keptHorizonMs = 3 * dayMs;

/** What is kept of a forecast. */
type Kept = { forecast: Forecast; score?: Score };

export const forecastActivities = (ports: Ports) => ({
  /** @param horizonMs how far. */
  async forecastDisks(horizonMs: number): Promise<DiskForecast[]> {
    return await beating(async () => {
      return await forecastsIn(await ports.records(), horizonMs);
    });
  },

  /** One a day of each disk is kept; those whose time is over are scored. Called again, it does nothing. */
  async keepForecasts(): Promise<{ made: number; scored: number }> {
    return await beating(async () => {
      const records = await ports.records();
      const now = Date.now();
      const entries = await records.entries({ kind: 'forecast', from: now - lookBackMs, to: now + dayMs });
      const made = await newForecasts(records, entries, now);
      const scored = await scoredForecasts(records, entries, now);
      await records.write({ entries: [...made, ...scored] });
      return { made: made.length, scored: scored.length };
    });
  },
});

/** Of forecasts that came due. */
export const keptScores = async (records: Records): Promise<Score[]> =>
  (await records.entries({ kind: 'forecast' })).flatMap(({ body }) => (body as Kept).score ?? []);

/** Of every disk, made now. */
export const forecastsIn = async (
  records: Records,
  horizonMs: number = keptHorizonMs,
): Promise<DiskForecast[]> => {
  const now = Date.now();
  const found = await Promise.all(
    (await disksIn(records)).map(async (place) => await diskForecast(records, place, now, horizonMs)),
  );
  return found.flatMap((one) => one ?? []);
};

const measure = 'disk.used';

const disksIn = async (records: Records): Promise<string[]> =>
  (await records.series()).flatMap((series) => (series.measure === measure ? [series.place] : []));

type Disk = { hours: Sample[]; sizeBytes: number; usedBytes: number };

/** Of the last day: what was not measured in it is gone, or nobody looks. */
const lastPoint = async (
  records: Records,
  of: string,
  place: string,
  now: number,
): Promise<Sample | undefined> =>
  (await records.points({ measure: of, place }, { from: now - dayMs, to: now + 1 })).at(-1);

/** @returns `undefined` where it was not measured for a day. */
const diskNow = async (records: Records, place: string, now: number): Promise<Disk | undefined> => {
  const used = await lastPoint(records, measure, place, now);
  const free = await lastPoint(records, 'disk.free', place, now);
  if (!used || !free) return undefined;
  const hours = await hoursOf(records, place, { from: now - lookBackMs, to: now }, used);
  return { hours, sizeBytes: used.value + free.value, usedBytes: used.value };
};

/** Hours that are over, and the last sample. */
const hoursOf = async (
  records: Records,
  place: string,
  period: Period,
  last: Sample | undefined,
): Promise<Sample[]> => {
  const hours = await records.hours({ measure, place }, period);
  const middle = hours.map(({ at, mean }) => ({ at: at + diskStepMs / 2, value: mean }));
  return last && last.at > (middle.at(-1)?.at ?? 0) ? [...middle, last] : middle;
};

const diskForecast = async (
  records: Records,
  place: string,
  now: number,
  horizonMs: number,
): Promise<DiskForecast | undefined> => {
  const disk = await diskNow(records, place, now);
  if (!disk) return undefined;
  const { hours, sizeBytes, usedBytes } = disk;
  const kept = await records.entries({ kind: 'forecast', about: aboutOf(place) });
  return {
    place,
    sizeBytes,
    usedBytes,
    past: dailyOf(hours),
    forecast: forecastDisk(hours, sizeBytes, now, horizonMs),
    record: recordOf(kept.flatMap(({ body }) => (body as Kept).score ?? [])),
  };
};

const aboutOf = (place: string): string => `${measure} ${place}`;

const newForecasts = async (records: Records, entries: readonly Entry[], now: number): Promise<Entry[]> => {
  const today = new Date(now).toISOString().slice(0, 'YYYY-MM-DD'.length);
  const made: Entry[] = [];
  for (const place of await disksIn(records)) {
    const id = `${aboutOf(place)} ${today}`;
    const disk = entries.some((entry) => entry.id === id) ? undefined : await diskNow(records, place, now);
    if (!disk) continue;
    const body: Kept = { forecast: forecastDisk(disk.hours, disk.sizeBytes, now, keptHorizonMs) };
    // One that says nothing yet is not the day's: it may say something in an hour.
    if ('expected' in body.forecast)
      made.push({ kind: 'forecast', id, at: now, about: aboutOf(place), body });
  }
  return made;
};

const scoredForecasts = async (
  records: Records,
  entries: readonly Entry[],
  now: number,
): Promise<Entry[]> => {
  const scored: Entry[] = [];
  for (const entry of entries) {
    const { forecast, score } = entry.body as Kept;
    const isDue = now > forecast.madeAt + forecast.horizonMs + diskStepMs;
    if (score || !isDue) continue;
    const place = entry.about.slice(measure.length + 1);
    const last = await lastPoint(records, measure, place, now);
    const period = { from: forecast.madeAt - dayMs, to: now };
    const measured = await hoursOf(records, place, period, last);
    const found = scoreForecast(forecast, measured, diskStepMs);
    if (found) scored.push({ ...entry, body: { forecast, score: found } satisfies Kept });
  }
  return scored;
};
