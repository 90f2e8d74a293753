/** A briefing as what people are told of it on a phone: its first line, what needs them, and where the rest is. */
import type { BatonEvent } from '../event.ts';
import { firstOf } from '../lines.ts';
import type { Briefing } from './briefing.ts';
import type { BriefingKind } from './facts.ts';

/** What is left of a briefing once its page is kept. */
export type KeptBriefing = Pick<Briefing, 'title' | 'headline'> & {
  kind: BriefingKind;
  /** What needs somebody, a line each. */
  needs: string[];
  /** Absolute; on the worker's host. */
  file: string;
  missing: string[];
};

export const keptOf = (
  { title, headline, needs }: Briefing,
  kind: BriefingKind,
  file: string,
  missing: string[],
): KeptBriefing => ({
  kind,
  title,
  headline,
  needs: firstOf(
    needs.map(({ text }) => text),
    mostNeeds,
    longestLine,
  ),
  file,
  missing,
});

/** A phone shows the beginning; the rest is in the page. */
const mostNeeds = 6;
const longestLine = 240;

/** @param runId of the scheduled workflow: told once for each of its times. @param now ms since the epoch. */
export const reportEvent = (
  { kind, title, headline, needs, file }: KeptBriefing,
  host: string,
  runId: string,
  now: number,
): BatonEvent => ({
  id: `report/${runId}`,
  kind: 'report',
  host,
  title,
  lines: needs.length > 1 ? [headline, ...needs] : [headline],
  end: `All of it: baton report ${kind}, or ${file}`,
  at: new Date(now).toISOString(),
  report: kind,
});
