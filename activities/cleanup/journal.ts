/** The system's journal. */
import type { JournalRule } from '../../domain/cleanup.ts';
import { vacuumable } from '../../domain/journal.ts';
import { formatBytes, formatAge } from '../../domain/size.ts';
import { noRule, nothing, type Part } from './part.ts';

export const journalPart: Part = {
  async plan({ disk }, { cleanup: { journal: rule } }) {
    if (!rule) return noRule('journal');
    const state = await disk.journal(rule.directory);
    if (!state.here) return nothing(`not here: ${state.why}`);
    const { files, bytes } = vacuumable(state, rule, Date.now());
    const [place = '/'] = state.directories;
    const title = `archived files in ${state.directories.join(' and ')}`;
    return {
      remove: files === 0 ? [] : [{ id: place, title, place, files, bytes, rule: ruleText(rule) }],
      kept: [{ title: 'the journal', reasons: [ruleText(rule)], bytes: state.bytes - bytes }],
      notes: [],
    };
  },

  async remove({ disk }, { rule: seen }, { settings: { cleanup } }) {
    const { journal: rule } = cleanup;
    if (!rule || ruleText(rule) !== seen)
      return { did: 'kept', reasons: ['baton.yml says otherwise by now'] };
    const before = await disk.journal(rule.directory);
    if (!before.here) return { did: 'kept', reasons: [`not here: ${before.why}`] };
    await disk.vacuumJournal(rule);
    const after = await disk.journal(rule.directory);
    const gone = before.archived.length - (after.here ? after.archived.length : 0);
    return gone > 0 ? { did: 'removed', files: gone, notes: [] } : { did: 'gone' };
  },
};

const ruleText = ({ keep }: JournalRule): string =>
  'bytes' in keep ? `the newest ${formatBytes(keep.bytes)} stay` : `the last ${formatAge(keep.forMs)} stay`;
