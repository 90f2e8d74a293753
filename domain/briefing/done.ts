/** What was done: by Baton itself with what came of it as it was measured, then by people and schedules. */
import { countText } from '../count-text.ts';
import type { Decided } from '../decided.ts';
import { helped, type ActionOutcome } from '../outcome.ts';
import { formatDuration } from '../size.ts';
import type { Line, Section } from './briefing.ts';
import { lastedText, type Clock } from './clock.ts';
import type { Ended, Facts } from './facts.ts';
import { moreLine } from './wrong.ts';

/** What went well is told in so many lines at most; what did not, always. */
const mostGood = 8;

export const doneIn = (facts: Facts, clock: Clock): Section => {
  // What waits is told where somebody is needed, or what comes.
  const waits = new Set<string>(facts.waits.map(({ operation }) => operation));
  const acted = facts.decisions.filter(({ action }) => action && !waits.has(action.operation));
  const operations = new Set(acted.map(({ action }) => action?.operation as string | undefined));
  const others = facts.ended.filter(({ operation }) => !operations.has(operation));
  return {
    title: 'What was done',
    lines: [
      ...acted.map((one) => actionLine(one, facts.outcomes, clock)),
      ...endedLines(others, clock),
      ...restLines(facts.decisions),
    ],
    none: 'Nothing was changed.',
  };
};

const actionLine = (
  { id, at, proposal: { playbook, target, cause }, action }: Decided,
  outcomes: readonly ActionOutcome[],
  { moment }: Clock,
): Line => {
  const begins = action?.startsAt ?? at;
  const outcome = outcomes.find(({ operation }) => operation === action?.operation);
  const { mark, text } = cameOfIt(outcome, begins, moment);
  return {
    mark,
    text: `${moment(begins)} ${playbook} on ${target} (${cause}): ${text}`,
    next: `baton decisions ${id}`,
  };
};

const cameOfIt = (
  outcome: ActionOutcome | undefined,
  begins: number,
  moment: Clock['moment'],
): Pick<Line, 'mark' | 'text'> => {
  if (!outcome) return { mark: 'info', text: `no outcome is on record; it was to begin ${moment(begins)}` };
  if (outcome.failed) return { mark: 'bad', text: 'failed' };
  const verdict = helped(outcome);
  if (verdict === undefined) return { mark: 'unknown', text: 'ended, and what it did is not measured yet' };
  const when = outcome.measurements
    .map(({ afterMs }) => (afterMs === 0 ? 'at its end' : `after ${lastedText(afterMs)}`))
    .join(', ');
  return verdict
    ? { mark: 'good', text: `helped, measured ${when}` }
    : { mark: 'bad', text: `did not help, measured ${when}` };
};

const wentWell: readonly string[] = ['done', 'unchanged'];

const endedLines = (ended: readonly Ended[], clock: Clock): Line[] => {
  const bad = ended.filter(({ outcome }) => !wentWell.includes(outcome));
  const good = ended.filter(({ outcome }) => outcome === 'done');
  const more = good.length - mostGood;
  return [
    ...bad.map((one) => endedLine(one, clock)),
    ...good.slice(-mostGood).map((one) => endedLine(one, clock)),
    ...(more > 0 ? [moreLine(more, 'baton events')] : []),
  ];
};

const endedLine = ({ what, outcome, startedAt, endedAt, by, why }: Ended, { moment }: Clock): Line => ({
  mark: outcome === 'done' ? 'good' : outcome === 'needs-human' ? 'bad' : 'warn',
  text: `${moment(endedAt)} ${what}: ${outcome}${why === undefined ? '' : `: ${why}`} (${formatDuration(endedAt - startedAt)}${by === undefined ? '' : `, ${by}`})`,
});

/** Decisions that nothing was begun for. */
const restLines = (decisions: readonly Decided[]): Line[] => {
  const rest = decisions.filter(({ action }) => !action);
  if (rest.length === 0) return [];
  const counts = [...Map.groupBy(rest, ({ decision }) => decision.answer)].map(
    ([answer, some]) => `${some.length} ${answer}`,
  );
  const would = rest.filter(({ wouldHave }) => wouldHave === 'act' || wouldHave === 'schedule').length;
  const dry = would === 0 ? '' : `; at a level that acts, ${would} would have been carried out`;
  return [
    {
      mark: 'info',
      text: `Of ${countText(rest.length, 'other decision')} nothing came: ${counts.join(', ')}${dry}`,
      next: 'baton decisions',
    },
  ];
};
