/** Pictures as SVG text: a few shapes, placed by a scale, coloured by the page that they stand in. */

/** What is safe as text of HTML and SVG, and in attributes between double quotes. Control characters are shown as what they are. */
export const escaped = (text: string): string =>
  text
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

export type Point = { x: number; y: number };

/** The unit of all pictures: they grow with the page, and their text stays readable on a phone. */
export const width = 360;
export const height = 150;
const margin = { left: 34, right: 8, top: 8, bottom: 20 };

/** From values to places in a picture; what lies outside is drawn at the edge. */
export type Scale = { x: (value: number) => number; y: (value: number) => number };

type Range = readonly [from: number, to: number];

export const scaleOf = (xs: Range, ys: Range): Scale => ({
  x: between(xs, [margin.left, width - margin.right]),
  y: between(ys, [height - margin.bottom, margin.top]),
});

const between =
  ([low, high]: Range, [from, to]: Range) =>
  (value: number): number => {
    const share = high === low ? 0 : (value - low) / (high - low);
    return round(from + Math.min(1, Math.max(0, share)) * (to - from));
  };

const round = (value: number): number => Math.round(value * 10) / 10;

/** `class` is one of those that `styles` colours. */
export const line = (points: readonly Point[], kind: string): string =>
  points.length === 0
    ? ''
    : `<polyline class="${kind}" points="${points.map(({ x, y }) => `${x},${y}`).join(' ')}"/>`;

export const area = (points: readonly Point[], kind: string): string =>
  points.length === 0
    ? ''
    : `<polygon class="${kind}" points="${points.map(({ x, y }) => `${x},${y}`).join(' ')}"/>`;

export const box = (one: Point, other: Point, kind: string, title = ''): string => {
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  const size = `width="${round(Math.abs(one.x - other.x))}" height="${round(Math.abs(one.y - other.y))}"`;
  return `<rect class="${kind}" x="${x}" y="${y}" ${size}>${title === '' ? '' : `<title>${escaped(title)}</title>`}</rect>`;
};

export const dot = ({ x, y }: Point, radius: number, title: string): string =>
  `<circle class="mark" cx="${x}" cy="${y}" r="${round(radius)}"><title>${escaped(title)}</title></circle>`;

export const label = ({ x, y }: Point, text: string, anchor: 'start' | 'middle' | 'end'): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>`;

/** Names at the left edge, beside their values. */
export const rowLabels = ({ y }: Scale, values: readonly { at: number; text: string }[]): string =>
  values.map(({ at, text }) => label({ x: margin.left - 4, y: y(at) + 3 }, text, 'end')).join('');

/** Names below, first and last. */
export const footLabels = (first: string, last: string): string =>
  label({ x: margin.left, y: height - 5 }, first, 'start') +
  label({ x: width - margin.right, y: height - 5 }, last, 'end');

/** @param says what it shows, for who cannot see it. */
export const picture = (says: string, ...shapes: string[]): string =>
  `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(says)}"><title>${escaped(says)}</title>${shapes.join('')}</svg>`;

/** Colours of the shapes, for light and dark pages alike. */
export const pictureStyles = `
  svg { display: block; width: 100%; max-width: 34rem; height: auto; margin: .5rem 0; }
  svg text { font: 9px system-ui, sans-serif; fill: currentColor; opacity: .8; }
  svg .line { fill: none; stroke: var(--accent); stroke-width: 1.6; stroke-linejoin: round; }
  svg .dashed { fill: none; stroke: var(--accent); stroke-width: 1.6; stroke-dasharray: 4 3; }
  svg .band { fill: var(--accent); opacity: .22; }
  svg .limit { fill: none; stroke: var(--bad); stroke-width: 1; stroke-dasharray: 2 2; }
  svg .grid { fill: none; stroke: currentColor; opacity: .2; stroke-width: .7; }
  svg .gap { fill: currentColor; opacity: .14; }
  svg .bar { fill: var(--accent); opacity: .55; }
  svg .chosen { fill: var(--good); opacity: .9; }
  svg .mark { fill: var(--accent); }
`;
