/** What a briefing is made of, gathered from the records and from Temporal. What cannot be read is named, and nothing takes its place. */
import { Context } from '@temporalio/activity';
import { briefingOf } from '../domain/briefing/briefing.ts';
import type { BriefingKind, Facts } from '../domain/briefing/facts.ts';
import { htmlOf } from '../domain/briefing/html.ts';
import { keptOf, type KeptBriefing } from '../domain/briefing/told.ts';
import { dependencyMap, graphOf } from '../domain/dependency-map.ts';
import type { Span } from '../domain/window.ts';
import { beating } from './activity.ts';
import {
  endedIn,
  heldOn,
  looksEvery,
  plannedOn,
  unreachableOn,
  waitingOn,
  type Temporal,
} from './briefing/temporal.ts';
import { keepPage } from './briefing/keep.ts';
import { pastOf } from './briefing/past.ts';
import { dataSetActivities } from './data-set.ts';
import { forecastActivities } from './forecast.ts';
import { lastReleases } from './incident.ts';
import type { Ports } from './ports/index.ts';
import { busiestTargets } from './quiet-hours.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How far forecasts are asked: as far as they reach. */
const horizonMs = 60 * dayMs;

export const briefingActivities = (ports: Ports) => ({
  async gatherFacts(kind: BriefingKind): Promise<Facts> {
    return await beating(async () => await factsOf(ports, Context.current().client, kind, Date.now()));
  },

  /** Makes the page, and keeps it in the state directory. @param now ms since the epoch: asked again, it is the same report. */
  async keepBriefing(kind: BriefingKind, now: number): Promise<KeptBriefing> {
    return await beating(async () => {
      const facts = await factsOf(ports, Context.current().client, kind, now);
      const briefing = briefingOf(facts);
      // Swedish writes a day as ISO 8601 does; it is the host's own day.
      const day = new Intl.DateTimeFormat('sv-SE').format(now);
      const file = await keepPage(ports, kind, day, briefing, htmlOf(briefing, facts));
      return keptOf(briefing, kind, file, facts.missing);
    });
  },
});

/** @param now ms since the epoch. */
const factsOf = async (ports: Ports, client: Temporal, kind: BriefingKind, now: number): Promise<Facts> => {
  const { host } = ports;
  const period = periodOf(kind, now);
  const every = await looksEvery(client, host);
  const [past, { ended, missing }, waiting, held] = await Promise.all([
    ports.records().then(async (records) => await pastOf(records, period, every)),
    endedIn(client, host, period),
    waitingOn(client, host),
    heldOn(client, host),
  ]);
  return {
    host,
    kind,
    period,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(every === undefined ? {} : { looksEveryMs: every }),
    ...past,
    needs: Object.fromEntries(
      [...graphOf(dependencyMap(await lastReleases(ports)))].map(([of, needed]) => [of, [...needed]]),
    ),
    ended,
    waits: waiting.waits,
    planned: await plannedOn(client, host, now),
    unreachable: await unreachableOn(client, host, period),
    ...(held === undefined ? {} : { heldBy: held }),
    forecasts: await forecastActivities(ports).forecastDisks(horizonMs),
    traffic: kind === 'weekly' || kind === 'monthly' ? await busiest(ports, now) : [],
    sets: kind === 'monthly' ? (await dataSetActivities(ports).readDataSets()).sets : [],
    certificates: kind === 'monthly' ? await certificatesOf(ports, now) : [],
    missing: [...missing, ...waiting.missing],
  };
};

const mostBusy = 5;
/** As long as most work of a night takes. */
const quietWish = { hours: 2, count: 1 };

const busiest = async (ports: Ports, now: number): Promise<Facts['traffic']> =>
  await busiestTargets(await ports.records(), now, quietWish, mostBusy);

/** When an evening begins, and when a day does, by the clock of the host. */
const evening = 18;
const morning = 6;

/** @returns from the evening, or the morning, before; or the last 7 or 30 days. */
const periodOf = (kind: BriefingKind, now: number): Span => {
  switch (kind) {
    case 'morning':
      return { from: lastHour(evening, now), to: now };
    case 'night':
      return { from: lastHour(morning, now), to: now };
    case 'weekly':
      return { from: now - 7 * dayMs, to: now };
    case 'monthly':
      return { from: now - 30 * dayMs, to: now };
  }
};

/** Of this day or the one before, an hour ago at least: a report of minutes tells nothing. */
const lastHour = (hour: number, now: number): number => {
  const at = new Date(now);
  at.setHours(hour, 0, 0, 0);
  if (now - at.getTime() < hourMs) at.setDate(at.getDate() - 1);
  return at.getTime();
};

/** Days that certificates were good for when they were seen last. */
const certificateMeasure = 'certificate.days';

const certificatesOf = async (ports: Ports, now: number): Promise<Facts['certificates']> => {
  const records = await ports.records();
  const series = (await records.series()).filter(({ measure }) => measure === certificateMeasure);
  const newest = await Promise.all(
    series.map(async (one) => {
      const last = (await records.points(one, { from: now - dayMs, to: now })).at(-1);
      return last ? [{ place: one.place, at: last.at + last.value * dayMs }] : [];
    }),
  );
  return newest.flat().sort((a, b) => a.at - b.at);
};
