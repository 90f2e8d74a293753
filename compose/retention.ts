/** What is kept of snapshots, as `snapshots:` and `data:` of `baton.yml` write it. */
import { z } from 'zod';
import type { Keep, RetentionRule } from '../domain/retention.ts';

const count = z.number().int().min(0).max(9_999);

export const keepKeys = z
  .strictObject({
    hourly: count.optional(),
    daily: count.optional(),
    weekly: count.optional(),
    monthly: count.optional(),
    yearly: count.optional(),
    minimum: count.min(1).optional().describe('So many of the newest in any case. Default 1.'),
  })
  .refine((keep) => Object.keys(keep).length > 0, { error: 'must say what is kept, as { daily: 7 }' })
  .describe('Of so many of the last hours, days … that have a snapshot, the newest one.');

/** The schema of a rule. */
export const retentionKeys = z.strictObject({
  paths: z
    .array(z.string().regex(/^[/*]/, { error: 'must be an absolute path, in which * stands for anything' }))
    .min(1)
    .optional()
    .describe('Paths of data, * stands for anything; default: every path.'),
  keep: keepKeys,
});

export const toRetention = ({ paths, keep }: z.infer<typeof retentionKeys>): RetentionRule => ({
  ...(paths ? { paths } : {}),
  keep: toKeep(keep),
});

export const toKeep = ({
  hourly = 0,
  daily = 0,
  weekly = 0,
  monthly = 0,
  yearly = 0,
  minimum = 1,
}: z.infer<typeof keepKeys>): Keep => ({ hourly, daily, weekly, monthly, yearly, minimum });
