/** Traffic of a target by the hour of its day or week, with the quiet windows that were chosen. */
import type { TargetHours } from '../quiet-calendar.ts';
import { weekdays } from '../quiet-hours.ts';
import { box, footLabels, picture, rowLabels, scaleOf } from './svg.ts';

/** @returns `''` where too little was measured to tell. */
export const trafficPicture = ({ target, quiet }: TargetHours): string => {
  if (quiet.state !== 'told') return '';
  const { expected, windows, shape } = quiet;
  const known = expected.filter(Number.isFinite);
  const most = Math.max(1, ...known);
  const scale = scaleOf([0, expected.length], [0, most]);
  const chosen = new Set(
    windows.flatMap(({ from, hours }) =>
      Array.from({ length: hours }, (_, index) => (from + index) % expected.length),
    ),
  );
  const bar = (hour: number, top: number, kind: string): string =>
    box({ x: scale.x(hour), y: scale.y(0) }, { x: scale.x(hour + 1), y: scale.y(top) }, kind);
  return picture(
    `Requests for ${target} by the hour of the ${shape}, ${Math.round(most)} at most, with its quiet hours`,
    // An hour without traffic has no bar to be seen by.
    ...[...chosen].map((hour) => bar(hour, most, 'gap')),
    ...expected.map((value, hour) =>
      Number.isFinite(value) ? bar(hour, value, chosen.has(hour) ? 'chosen' : 'bar') : '',
    ),
    rowLabels(scale, [
      { at: 0, text: '0' },
      { at: most, text: short(most) },
    ]),
    shape === 'day' ? footLabels('00:00', '24:00') : footLabels(weekdays[0] ?? '', weekdays.at(-1) ?? ''),
  );
};

/** `1.2k`: what fits beside a picture. */
const short = (value: number): string =>
  new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value);
