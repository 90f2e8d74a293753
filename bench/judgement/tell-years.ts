/** What docs/judgement.md tells of simulated years. */
import type { Calibration } from '../../domain/calibration.ts';
import type { Figure } from './figures.ts';
import { percent } from './tally.ts';
import { playbooks, troubles } from './troubles.ts';
import { poorChance, type YearRow } from './years.ts';

const brierGoal = 0.15;
const pointsGoal = 3;

export const yearFigures = (rows: readonly YearRow[]): Figure[] =>
  rows.flatMap(({ level, all, alone, below }) => [
    {
      what: `Brier score of a year's promises, ${level}`,
      goal: `≤ ${brierGoal}`,
      measured: all.brier.toFixed(3),
      reached: all.brier <= brierGoal,
    },
    {
      what: `better than always promising the base rate, ${level}`,
      goal: `< ${all.baseRateBrier.toFixed(3)}`,
      measured: all.brier.toFixed(3),
      reached: all.brier < all.baseRateBrier,
    },
    {
      what: `unasked below the threshold, ${level}`,
      goal: '0',
      measured: `${below} of ${alone.count}`,
      reached: below === 0,
    },
    pointsFigure(`share that helped, of what was promised, ${level}`, all),
    pointsFigure(`the same of what nobody was asked for, ${level}`, alone),
  ]);

const pointsFigure = (what: string, { promised, kept }: Calibration): Figure => ({
  what,
  goal: `${percent(promised)} % ± ${pointsGoal} points`,
  measured: `${percent(kept)} %`,
  reached: 100 * Math.abs(kept - promised) <= pointsGoal,
});

export const tellYears = (rows: readonly YearRow[]): string => `## A year of decisions

${rows[0]?.years ?? 0} hosts live through a year at each level. ${troubles.length} kinds of trouble come at random, about ${Math.round((rows[0]?.incidents ?? 0) / (rows[0]?.years ?? 1) / 365)} a day and host, for which there are ${playbooks.length} playbooks
whose true chances (\`bench/judgement/troubles.ts\`) nothing that decides knows: from place to place and from cause to cause they differ, two get worse in autumn, and one
better in spring. What is decided, Baton's own rules decide (\`occasionsOf\`, \`candidateOf\`, \`decideAll\`, \`earnedCap\`), every five minutes, without a record at first. An action that does not
help fails, looks no better at its end, or lets its trouble come back within the day in which it is measured again. People are assumed to say yes to every question, within an hour or so or in
the morning, to mend what failed within hours, and to look each Monday at what has stopped and at a level that fell.

| level | things that went wrong | actions | unasked | Brier score | base rate | who knows the true chances | level fell |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows
  .map(
    ({ level, incidents, all, alone, floor, lowered }) =>
      `| ${level} | ${incidents} | ${all.count} | ${alone.count} | ${all.brier.toFixed(3)} | ${all.baseRateBrier.toFixed(3)} | ${floor.toFixed(3)} | ${lowered} |`,
  )
  .join('\n')}

A good playbook is one whose true chance at a place is all year what the level asks. It is asked about until it is trusted there (medians); a poor one's true chance is below ${100 * poorChance} % when it acts.

| level | good ones | trusted within the year | after so many actions | days | poor ones that acted unasked | of these helped |
| --- | --- | --- | --- | --- | --- | --- |
${rows
  .map(
    ({ level, good, poor, alone }) =>
      `| ${level} | ${good.count} | ${good.trusted} | ${good.attempts} | ${good.days.toFixed(0)} | ${poor.count} of ${alone.count} | ${poor.helped} |`,
  )
  .join('\n')}

### Promised, and kept

Per cent that helped, of how many actions.

| promised | ${rows.map(({ level }) => level).join(' | ')} |
| --- | ${rows.map(() => '---').join(' | ')} |
${Array.from({ length: 10 }, (_, tenth) => binLine(tenth, rows)).join('\n')}

### By playbook

At the level ${rows[middle]?.level ?? ''}.

| playbook | true chances, % | actions | unasked | promised, % | helped, % |
| --- | --- | --- | --- | --- | --- |
${(rows[middle]?.playbooks ?? [])
  .map(
    ({ playbook, chances, count, alone, promised, kept }) =>
      `| ${playbook} | ${chances.map((chance) => (100 * chance).toFixed(0)).join('–')} | ${count} | ${alone} | ${percent(promised)} | ${percent(kept)} |`,
  )
  .join('\n')}

What stands on a forecast is promised less, by how often its intervals held: part of \`disk-cleanup\`.`;

/** Moderate, of the three. */
const middle = 1;

const binLine = (tenth: number, rows: readonly YearRow[]): string =>
  `| ${10 * tenth} to ${10 * (tenth + 1)} | ${rows
    .map(({ all }) => {
      const bin = all.bins.find(({ from }) => from === tenth / 10);
      return bin ? `${percent(bin.kept)} (promised ${percent(bin.promised)}), of ${bin.count}` : '–';
    })
    .join(' | ')} |`;
