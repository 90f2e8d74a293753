/** What people let Baton do by itself on a host. It stands in the arguments of the schedule of its cycles, and nowhere else. */
import { acts, levels, type Cap, type Level } from './autonomy.ts';

export type Mandate = {
  level: Exclude<Level, 'off'>;
  /** Who set the level. */
  by: string;
  /** When it was set, ISO 8601, UTC. */
  since: string;
  /** From `baton auto on` to `baton auto stop`: what was decided in one is not begun in the next. */
  session: string;
};

/** @returns `undefined` for what is none: nobody lets Baton do anything by it. */
export const readMandate = (value: unknown): Mandate | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { level, by, since, session } = value as Record<string, unknown>;
  const isWhole =
    levels.some((one) => one === level && one !== 'off') &&
    [by, since, session].every((text) => typeof text === 'string') &&
    !Number.isNaN(Date.parse(String(since)));
  return isWhole ? (value as Mandate) : undefined;
};

/** The level as people set it. Where nobody did, it may be looked and decided on request, and nothing is done. */
export const capOf = (mandate: Mandate | undefined): Cap =>
  mandate
    ? { level: mandate.level, why: `as ${mandate.by} set it at ${mandate.since}` }
    : { level: 'dry-run', why: 'nobody has turned it on' };

/**
 * Why something that was decided may not begin any more; `undefined` where it may.
 * @param session in which it was decided.
 */
export const whyNotNow = (session: string, mandate: Mandate | undefined): string | undefined => {
  if (!mandate) return 'Baton was told to stop meanwhile.';
  if (mandate.session !== session) return 'Baton was told to stop, and was turned on again since.';
  return acts(mandate.level) ? undefined : `The level is ${mandate.level} by now, as ${mandate.by} set it.`;
};
