/** What `baton.yml` lays down, for steps that cannot go on without it. */
import type { Settings } from '../domain/settings.ts';
import { permanent } from './activity.ts';
import type { Ports } from './ports/index.ts';

/** @throws a permanent failure where it has mistakes. */
export const demandSettings = async ({ settings }: Pick<Ports, 'settings'>): Promise<Settings> => {
  const read = await settings();
  if (!read.ok) throw permanent('BatonFile', read.problems.map(({ message }) => message).join(' '));
  return read.settings;
};
