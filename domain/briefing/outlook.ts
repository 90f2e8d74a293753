/** What comes, how forecasts have done, and how the host was. */
import type { DiskForecast } from '../disk-forecast.ts';
import { titleOf } from '../operation.ts';
import { windowText } from '../quiet-hours.ts';
import { formatBytes } from '../size.ts';
import type { Line, Section } from './briefing.ts';
import { lastedText, type Clock } from './clock.ts';
import type { CameDue, Facts } from './facts.ts';
import { percent } from '../confidence.ts';
import { moreLine } from './wrong.ts';

const mostPlanned = 10;

/** What begins by itself, and what waits for its hour. */
export const plannedIn = ({ planned, waits, heldBy }: Facts, { moment }: Clock): Section => {
  const hours = waits.flatMap((wait) =>
    wait.waiting?.for === 'hour'
      ? [{ at: Date.parse(wait.waiting.startsAt), name: titleOf(wait), what: 'waits for its hour' }]
      : [],
  );
  const all = [...planned, ...hours].sort((a, b) => a.at - b.at);
  const more = all.length - mostPlanned;
  return {
    title: 'What comes',
    lines: [
      ...(heldBy === undefined ? [] : [heldLine(heldBy)]),
      ...all
        .slice(0, mostPlanned)
        .map(({ at, name, what }): Line => ({ mark: 'info', text: `${moment(at)} ${name}: ${what}` })),
      ...(more > 0 ? [moreLine(more, 'baton schedule next')] : []),
    ],
    none: 'Nothing begins by itself in the next day.',
  };
};

const heldLine = (heldBy: string): Line => ({
  mark: 'warn',
  text: `the host is held ${heldBy}: nothing begins by itself`,
  next: 'baton release',
});

/** Forecasts whose time came, beside what was measured. */
export const dueIn = ({ due }: Facts, { day }: Clock): Section => ({
  title: 'Forecasts that came due',
  lines: due.map((one) => dueLine(one, day)),
  none: 'None came due.',
});

const dueLine = ({ place, forecast, score }: CameDue, day: Clock['day']): Line => {
  const { error, covered, skill } = score;
  const beside = skill === undefined ? '' : `, ${percent(skill)} of what “no change” was off by`;
  return {
    mark: covered >= 0.5 ? 'good' : 'warn',
    text: `${place}, made ${day(forecast.madeAt)}: off by ${formatBytes(error)}${beside}; the interval held ${percent(covered)}`,
  };
};

export const aheadIn = ({ forecasts, period }: Facts, { day }: Clock): Section => ({
  title: 'Forecasts ahead',
  lines: forecasts.map((one) => aheadLine(one, period.to, day)),
  none: 'No disk was measured in the last day.',
});

const aheadLine = (
  { place, usedBytes, sizeBytes, forecast }: DiskForecast,
  now: number,
  day: Clock['day'],
): Line => {
  const used = `${place} is at ${percent(usedBytes / sizeBytes)} of ${formatBytes(sizeBytes)}`;
  if (forecast.state !== 'told') return { mark: 'unknown', text: `${used}; no forecast: ${forecast.why}` };
  const { at, from, to } = forecast.limit ?? {};
  if (at === undefined) return { mark: 'good', text: `${used}, and not full within the reach of a forecast` };
  const span = `${from === undefined ? '?' : day(from)} to ${to === undefined ? 'later' : day(to)}`;
  return { mark: 'warn', text: `${used}, full in ${lastedText(Math.max(0, at - now))} (${span})` };
};

/** When few use what has the most traffic. */
export const quietIn = ({ traffic }: Facts): Section => ({
  title: 'Quiet hours',
  lines: traffic.map(({ target, quiet }): Line => {
    if (quiet.state !== 'told') return { mark: 'unknown', text: `${target}: not enough: ${quiet.why}` };
    const [best] = quiet.windows;
    const share = best ? `, with ${percent(best.share)} of its usual traffic` : '';
    return { mark: 'info', text: `${target}: ${best ? windowText(best, quiet.shape) : 'none'}${share}` };
  }),
  none: 'No traffic is on record.',
});

export const healthIn = (facts: Facts, { moment }: Clock): Section => {
  const { looks, period, meanScore, meanScoreBefore } = facts;
  const within = looks.filter(({ at }) => at >= period.from);
  const [last, least] = [within.at(-1), within.toSorted((a, b) => a.score - b.score)[0]];
  const before = meanScoreBefore === undefined ? '' : `, ${meanScoreBefore.toFixed(1)} in the time before`;
  return {
    title: 'Health',
    lines:
      last && least && meanScore !== undefined
        ? [
            {
              mark: last.score === 100 ? 'good' : 'info',
              text: `${last.score} of 100 at ${moment(last.at)}; on average ${meanScore.toFixed(1)}${before}; least ${least.score} at ${moment(least.at)}`,
            },
            ...unknownLines(facts),
          ]
        : [],
    none: 'Nobody looked, so nothing is known.',
  };
};

/** Sources that could not be asked. */
const unknownLines = ({ looks, period }: Facts): Line[] => {
  const unknown = looks.filter(({ at }) => at >= period.from).flatMap((one) => one.unknown);
  return [...Map.groupBy(unknown, (source) => source)].map(([source, times]) => ({
    mark: 'unknown',
    text: `${source} could not be asked, at ${times.length} looks of those shown`,
  }));
};
