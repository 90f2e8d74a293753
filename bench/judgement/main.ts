/**
 * `npm run bench:judgement`: forecasts and quiet hours of series whose future is known, beside what users would ask instead, and
 * decisions on playbooks whose true chance is known. Writes docs/judgement.md.
 */
import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { say } from '../say.ts';
import { ETS, MSTL } from './augurs.ts';
import { meanRate, noChange, predictLinear, type Contender } from './contenders.ts';
import { drawCase } from './case.ts';
import { families } from './families.ts';
import { judge, type Verdict } from './judge.ts';
import { judgeLeaks } from './leaks.ts';
import { judgeLevels } from './levels.ts';
import { judgeRecorded } from './recorded.ts';
import { tell } from './report.ts';
import { judgeWindows } from './windows.ts';
import { judgeYears } from './years.ts';

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '200' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm run bench:judgement -- [--series N] [--seed N]
N series a family (200), and a year of decisions at each level for every 50 of them, drawn from a fresh seed, or from that of an
earlier run. Writes docs/judgement.md.`);
  process.exit();
}
const whole = (name: string, text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value < 2 ** 31) return value;
  console.error(`--${name} is a whole number from 1 to ${2 ** 31 - 1}, not "${text}".`);
  process.exit(64);
};
const count = whole('series', values.series);
const seed = whole('seed', values.seed ?? String(randomInt(1, 2 ** 30)));

const contenders: Contender[] = [meanRate, predictLinear(6), predictLinear(24), noChange, ETS, MSTL];
/** No two families share a series. */
const familySeeds = 10_000_019;

/** One in two hundred may be wrong: of so few, chance decides whether one is. */
const often: Record<string, number> = { 'never fills': 5 };

const judgeFamily = (family: string, place: number): Verdict[] => {
  const began = performance.now();
  const length = count * (often[family] ?? 1);
  const verdicts = Array.from({ length }, (_, index) =>
    judge(
      drawCase(family, (seed + place * familySeeds + index) >>> 0),
      contenders.filter(({ every = 1 }) => index % every === 0),
    ),
  );
  say(`${family}: ${length} series in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return verdicts;
};

const began = performance.now();
say(`Seed ${seed}.`);
const byFamily = new Map(Object.keys(families).map((family, place) => [family, judgeFamily(family, place)]));
const leaks = judgeLeaks(seed, count);
const levels = judgeLevels(seed, Math.ceil(count / 4));
const windows = judgeWindows(seed, count);
const years = judgeYears(seed, count);
const recorded = judgeRecorded();
await writeFile(
  join(import.meta.dirname, '..', '..', 'docs', 'judgement.md'),
  tell({
    seed,
    count,
    seconds: Math.round((performance.now() - began) / 1000),
    node: process.version,
    byFamily,
    contenders: contenders.map(({ name }) => name),
    leaks,
    levels,
    windows,
    years,
    recorded,
  }),
);
say('Written: docs/judgement.md.');
