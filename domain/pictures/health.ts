/** Health over time: the score of each look, with gaps where nobody looked. */
import type { Clock } from '../briefing/clock.ts';
import type { LookSeen } from '../briefing/facts.ts';
import type { Span } from '../window.ts';
import { box, footLabels, line, picture, rowLabels, scaleOf, type Scale } from './svg.ts';

export const healthPicture = (
  looks: readonly LookSeen[],
  blind: readonly Span[],
  period: Span,
  { moment }: Clock,
): string => {
  const scale = scaleOf([period.from, period.to], [0, 100]);
  const within = looks.filter(({ at }) => at >= period.from);
  return picture(
    `Health from ${moment(period.from)} to ${moment(period.to)}, between ${Math.min(...within.map(({ score }) => score))} and ${Math.max(...within.map(({ score }) => score))} of 100`,
    ...[0, 50, 100].map((at) => line(across(scale, period, at), 'grid')),
    rowLabels(
      scale,
      [0, 50, 100].map((at) => ({ at, text: String(at) })),
    ),
    ...blind.map(({ from, to }) =>
      box({ x: scale.x(from), y: scale.y(0) }, { x: scale.x(to), y: scale.y(100) }, 'gap', 'nobody looked'),
    ),
    ...piecesOf(within, blind).map((some) =>
      line(
        some.map(({ at, score }) => ({ x: scale.x(at), y: scale.y(score) })),
        'line',
      ),
    ),
    footLabels(moment(period.from), moment(period.to)),
  );
};

const across = (scale: Scale, { from, to }: Span, at: number) => [
  { x: scale.x(from), y: scale.y(at) },
  { x: scale.x(to), y: scale.y(at) },
];

/** No line is drawn through what nobody saw. */
const piecesOf = (looks: readonly LookSeen[], blind: readonly Span[]): LookSeen[][] => [
  ...Map.groupBy(looks, ({ at }) => blind.filter(({ to }) => to <= at).length).values(),
];
