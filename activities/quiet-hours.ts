/** Quiet hours of each target whose traffic is on record. */
import type { TargetHours } from '../domain/quiet-calendar.ts';
import { quietHours, weekHourIn, wholeHours, type Wish } from '../domain/quiet-hours.ts';
import { trafficMeasure } from '../domain/traffic.ts';
import { beating } from './activity.ts';
import type { Ports } from './ports/index.ts';

const dayMs = 24 * 3_600_000;

export type QuietAnswer = { timeZone: string; targets: TargetHours[] };

export const quietHoursActivities = (ports: Ports) => ({
  /** @param days how far back it looks. */
  async findQuietHours(days: number, wish: Wish): Promise<QuietAnswer> {
    return await beating(async () => {
      const records = await ports.records();
      const now = Date.now();
      const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      const weekHour = weekHourIn(timeZone);
      const series = (await records.series()).filter((one) => one.measure === trafficMeasure);
      const targets = await Promise.all(
        series.map(async (one) => {
          const hours = await records.hours(one, { from: now - days * dayMs, to: now });
          const measured = wholeHours(hours).map(({ at, mean, count }) => ({ at, value: mean * count }));
          return { target: one.place, quiet: quietHours(measured, weekHour, wish) };
        }),
      );
      return { timeZone, targets };
    });
  },
});
