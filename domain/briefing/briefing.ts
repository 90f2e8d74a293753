/** A briefing: what a person reads over coffee. What needs them first, then what was wrong, what was done, what comes. */
import { countText, timesText } from '../count-text.ts';
import type { Facts } from './facts.ts';
import { needsIn } from './needs.ts';
import { aheadIn, dueIn, healthIn, plannedIn, quietIn } from './outlook.ts';
import { clockIn, lastedText, type Clock } from './clock.ts';
import { blindMs } from '../blind.ts';
import { doneIn } from './done.ts';
import { updatesIn } from './updates.ts';
import { monthIn, weekIn } from './standing.ts';
import { wrongIn } from './wrong.ts';

export type Mark = 'bad' | 'warn' | 'good' | 'info' | 'unknown';

export type Line = {
  mark: Mark;
  text: string;
  /** It belongs to the line before. */
  under?: true;
  /** What can be typed about it. */
  next?: string;
};

/** @property none what is said where there is nothing to tell. */
export type Section = { title: string; lines: Line[]; none: string };

export type Briefing = {
  title: string;
  /** What was not seen, then what needs a person, or that nothing does. */
  headline: string;
  needs: Line[];
  sections: Section[];
  /** Of how much it was made: a report that was cut off lacks it. */
  end: string;
};

export const briefingOf = (facts: Facts): Briefing => {
  const clock = clockIn(facts.timeZone);
  const needs = needsIn(facts, clock);
  return {
    title: titleOf(facts, clock),
    headline: [...blindLines(facts, clock), needsText(facts, needs)].join(' '),
    needs,
    sections: sectionsOf(facts, clock),
    end: endOf(facts, clock),
  };
};

const titles: Record<Facts['kind'], string> = {
  night: 'before the night',
  morning: 'in the morning',
  weekly: 'of a week',
  monthly: 'of a month',
};

const titleOf = ({ host, kind, period }: Facts, { day }: Clock): string =>
  `${host} ${titles[kind]}: ${day(period.from)} to ${day(period.to)}`;

const needsText = ({ blind, looks }: Facts, needs: readonly Line[]): string => {
  const [first, ...more] = needs;
  if (!first)
    return blind.length > 0 || looks.length === 0 ? 'Nothing that was seen needs you.' : 'Nothing needs you.';
  return more.length === 0 ? `One thing needs you: ${first.text}` : `${needs.length} things need you.`;
};

/** Every span where there are few, else how long they were together. */
const fewSpans = 3;

const blindLines = ({ looks, blind, period }: Facts, { span }: Clock): string[] => {
  if (looks.every(({ at }) => at < period.from)) return ['Nobody looked at this host all that time.'];
  if (blind.length === 0) return [];
  const spans = blind.slice(0, fewSpans).map(({ from, to }) => `from ${span(from, to)}`);
  const more = blind.length > fewSpans ? `, and ${timesText(blind.length - fewSpans)} more` : '';
  return [`Baton was blind for ${lastedText(blindMs(blind))}: ${spans.join(', ')}${more}.`];
};

const sectionsOf = (facts: Facts, clock: Clock): Section[] => {
  const { kind } = facts;
  const usual = [wrongIn(facts, clock), doneIn(facts, clock)];
  const outlook = [dueIn(facts, clock), aheadIn(facts, clock), healthIn(facts, clock)];
  switch (kind) {
    case 'night':
      return [plannedIn(facts, clock), ...usual, ...outlook];
    case 'morning':
      return [...usual, plannedIn(facts, clock), ...outlook];
    case 'weekly':
      return [...usual, weekIn(facts), plannedIn(facts, clock), ...outlook, quietIn(facts)];
    case 'monthly':
      return [
        ...usual,
        weekIn(facts),
        updatesIn(facts),
        ...monthIn(facts, clock),
        ...outlook,
        quietIn(facts),
      ];
  }
};

const endOf = ({ looks, ended, incidents, decisions, period, missing }: Facts, { moment }: Clock): string =>
  `Made ${moment(period.to)} from ${countText(looks.length, 'look')}, ${countText(incidents.length, 'incident')}, ${countText(decisions.length, 'decision')} and ${countText(ended.length, 'operation')}.${
    missing.length === 0 ? '' : ` Not read: ${missing.join('; ')}.`
  }`;
