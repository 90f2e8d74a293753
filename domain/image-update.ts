/** Image updates: a tag names another image by now than the one that runs, and what must be known before that one may run instead. */
import { lastedText } from './briefing/clock.ts';
import type { RegistryImage, TaggedImage } from './image-tag.ts';
import type { Finding } from './incident.ts';
import type { Playbook } from './playbook.ts';
import type { ServiceSpec, StackSpec } from './stack.ts';

/** An update that is outstanding. */
export type ImageUpdate = {
  /** As {@link RegistryImage}. */
  reference: string;
  /** Digests: of what runs, and of what the tag names now. */
  running: string;
  digest: string;
  /** When that was built or, where its own account says nothing, was first seen; ms since the epoch. */
  madeAt: number;
  changelog?: string;
  /** Whether anything would tell that it does not work. */
  validated: boolean;
  /** Whether it ran here already, and something else took its place. */
  ranBefore: boolean;
};

export const imageOutdated = 'image-outdated';

/** @param hasHealthcheck of the image. */
export const isValidated = (
  { probe, healthcheck, validate }: Pick<ServiceSpec, 'probe' | 'healthcheck' | 'validate'>,
  stack: Pick<StackSpec, 'validate'>,
  hasHealthcheck: boolean,
): boolean =>
  probe !== undefined ||
  validate.length + stack.validate.length > 0 ||
  (healthcheck !== 'disabled' && (healthcheck?.test !== undefined || hasHealthcheck));

/** @property createdAt of the image that runs. @property seenAt when the digest was first seen there. Times are ms since the epoch. */
type Around = Pick<ImageUpdate, 'validated' | 'ranBefore'> & {
  createdAt: number;
  seenAt: number;
  changelog?: string;
};

/** @returns nothing where what the tag names runs. */
export const updateOf = (
  { reference, digests }: RegistryImage,
  tagged: TaggedImage,
  { createdAt, seenAt, changelog = tagged.changelog, validated, ranBefore }: Around,
): ImageUpdate | undefined => {
  const [running = ''] = digests;
  if (digests.includes(tagged.digest)) return undefined;
  // Whoever builds reproducibly gives every image the same date; then it is as old as it is known.
  const isTold = tagged.createdAt !== undefined && tagged.createdAt > createdAt && tagged.createdAt <= seenAt;
  return {
    reference,
    running,
    digest: tagged.digest,
    madeAt: isTold ? (tagged.createdAt ?? seenAt) : seenAt,
    ...(changelog === undefined ? {} : { changelog }),
    validated,
    ranBefore,
  };
};

/** `docker.io/library/nginx@sha256:…`: this image, whatever the tag names by then. */
export const exactly = ({ reference, digest }: Pick<ImageUpdate, 'reference' | 'digest'>): string =>
  `${reference.slice(0, reference.lastIndexOf(':'))}@${digest}`;

/** How old an update must be by itself: the least that a playbook says; nothing where none is for updates. */
export const leastAgeMs = (playbooks: readonly Pick<Playbook, 'when'>[]): number | undefined => {
  const ages = playbooks.flatMap(({ when }) =>
    when.flatMap((one) => (one.see === 'update' ? [one.olderThanMs] : [])),
  );
  return ages.length > 0 ? Math.min(...ages) : undefined;
};

/** Why it may not run by a playbook yet, each with what would help. @param now ms since the epoch. */
export const missingFor = (
  { madeAt, changelog, validated, ranBefore }: ImageUpdate,
  olderThanMs: number | undefined,
  now: number,
): string[] => [
  ...(olderThanMs !== undefined && now - madeAt < olderThanMs
    ? [`it is younger than ${lastedText(olderThanMs)}`]
    : []),
  ...(changelog === undefined ? ['nothing says where its changes are told (x-baton: changelog)'] : []),
  ...(validated ? [] : ['nothing would tell that it does not work (x-baton: probe, or a healthcheck)']),
  ...(ranBefore ? ['it ran here before, and was taken back (baton releases)'] : []),
];

const dayMs = 24 * 3_600_000;

/** Whole days: what is called seven days old is no younger. */
const ageText = (ms: number): string =>
  ms < 2 * dayMs ? lastedText(Math.max(0, ms)) : `${Math.floor(ms / dayMs)} days`;

const digitsShown = 12;
export const shortDigest = (digest: string): string => digest.replace('sha256:', '').slice(0, digitsShown);

/** `nginx:1.27 is 4f06b3a1c2d3 now, made 9 days ago; a1b2c3d4e5f6 runs; changes: https://…`. */
export const updateText = (
  { reference, running, digest, madeAt, changelog }: ImageUpdate,
  now: number,
): string =>
  [
    `${reference} is ${shortDigest(digest)} now, made ${ageText(now - madeAt)} ago`,
    `${shortDigest(running)} runs`,
    ...(changelog === undefined ? [] : [`changes: ${changelog}`]),
  ].join('; ');

/** Only told: nothing that runs is ill for it. @param olderThanMs see {@link leastAgeMs}. */
export const updateFinding = (
  where: string,
  update: ImageUpdate | undefined,
  olderThanMs: number | undefined,
  now: number,
): Finding => {
  const about = { what: imageOutdated, where };
  if (!update) return { ...about, state: 'fine', evidence: 'runs what its tag names' };
  const missing = missingFor(update, olderThanMs, now);
  const waits = missing.length > 0 ? `; not by itself: ${missing.join(', ')}` : '';
  return { ...about, state: 'info', evidence: `${updateText(update, now)}${waits}`, update };
};
