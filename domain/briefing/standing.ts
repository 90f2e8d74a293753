/** How the record stands: by playbook, by promise, and what keeps data safe. */
import { calibrationOf } from '../calibration.ts';
import { percent } from '../confidence.ts';
import { countText } from '../count-text.ts';
import type { Line, Section } from './briefing.ts';
import { lastedText, type Clock } from './clock.ts';
import type { Facts } from './facts.ts';
import { scoredActions } from '../scored.ts';
import { byPlaybook } from './record.ts';

/** Of the period. */
export const weekIn = ({ outcomes, period }: Facts): Section => ({
  title: 'By playbook',
  lines: byPlaybook(outcomes.filter(({ endedAt }) => endedAt >= period.from)).map(
    ({ playbook, helped, measured, unmeasured }) => ({
      mark: measured === 0 ? 'unknown' : helped === measured ? 'good' : 'warn',
      text: `${playbook}: ${helped} of ${measured} helped${unmeasured === 0 ? '' : `, ${unmeasured} not measured`}`,
    }),
  ),
  none: 'Baton did nothing by itself; that is neither good nor bad.',
});

export const monthIn = (facts: Facts, clock: Clock): Section[] => [
  restoresIn(facts),
  certificatesIn(facts, clock),
  calibrationIn(facts),
];

const restoreMarks = { proven: 'good', old: 'warn', never: 'warn', failed: 'bad' } as const;

const restoresIn = ({ sets, period }: Facts): Section => ({
  title: 'Restore tests',
  lines: sets.flatMap(({ name, restore }): Line[] => {
    if (!restore) return [];
    const proven = restore.proven && lastedText(period.to - Date.parse(restore.proven.at));
    const when = proven === undefined ? 'never proven' : `proven ${proven} ago`;
    return [{ mark: restoreMarks[restore.state], text: `${name}: ${restore.state}, ${when}` }];
  }),
  none: 'baton.yml names no data sets.',
});

/** So soon it should be looked at whether it renews itself. */
const soonMs = 14 * 86_400_000;

const certificatesIn = ({ certificates, period }: Facts, { day }: Clock): Section => ({
  title: 'Certificates',
  lines: certificates.map(({ place, at }) => ({
    mark: at < period.to ? 'bad' : at - period.to < soonMs ? 'warn' : 'good',
    text: `${place}: ${at < period.to ? 'expired' : 'until'} ${day(at)}`,
  })),
  none: 'None was seen.',
});

const calibrationIn = ({ promises, outcomes }: Facts): Section => {
  const found = calibrationOf(scoredActions(promises, outcomes));
  return {
    title: 'Promises',
    lines: found
      ? [
          {
            mark: found.brier <= found.baseRateBrier ? 'good' : 'warn',
            text: `${countText(found.count, 'action')}: ${percent(found.promised)} promised, ${percent(found.kept)} kept; Brier ${found.brier.toFixed(3)}, ${found.baseRateBrier.toFixed(3)} for who knows only the share`,
          },
        ]
      : [],
    none: 'No action was measured yet, so there is nothing to hold a promise against.',
  };
};
