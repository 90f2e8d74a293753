/** Images whose tags name others by now, and what is known of them. What could not be asked is told, and is not current. */
import { imageOutdated, updateText } from '../image-update.ts';
import { isOpen } from '../incident.ts';
import type { Line, Section } from './briefing.ts';
import type { Facts } from './facts.ts';
import { moreLine } from './wrong.ts';

const mostUpdates = 20;

export const updatesIn = ({ incidents, looks, period }: Facts): Section => {
  const open = incidents
    .filter((one) => one.what === imageOutdated && isOpen(one))
    .sort((a, b) => a.openedAt - b.openedAt);
  const more = open.length - mostUpdates;
  return {
    title: 'Updates outstanding',
    lines: [
      ...open.slice(0, mostUpdates).map(({ where, update, evidence }): Line => ({
        mark: 'info',
        text: `${where}: ${update ? updateText(update, period.to) : evidence}`,
        next: `baton playbook run image-update ${where} --dry-run`,
      })),
      ...(more > 0 ? [moreLine(more, 'baton incidents')] : []),
      ...(looks.at(-1)?.unknown ?? [])
        .filter((source) => source.startsWith('images '))
        .map((text): Line => ({ mark: 'unknown', text: `not known: ${text}` })),
    ],
    none: 'None that Baton knows of.',
  };
};
