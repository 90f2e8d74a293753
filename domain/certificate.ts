/** How long a certificate is still good. */
import type { Finding } from './incident.ts';

const dayMs = 24 * 3_600_000;

/**
 * What renews itself does so when a third of its life is left: 30 days of Let's Encrypt's 90. Two weeks before its end that has
 * failed for two weeks; with three days left a person has one working day.
 */
const warningDays = 14;
const criticalDays = 3;

/** @param until ISO 8601. @param now ms since the epoch. Negative where it has expired. */
export const certificateDays = (until: string, now: number): number => (Date.parse(until) - now) / dayMs;

export const certificateFinding = (where: string, until: string, now: number): Finding => {
  const days = certificateDays(until, now);
  const day = until.slice(0, 'YYYY-MM-DD'.length);
  return {
    what: 'certificate',
    where,
    state: days <= criticalDays ? 'critical' : days <= warningDays ? 'warning' : 'fine',
    // A restart that takes the renewed one can wait for a quiet hour.
    ...(days > 0 ? { dueAt: Date.parse(until) } : {}),
    evidence: days <= 0 ? `expired on ${day}` : `expires in ${days.toFixed(1)} days, on ${day}`,
  };
};
