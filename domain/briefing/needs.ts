/** What needs a person, the most pressing first. Whatever is not in it can wait. */
import { isOpen } from '../incident.ts';
import { titleOf } from '../operation.ts';
import type { Line } from './briefing.ts';
import { lastedText, type Clock } from './clock.ts';
import type { Ended, Facts, Waits } from './facts.ts';
import { causesOf } from './wrong.ts';

/** A disk that is full sooner leaves no weekend to think about it. */
const soonMs = 72 * 3_600_000;
/** A look that is due and did not come for so many times its distance: nobody looks. */
const missedLooks = 3;

export const needsIn = (facts: Facts, clock: Clock): Line[] => [
  ...needsHuman(facts),
  ...facts.waits.flatMap((one) => waitLine(one, clock)),
  ...critical(facts, clock),
  ...asked(facts),
  ...fullSoon(facts),
  ...unproven(facts),
  ...notLooking(facts, clock),
  ...facts.unreachable.map((text): Line => ({ mark: 'warn', text, next: 'baton doctor' })),
  ...facts.missing.map((text): Line => ({ mark: 'unknown', text: `could not be read: ${text}` })),
];

/** As long as nothing has been done there since. */
const needsHuman = ({ ended }: Facts): Line[] =>
  ended.filter((one) => one.outcome === 'needs-human' && isNewest(one, ended)).map(personLine);

const isNewest = ({ on, endedAt }: Ended, all: readonly Ended[]): boolean =>
  !all.some((other) => other.on === on && other.endedAt > endedAt);

const personLine = ({ what, on, why }: Ended): Line => ({
  mark: 'bad',
  text: `${what} ended neither new nor as before${why === undefined ? '' : `: ${why}`}`,
  next: `baton resume ${on}`,
});

const waitLine = (wait: Waits, { moment }: Clock): Line[] => {
  const { stack, waiting, held } = wait;
  if (held)
    return [
      {
        mark: 'bad',
        text: `${titleOf(wait)} failed and waits for an answer: ${held.step}: ${held.message}`,
        next: `baton cancel ${stack}`,
      },
    ];
  if (waiting?.for !== 'approval') return [];
  const until = moment(Date.parse(waiting.expiresAt));
  return [
    {
      mark: 'warn',
      text: `${titleOf(wait)} waits for an approval until ${until}, then nothing is done`,
      next: `baton approve ${stack}`,
    },
  ];
};

const critical = (facts: Facts, { moment }: Clock): Line[] =>
  causesOf(facts)
    .filter(({ incident }) => isOpen(incident) && incident.severity === 'critical')
    .map(({ incident: { what, where, evidence, openedAt } }) => ({
      mark: 'bad',
      text: `${what} at ${where} since ${moment(openedAt)}: ${evidence}`,
      next: 'baton health',
    }));

/** The newest of each proposal; one that became an operation is among what waits. */
const asked = ({ decisions }: Facts): Line[] => {
  const newest = new Map(decisions.map((one) => [one.proposal.id, one]));
  return [...newest.values()]
    .filter(({ decision, action }) => decision.answer === 'ask' && !action)
    .map(({ id, proposal: { playbook, target, cause }, decision: { limits } }) => ({
      mark: 'warn',
      text: `${playbook} on ${target} (${cause}) is left to you: ${limits[0]?.why ?? 'it was to be asked'}`,
      next: `baton decisions ${id}`,
    }));
};

const fullSoon = ({ forecasts, period }: Facts): Line[] =>
  forecasts.flatMap(({ place, forecast }): Line[] => {
    const at = forecast.state === 'told' ? forecast.limit?.at : undefined;
    return at !== undefined && at - period.to < soonMs
      ? [
          {
            mark: 'bad',
            text: `${place} is full in ${lastedText(Math.max(0, at - period.to))}`,
            next: 'baton forecast',
          },
        ]
      : [];
  });

const unproven = ({ sets }: Facts): Line[] =>
  sets
    .filter(({ restore }) => restore?.state === 'failed')
    .map(({ name }) => ({ mark: 'bad', text: `the restore of ${name} failed`, next: 'baton data' }));

const notLooking = ({ looksEveryMs, looks, period }: Facts, { moment }: Clock): Line[] => {
  if (looksEveryMs === undefined)
    return [{ mark: 'warn', text: 'Baton does not look at this host by itself', next: 'baton auto --help' }];
  const last = looks.at(-1)?.at;
  if (last !== undefined && period.to - last <= missedLooks * looksEveryMs) return [];
  const since = last === undefined ? 'has not looked yet' : `last looked ${moment(last)}`;
  return [{ mark: 'bad', text: `Baton ${since}: its worker or Temporal was away`, next: 'baton doctor' }];
};
