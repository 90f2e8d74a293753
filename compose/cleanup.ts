/** `cleanup:` of `baton.yml`: what may be removed to free space, how old it must be, and when it is enough. */
import { z } from 'zod';
import { defaultRules, type CleanupRules, type JournalRule } from '../domain/cleanup.ts';
import { wrongTempPath } from '../domain/temp-path.ts';
import { duration } from './check.ts';
import type { Reader } from './reader.ts';
import { locate } from './schema.ts';
import type { Node } from './tree.ts';
import { parseBytes, parseDuration } from './units.ts';
import { milliseconds } from './window.ts';

const age = duration.describe('Only what is older than this goes; 0s for any age.');
const patterns = z
  .array(
    z
      .string()
      .regex(/^(?!(?:[^*]*\*){6})[^\0]{1,500}$/, { error: 'must be a name, in which * stands for anything' }),
  )
  .min(1);

/** `70%` → 70. @returns `undefined` where the text is no such share. */
export const parsePercent = (text: string): number | undefined => {
  const percent = Number(/^(\d{1,2})\s*%$/.exec(text.trim())?.[1]);
  return percent > 0 ? percent : undefined;
};

export const share = z.string().refine((text) => parsePercent(text) !== undefined, {
  error: 'must be a share of the disk in use, such as 70%',
});

const images = z.strictObject({
  older_than: age.optional().describe('Since it was made or tagged. Default 7d.'),
  only: patterns.optional().describe('Tags of images that may go; default: all.'),
  keep: patterns.optional().describe('Tags of images that stay.'),
});

const absolute = z.string().superRefine((path, context) => {
  const wrong = wrongTempPath(path);
  if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong });
});

/** The schema of the section. */
export const cleanupSection = z.strictObject({
  until: share
    .optional()
    .describe('It stops once each filesystem is this full or less; default: it goes through all.'),
  images: z
    .union([z.literal(false), images])
    .optional()
    .describe('Images that nothing needs; false for none.'),
  build_cache: z
    .union([z.literal(false), z.strictObject({ older_than: age.optional() })])
    .optional()
    .describe('What Docker keeps of builds; false for none. Default: what was not used for 7d.'),
  logs: z.strictObject({ older_than: age }).optional().describe("Baton's own logs; default: none."),
  journal: z
    .strictObject({
      keep: z
        .string()
        .refine((text) => journalKeep(text) !== undefined, {
          error: 'must be a duration such as 7d, or a size with its unit such as 500MB',
        })
        .describe('The newest that stay: 7d, or 500MB.'),
      directory: absoluteDirectory().optional().describe("Of another journal than the system's."),
    })
    .optional()
    .describe("The system's journal; default: none of it."),
  temp: z
    .array(
      z.strictObject({
        path: absolute.describe('Everything old below it goes.'),
        older_than: age,
        keep: patterns.optional().describe('Names, or paths below it, that stay.'),
      }),
    )
    .optional()
    .describe('Paths for temporary files; default: none.'),
});

function absoluteDirectory() {
  return z.string().regex(/^\/[^\0]*$/, { error: 'must be an absolute path' });
}

/** `500m` is a duration to one reader and a size to another. */
function journalKeep(text: string): JournalRule['keep'] | undefined {
  if (/^\d+(?:\.\d+)?m$/.test(text)) return undefined;
  const forMs = parseDuration(text);
  // journalctl counts in seconds.
  if (forMs !== undefined) return forMs >= 1_000 ? { forMs } : undefined;
  const bytes = /^\d+$/.test(text) ? undefined : parseBytes(text);
  return bytes === undefined || bytes === 0 ? undefined : { bytes };
}

/** @param root of the file, for where mistakes are. */
export const toCleanup = (
  reader: Reader,
  section: z.infer<typeof cleanupSection> | undefined,
  root: Node,
): CleanupRules => {
  if (!section) return defaultRules;
  const { until, logs, journal, temp = [] } = section;
  const keep = journal && journalKeep(journal.keep);
  for (const [index, { path }] of temp.entries())
    if (temp.findIndex((other) => other.path === path) < index)
      reader.error(
        locate(root, ['cleanup', 'temp', index, 'path']),
        'baton.yml',
        `${path} is declared twice.`,
      );
  return {
    ...(until === undefined ? {} : { until: parsePercent(until) ?? 0 }),
    ...imagesOf(section),
    ...buildCacheOf(section),
    ...(logs ? { logs: { olderThanMs: milliseconds(logs.older_than) } } : {}),
    ...(journal && keep
      ? { journal: { keep, ...(journal.directory === undefined ? {} : { directory: journal.directory }) } }
      : {}),
    temp: temp.map(({ path, older_than: olderThan, keep: stays = [] }) => ({
      path,
      olderThanMs: milliseconds(olderThan),
      keep: stays,
    })),
  };
};

type Section = z.infer<typeof cleanupSection>;

const imagesOf = ({ images: rule = {} }: Section): Pick<CleanupRules, 'images'> => {
  if (rule === false || !defaultRules.images) return {};
  const { older_than: olderThan, only, keep = [] } = rule;
  const { olderThanMs } = defaultRules.images;
  return {
    images: {
      olderThanMs: olderThan === undefined ? olderThanMs : milliseconds(olderThan),
      ...(only ? { only } : {}),
      keep,
    },
  };
};

const buildCacheOf = ({ build_cache: rule = {} }: Section): Pick<CleanupRules, 'buildCache'> => {
  if (rule === false || !defaultRules.buildCache) return {};
  const { older_than: olderThan } = rule;
  return {
    buildCache: olderThan === undefined ? defaultRules.buildCache : { olderThanMs: milliseconds(olderThan) },
  };
};
