/** Whether a report is all there: an empty one, or one that was cut off, is worse than none, for it reads as a quiet night. */
import { escaped } from '../pictures/svg.ts';
import type { Briefing } from './briefing.ts';

/** @param page as it was read back. @returns what is wrong with it; `undefined` where it is whole. */
export const whyNotWhole = (
  page: string,
  { headline, end }: Pick<Briefing, 'headline' | 'end'>,
): string | undefined => {
  if (page.trim() === '') return 'it is empty';
  if (!page.includes(escaped(headline))) return 'its first line is missing';
  if (!page.includes(escaped(end))) return 'its last line is missing';
  return page.endsWith('</html>\n') ? undefined : 'it is cut off';
};
