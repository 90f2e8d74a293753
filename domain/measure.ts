/** What success is measured by: figures that are taken of a target before a playbook, right after it, and again later. */
import type { Figure } from './playbook.ts';
import { formatBytes } from './size.ts';
import type { TargetKind } from './target.ts';

export type Unit = 'percent' | 'bytes' | 'ms' | 'count' | 'days';

/** Each is taken afresh, of the engine, the disk or the service itself, and never from the records. */
export const measures = {
  'used-percent': { unit: 'percent', of: ['filesystem'], what: 'share of the filesystem in use' },
  'free-bytes': { unit: 'bytes', of: ['filesystem'], what: 'room that is left on the filesystem' },
  'surplus-snapshots': {
    unit: 'count',
    of: ['filesystem', 'stack'],
    what: 'snapshots that no retention rule keeps',
  },
  unhealthy: {
    unit: 'count',
    of: ['service', 'stack'],
    what: 'services that are not healthy: the service, or those of the stack',
  },
  'unhealthy-in-stack': {
    unit: 'count',
    of: ['service', 'stack'],
    what: 'services of the stack that are not healthy',
  },
  drift: {
    unit: 'count',
    of: ['stack', 'service'],
    what: 'differences between the stack as it runs and its release',
  },
  'images-outdated': {
    unit: 'count',
    of: ['service', 'stack'],
    what: 'services that do not run the image that was decided on or, without a decision, the one that their tag names',
  },
  'latency-ms': {
    unit: 'ms',
    of: ['service', 'stack'],
    what: 'how long the probe of the service, or the slowest of the stack, takes to say yes',
  },
  'database-bytes': { unit: 'bytes', of: ['service'], what: 'what all databases of the service take' },
  'dead-percent': {
    unit: 'percent',
    of: ['service'],
    what: "share of its database's rows that are dead, whose room is not free again (PostgreSQL)",
  },
  'certificate-days': {
    unit: 'days',
    of: ['service'],
    what: 'how long the certificate is good that its probe over HTTPS is answered with',
  },
  'available-percent': {
    unit: 'percent',
    of: ['service'],
    what: "share of the host's memory that can be had",
  },
  'memory-bytes': { unit: 'bytes', of: ['service'], what: 'memory that the container of the service takes' },
} as const satisfies Record<string, { unit: Unit; of: readonly TargetKind[]; what: string }>;

export type MeasureName = keyof typeof measures;
export const measureNames = Object.keys(measures) as MeasureName[];

/** @property relative `by` is a share of what was before, in percent. */
export type Amount = { by: number; relative: boolean };

/** In the unit of the measure. */
export type Criterion = { measure: MeasureName } & (
  { atMost: number } | { atLeast: number } | { fallsBy: Amount } | { risesBy: Amount }
);

/** @returns `undefined` where what it is measured by is not known. */
export const criterionHolds = (criterion: Criterion, figures: readonly Figure[]): boolean | undefined => {
  const figure = figures.find(({ what }) => what === criterion.measure);
  const { before, after } = figure ?? {};
  if (after === undefined) return undefined;
  if ('atMost' in criterion) return after <= criterion.atMost;
  if ('atLeast' in criterion) return after >= criterion.atLeast;
  if (before === undefined) return undefined;
  const { by, relative } = 'fallsBy' in criterion ? criterion.fallsBy : criterion.risesBy;
  const least = relative ? (Math.abs(before) * by) / 100 : by;
  return 'fallsBy' in criterion ? before - after >= least : after - before >= least;
};

/** None of these can be below nothing. @returns why what should fall cannot fall by so much; `undefined` where it may. */
export const whyOutOfReach = (
  criteria: readonly Criterion[],
  figures: readonly Figure[],
): string | undefined => {
  for (const criterion of criteria) {
    const before = figures.find(({ what }) => what === criterion.measure)?.before;
    if (before === undefined || !('fallsBy' in criterion)) continue;
    const { by, relative } = criterion.fallsBy;
    if (before < (relative ? Number.MIN_VALUE : by)) {
      const { unit } = measures[criterion.measure];
      return `${criterion.measure} is ${valueText(before, unit)}, and would have to fall`;
    }
  }
  return undefined;
};

/** One that fails is enough to say no. @returns `undefined` where it cannot be said. */
export const successHolds = (
  criteria: readonly Criterion[],
  figures: readonly Figure[],
): boolean | undefined => {
  const said = criteria.map((criterion) => criterionHolds(criterion, figures));
  if (said.includes(false)) return false;
  return said.includes(undefined) ? undefined : true;
};

/** `used-percent falls by 3 %`. */
export const criterionText = (criterion: Criterion): string => {
  const { unit } = measures[criterion.measure];
  const amount = ({ by, relative }: Amount): string =>
    relative ? `${by} % of what it was` : valueText(by, unit);
  if ('atMost' in criterion) return `${criterion.measure} is at most ${valueText(criterion.atMost, unit)}`;
  if ('atLeast' in criterion) return `${criterion.measure} is at least ${valueText(criterion.atLeast, unit)}`;
  return 'fallsBy' in criterion
    ? `${criterion.measure} falls by ${amount(criterion.fallsBy)}`
    : `${criterion.measure} rises by ${amount(criterion.risesBy)}`;
};

/** `memory-bytes: 91 MiB → 704 KiB`. */
export const figureText = (figure: Figure): string =>
  `${figure.what}: ${figureValue(figure, figure.before)} → ${figureValue(figure, figure.after)}`;

/** One of its two values. */
export const figureValue = ({ unit }: Figure, value: number | undefined): string =>
  value === undefined ? 'not known' : valueText(value, unit as Unit);

export const valueText = (value: number, unit: Unit): string => {
  switch (unit) {
    case 'bytes':
      return formatBytes(value);
    case 'percent':
      return `${Number(value.toFixed(1))} %`;
    case 'ms':
      return `${Number(value.toFixed(1))} ms`;
    case 'count':
      return String(value);
    case 'days':
      return `${Number(value.toFixed(1))} days`;
  }
};
