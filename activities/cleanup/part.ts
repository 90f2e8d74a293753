/** What each part of a cleanup can do: say what would go and why the rest stays, and remove one thing, if it is still to go. */
import type {
  CleanupItem,
  CleanupKept,
  CleanupRemoval,
  CleanupRules,
  CleanupWish,
} from '../../domain/cleanup.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Settings } from '../../domain/settings.ts';
import { EngineError, type EngineUsage } from '../ports/engine.ts';
import type { Ports } from '../ports/index.ts';

export type PartPlan = {
  /** In the order in which they go. */
  remove: Omit<CleanupItem, 'part' | 'filesystem'>[];
  kept: CleanupKept[];
  /** Facts about the whole: `there is no journalctl on this host`. */
  notes: string[];
  problems?: Problem[];
};

export type Part = {
  /** @param usage asked once for all parts, and only where one needs it: it takes long. */
  plan: (
    ports: Ports,
    settings: Settings,
    wish: CleanupWish,
    usage: () => Promise<EngineUsage>,
  ) => Promise<PartPlan>;
  /** Decides once more, by what is true at this moment. Asked again after a crash, it finishes. */
  remove: (
    ports: Ports,
    item: CleanupItem,
    context: { settings: Settings; wish: CleanupWish; signal: AbortSignal },
  ) => Promise<CleanupRemoval>;
};

export const nothing = (...notes: string[]): PartPlan => ({ remove: [], kept: [], notes });

/** Where `baton.yml` has no rule for a part that needs one. */
export const noRule = (key: keyof CleanupRules): PartPlan =>
  nothing(`no rule in baton.yml (cleanup: ${key})`);

/** What the engine refuses because something has begun to use it is kept, not a failure. */
export const unlessInUse = async (remove: () => Promise<void>): Promise<CleanupRemoval> => {
  try {
    await remove();
    return { did: 'removed', notes: [] };
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'in-use') throw error;
    return { did: 'kept', reasons: [error.message] };
  }
};
