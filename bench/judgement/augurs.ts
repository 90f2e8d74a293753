/** ETS and MSTL of the augurs library (WebAssembly), as contenders on an hourly grid without holes. */
import * as ets from '@bsull/augurs/ets';
import * as mstl from '@bsull/augurs/mstl';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onGrid, type Sample } from '../../domain/series.ts';
import type { Contender, Path } from './contenders.ts';

/** In Node there is no fetch of files: the modules' bytes are handed over. */
const bytesOf = (name: string): Buffer =>
  readFileSync(fileURLToPath(import.meta.resolve(`@bsull/augurs/${name}`)).replace(/\.js$/, '_bg.wasm'));
ets.initSync({ module: bytesOf('ets') });
mstl.initSync({ module: bytesOf('mstl') });

type Model = {
  fit: (values: Float64Array) => void;
  predict: (steps: number) => { point: ArrayLike<number> };
  free: () => void;
};

const hourMs = 3_600_000;
/** No series of the benchmark takes longer than three weeks to fill. */
const steps = 21 * 24;

/** @param periods seasons in steps. */
export const mstlPath = (
  samples: readonly Sample[],
  stepMs: number,
  periods: readonly number[],
  ahead: number,
): Path => pathOf(samples, stepMs, mstl.MSTL.ets([...periods], {}), ahead);

const pathOf = (samples: readonly Sample[], stepMs: number, model: Model, ahead: number): Path => {
  const grid = withoutHoles(onGrid(samples, stepMs), stepMs);
  const end = samples.at(-1)?.at ?? 0;
  model.fit(Float64Array.from(grid));
  const { point } = model.predict(ahead);
  model.free();
  const last = grid.at(-1) ?? 0;
  return (at) => {
    const place = Math.min(point.length, Math.max(0, (at - end) / stepMs));
    const value = (step: number): number => (step === 0 ? last : (point[step - 1] ?? last));
    const before = Math.floor(place);
    return value(before) + (value(Math.ceil(place)) - value(before)) * (place - before);
  };
};

/** Gaps are filled by straight lines: the models want a value a step. */
const withoutHoles = (grid: readonly Sample[], stepMs: number): number[] =>
  grid.flatMap(({ at, value }, index) => {
    const before = grid[index - 1];
    const gap = before ? Math.max(1, Math.floor(at / stepMs) - Math.floor(before.at / stepMs)) : 1;
    const from = before?.value ?? value;
    return Array.from({ length: gap }, (_, step) => from + ((value - from) * (step + 1)) / gap);
  });

/** One in so many series: a fit takes a quarter of a second. */
const every = 8;

export const ETS: Contender = {
  name: 'ETS',
  every,
  path: (samples) => pathOf(samples, hourMs, new ets.AutoETS(1, 'ZZN'), steps),
};

export const MSTL: Contender = {
  name: 'MSTL',
  every,
  path: (samples) => mstlPath(samples, hourMs, [24, 168], steps),
};
