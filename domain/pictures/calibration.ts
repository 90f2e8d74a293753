/** A calibration diagram: what was promised against what was kept. On the line, promises are worth what they say. */
import type { Calibration } from '../calibration.ts';
import { percent } from '../confidence.ts';
import { countText } from '../count-text.ts';
import { dot, footLabels, line, picture, rowLabels, scaleOf } from './svg.ts';

/** The area of a dot is how many promises it stands for. */
const radiusOf = (count: number): number => Math.min(10, 2 + Math.sqrt(count));

export const calibrationPicture = ({ bins, count, promised, kept }: Calibration): string => {
  const scale = scaleOf([0, 1], [0, 1]);
  const ends = [0, 1].map((share) => ({ x: scale.x(share), y: scale.y(share) }));
  return picture(
    `Of ${countText(count, 'action')} ${percent(promised)} were promised to help, and ${percent(kept)} did`,
    line(ends, 'limit'),
    ...[0, 0.5, 1].map((share) =>
      line(
        [0, 1].map((x) => ({ x: scale.x(x), y: scale.y(share) })),
        'grid',
      ),
    ),
    ...bins.map((bin) =>
      dot(
        { x: scale.x(bin.promised), y: scale.y(bin.kept) },
        radiusOf(bin.count),
        `${countText(bin.count, 'action')}: ${percent(bin.promised)} promised, ${percent(bin.kept)} kept`,
      ),
    ),
    rowLabels(
      scale,
      [0, 0.5, 1].map((at) => ({ at, text: percent(at) })),
    ),
    footLabels('0 % promised', '100 % promised'),
  );
};
