/** A forecast with its band: what was measured, what is expected, and where it is full. */
import type { Clock } from '../briefing/clock.ts';
import type { DiskForecast } from '../disk-forecast.ts';
import { formatBytes } from '../size.ts';
import { area, footLabels, line, picture, rowLabels, scaleOf, type Point } from './svg.ts';

const dayMs = 86_400_000;

/** @returns `''` where there is nothing to draw. */
export const forecastPicture = (
  { place, past, sizeBytes, forecast }: DiskForecast,
  { day }: Clock,
): string => {
  const expected = 'expected' in forecast ? forecast.expected : [];
  const { madeAt } = forecast;
  const from = madeAt - past.length * dayMs;
  const to = expected.at(-1)?.at ?? madeAt;
  if (past.length + expected.length < 2 || to === from) return '';
  const scale = scaleOf([from, to], [0, sizeBytes]);
  const at = (time: number, value: number): Point => ({ x: scale.x(time), y: scale.y(value) });
  return picture(
    `${place}: measured until ${day(madeAt)}, expected until ${day(to)}, full at ${formatBytes(sizeBytes)}`,
    line([at(from, sizeBytes), at(to, sizeBytes)], 'limit'),
    line([at(from, 0), at(to, 0)], 'grid'),
    area(
      [
        ...expected.map(({ at: time, high }) => at(time, high)),
        ...expected.toReversed().map(({ at: time, low }) => at(time, low)),
      ],
      'band',
    ),
    line(
      past.map((value, index) => at(from + (index + 1) * dayMs, value)),
      'line',
    ),
    line(
      expected.map(({ at: time, value }) => at(time, value)),
      'dashed',
    ),
    rowLabels(scale, [
      { at: 0, text: '0' },
      { at: sizeBytes, text: formatBytes(sizeBytes).replaceAll(' ', '') },
    ]),
    footLabels(day(from), day(to)),
  );
};
