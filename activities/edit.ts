/** Edits: a text that was made beside its file takes the file's place, unless someone else changed it meanwhile. */
import type { Edit } from '../domain/guard.ts';
import type { Problem } from '../domain/problem.ts';
import type { Owner } from '../domain/subject.ts';
import { beating, permanent } from './activity.ts';
import { nameOf } from './data.ts';
import { sha256 } from './hash.ts';
import type { Ports } from './ports/index.ts';

export const editActivities = (ports: Ports) => ({
  /** Each new text takes its file's place at once, with the file's owner and mode. */
  async putEdits(edits: Edit[]): Promise<void> {
    await beating(async () => {
      for (const edit of edits) await putEdit(ports, edit);
    });
  },
});

export const editProblems = async ({ files }: Ports, { file, draft, was }: Edit): Promise<Problem[]> => {
  const error = (code: string, message: string): Problem[] => [
    { severity: 'error', code, message: `${message} Nothing was changed.`, next: `Your text is in ${draft}` },
  ];
  const now = await files.read(file);
  if (!now) return [];
  if (sha256(now.content) !== was)
    return error('changed-meanwhile', `${file} was changed by someone else while you edited it.`);
  return (await files.read(draft)) ? [] : error('no-draft', `There is no ${draft} on this host.`);
};

/**
 * `put`: the edited text is there, or is being or has been exchanged by an earlier try. `was`: the text that was edited is.
 * `theirs`: someone else's.
 */
export const stateOfEdit = async (
  { files, snapshots }: Ports,
  owner: Owner,
  { file, was, becomes }: Edit,
): Promise<'put' | 'was' | 'theirs'> => {
  const now = await files.read(file);
  const hash = now && sha256(now.content);
  const exchanged =
    (await snapshots.find(file, nameOf(owner, 'failed'))) !== undefined ||
    (await snapshots.find(file, nameOf(owner, 'before'))) === undefined;
  if (hash === becomes || exchanged) return 'put';
  return hash === was ? 'was' : 'theirs';
};

const putEdit = async ({ files }: Ports, { file, draft, was, becomes }: Edit): Promise<void> => {
  const now = await files.read(file);
  const hash = now && sha256(now.content);
  if (hash === becomes) return;
  if (!now || hash !== was)
    throw permanent(
      'ChangedMeanwhile',
      `${file} was changed by someone else meanwhile. Your text is in ${draft}.`,
    );
  const text = await files.read(draft);
  if (!text || sha256(text.content) !== becomes)
    throw permanent('NoDraft', `${draft} is not the text that was agreed on.`);
  await files.replace(file, text.content, { mode: now.mode, owner: { uid: now.uid, gid: now.gid } });
};
