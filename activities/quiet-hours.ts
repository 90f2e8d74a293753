/** Quiet hours of each target whose traffic is on record. */
import { nextOccurrence } from '../compose/cron.ts';
import type { Preferences } from '../domain/autonomy.ts';
import type { Facts } from '../domain/circumstances.ts';
import type { Unknown } from '../domain/decision.ts';
import type { TargetHours } from '../domain/quiet-calendar.ts';
import { quietHours, weekHourIn, wholeHours, type WeekHour, type Wish } from '../domain/quiet-hours.ts';
import {
  quietSpan,
  trafficAround,
  usualQuietHours,
  type QuietSpan,
  type Traffic,
} from '../domain/quiet-window.ts';
import { trafficMeasure } from '../domain/traffic.ts';
import { nextOpening, type Window } from '../domain/window.ts';
import { beating } from './activity.ts';
import type { Ports } from './ports/index.ts';
import type { Records } from './ports/records.ts';

const dayMs = 24 * 3_600_000;

export type QuietAnswer = { timeZone: string; targets: TargetHours[] };

const timeZoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** By the clock of the host. */
const weekHourHere = (): WeekHour => weekHourIn(timeZoneHere());

/** @param days how far back it looks from `now`, ms since the epoch. */
const trafficKept = async (records: Records, now: number, days: number): Promise<Traffic[]> => {
  const series = (await records.series()).filter((one) => one.measure === trafficMeasure);
  return await Promise.all(
    series.map(async (one) => {
      const hours = wholeHours(await records.hours(one, { from: now - days * dayMs, to: now }));
      return { place: one.place, hours: hours.map(({ at, mean, count }) => ({ at, value: mean * count })) };
    }),
  );
};

export const quietHoursActivities = (ports: Ports) => ({
  /** @param days how far back it looks. */
  async findQuietHours(days: number, wish: Wish): Promise<QuietAnswer> {
    return await beating(async () => {
      const traffic = await trafficKept(await ports.records(), Date.now(), days);
      const weekHour = weekHourHere();
      return {
        timeZone: timeZoneHere(),
        targets: traffic.map(({ place, hours }) => ({
          target: place,
          quiet: quietHours(hours, weekHour, wish),
        })),
      };
    });
  },
});

/** As `baton windows` looks back, where nobody says otherwise. */
const trafficDays = 30;

/** Those with the most requests, the busiest first. */
export const busiestTargets = async (
  records: Records,
  now: number,
  wish: Wish,
  most: number,
): Promise<TargetHours[]> => {
  const weekHour = weekHourHere();
  const requests = ({ hours }: Traffic): number => hours.reduce((sum, { value }) => sum + value, 0);
  return (await trafficKept(records, now, trafficDays))
    .sort((a, b) => requests(b) - requests(a))
    .slice(0, most)
    .map(({ place, hours }) => ({ target: place, quiet: quietHours(hours, weekHour, wish) }));
};

/** Said by a person, or told by the traffic on record, or a guess; which of them, the span says. */
export const quietWindowFor = async (
  records: Records,
  { quietHours: said }: Preferences,
  now: number,
): Promise<Facts['windowFor']> => {
  const opening = (window: Window, takesMs: number, why: string): QuietSpan | Unknown => {
    const span = nextOpening([window], now, nextOccurrence, takesMs);
    return span ? { ...span, why } : 'unknown';
  };
  if (said) return ({ takesMs }) => opening(said, takesMs, 'the quiet hours of preferences.yml');
  const traffic = await trafficKept(records, now, trafficDays);
  const weekHour = weekHourHere();
  const guess = 'the small hours: too little traffic is on record to tell better ones';
  return ({ target, takesMs, dueAt }) => {
    const wanted = { now, takesMs, ...(dueAt === undefined ? {} : { dueAt }) };
    const told = quietSpan(trafficAround(target, traffic), weekHour, wanted);
    return told ?? opening(usualQuietHours, takesMs, guess);
  };
};
