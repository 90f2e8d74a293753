/** docs/judgement.md, as of one run. */
import { coveredOf, figuresOf, timeCoveredOf, windowFigures } from './figures.ts';
import type { Verdict } from './judge.ts';
import type { LeakRow } from './leaks.ts';
import type { LevelRow } from './levels.ts';
import type { RecordedRow } from './recorded.ts';
import { trafficGoal, type WindowRow } from './windows.ts';
import { alarms, f1, floorErrors, percents, timeErrors } from './tally.ts';
import { tellYears, yearFigures } from './tell-years.ts';
import type { YearRow } from './years.ts';

export type Results = {
  seed: number;
  count: number;
  seconds: number;
  node: string;
  byFamily: ReadonlyMap<string, Verdict[]>;
  contenders: readonly string[];
  leaks: readonly LeakRow[];
  levels: readonly LevelRow[];
  windows: readonly WindowRow[];
  years: readonly YearRow[];
  recorded: readonly RecordedRow[];
};

export const tell = (results: Results): string => {
  const { seed, count, seconds, node, byFamily, contenders } = results;
  const all = [...byFamily.values()].flat();
  return `<!-- Written by \`npm run bench:judgement\`; do not edit. -->

# Forecasts, quiet hours and decisions, judged

${byFamily.size} families of synthetic series, ${count} a family and five times as many of what never fills, drawn from seed ${seed}: \`npm run bench:judgement -- --seed ${seed} --series ${count}\` draws them again;
without \`--seed\` each run draws others. Three to six weeks at a sample every 15 minutes are seen, and the limit is a level that the series first reaches half a day to
three weeks later, or never. Node ${node}, ${seconds} s. [How forecasts are made](forecasts.md), and [how decisions are](autonomy.md).

## What is to be reached

| figure | to be | is | |
| --- | --- | --- | --- |
${[...figuresOf(byFamily), ...windowFigures(results.windows), ...yearFigures(results.years)]
  .map(
    ({ what, goal, measured, reached }) =>
      `| ${what} | ${goal} | ${measured} | ${reached ? 'reached' : '**not reached**'} |`,
  )
  .join('\n')}

In **bursts** and half of **steps** chance decides how much comes when. The floor below is what one is off by who knows the level without noise and the rule of its growth,
but not the draws to come; no forecast gets below it for long.

## Error of the time to full

Per cent of the time that it took; medians with quartiles. A forecast that is muted, or says never, counts as infinitely wrong.

| family | Baton | floor | ${contenders.join(' | ')} |
| --- | --- | --- | ${contenders.map(() => '---').join(' | ')} |
${[...byFamily].map(([family, verdicts]) => errorLine(family, verdicts, contenders)).join('\n')}

ETS and MSTL (augurs 0.10.2) are asked about every eighth series: a fit takes a quarter of a second.

## Full within 72 h

| who | right | false alarms | missed | F1 | false alarms of what never fills |
| --- | --- | --- | --- | --- | --- |
${['Baton', ...contenders].map((who) => alarmLine(who, all)).join('\n')}

## Intervals and methods

| family | values of the next 72 h held | time to full held | muted | methods |
| --- | --- | --- | --- | --- |
${[...byFamily].map(([family, verdicts]) => intervalLine(family, verdicts)).join('\n')}

## Leaks

Three to twenty days of memory. Beside it: whether \`predict_linear\` over 24 h says that the limit (four times the usual) is reached within a week.

| family | to be found | found | not enough to tell | predict_linear |
| --- | --- | --- | --- | --- |
${results.leaks
  .map(
    ({ family, leaks, found, notEnough, linear, of }) =>
      `| ${family} | ${leaks ? 'yes' : 'no'} | ${found} of ${of} | ${notEnough} | ${linear} |`,
  )
  .join('\n')}

## Levels

Error of the next day as a share of that of "the last value stays"; medians.

| family | Baton | MSTL | predict_linear 24 h | values held by 80 % intervals | told |
| --- | --- | --- | --- | --- | --- |
${results.levels
  .map(
    ({ family, own, mstl, linear, covered, told, of }) =>
      `| ${family} | ${own.toFixed(2)} | ${mstl.toFixed(2)} | ${linear.toFixed(2)} | ${covered.toFixed(2)} | ${told} of ${of} |`,
  )
  .join('\n')}

## Quiet hours

Two hours chosen from four weeks of traffic, against a fixed 03:00 to 05:00, in the two weeks after; medians.

| family | traffic of that at 03:00 | above ${trafficGoal} |
| --- | --- | --- |
${results.windows.map(({ family, share, above, of }) => `| ${family} | ${share.toFixed(2)} | ${above} of ${of} |`).join('\n')}

${tellYears(results.years)}

## Recorded series

Error of the values as a share of that of "the last value stays", from 40 moments of the second half of each; medians.

| series | Baton | 7-day mean rate | predict_linear 24 h | values held by 80 % intervals | told |
| --- | --- | --- | --- | --- | --- |
${results.recorded
  .map(
    ({ name, own, meanRate, linear, covered, told, of }) =>
      `| ${name} | ${own.toFixed(2)} | ${meanRate.toFixed(2)} | ${linear.toFixed(2)} | ${covered.toFixed(2)} | ${told} of ${of} |`,
  )
  .join('\n')}
`;
};

const errorLine = (family: string, verdicts: readonly Verdict[], contenders: readonly string[]): string =>
  `| ${family} | ${[
    percents(timeErrors(verdicts, ({ own }) => own)),
    percents(floorErrors(verdicts)),
    ...contenders.map((name) => percents(timeErrors(verdicts, ({ others }) => others.get(name)))),
  ].join(' | ')} |`;

const alarmLine = (who: string, all: readonly Verdict[]): string => {
  const answerOf = ({ own, others }: Verdict) => (who === 'Baton' ? own : others.get(who));
  const counted = alarms(all, answerOf);
  const never = alarms(
    all.filter(({ truth }) => truth.family === 'never fills'),
    answerOf,
  );
  return `| ${who} | ${counted.right} | ${counted.wrong} | ${counted.missed} | ${f1(counted).toFixed(3)} | ${never.wrong} of ${never.asked} |`;
};

const intervalLine = (family: string, verdicts: readonly Verdict[]): string => {
  const methods = [...Map.groupBy(verdicts, ({ own }) => own.method)]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([method, some]) => `${method} ${some.length}`);
  const muted = verdicts.filter(({ own }) => own.state !== 'told').length;
  return `| ${family} | ${coveredOf(verdicts).toFixed(2)} | ${timeCoveredOf(verdicts)?.toFixed(2) ?? '–'} | ${muted} | ${methods.join(', ')} |`;
};
