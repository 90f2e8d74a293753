/** What restic says: how it ended, and what it measured. Its codes differ between versions, its words less so. */

/** Why restic did not do it. */
export type ResticFault =
  | 'no-target'
  | 'locked'
  | 'wrong-password'
  | 'interrupted'
  | 'no-space'
  | 'unreachable'
  | 'permission'
  | 'damaged'
  | 'internal';

export type ResticEnd = {
  /** `null` where a signal ended it. */
  exitCode: number | null;
  stderr: string;
};

/**
 * @returns undefined where it did what it was asked to; `unread` where some source files could not be read.
 * @see https://restic.readthedocs.io/en/stable/075_scripting.html#exit-codes. 10 and 11 came with 0.17.0, 12 with 0.17.1; older
 * versions (0.14 in Debian 12) end with 1 for all of them and are told apart by what they say. A code that is not known is a failure.
 */
export const resticFault = ({ exitCode, stderr }: ResticEnd): ResticFault | 'unread' | undefined => {
  switch (exitCode) {
    case 0:
      return undefined;
    case 3:
      return 'unread';
    case 10:
      return 'no-target';
    case 11:
      return 'locked';
    case 12:
      return 'wrong-password';
    case 130:
    case null:
      return 'interrupted';
    default:
      return said.find(([words]) => words.test(stderr))?.[1] ?? 'internal';
  }
};

const said: [RegExp, ResticFault][] = [
  [/already locked|unable to create lock/i, 'locked'],
  [/wrong password|no key found|resolving password failed|empty password/i, 'wrong-password'],
  [/no space left|quota exceeded|disk full/i, 'no-space'],
  [/is there a repository at the following location|repository does not exist/i, 'no-target'],
  [/permission denied|operation not permitted/i, 'permission'],
  [
    /unable to open repository|connection (?:refused|reset|timed out)|no such host|unreachable|i\/o timeout/i,
    'unreachable',
  ],
];

/** Who holds a repository, in restic's words: `PID 4711 on nas by root (UID 0, GID 0), created at … (2m ago)`. */
export const lockHolder = (stderr: string): string | undefined => {
  const by = /locked (?:exclusively )?by (PID .+?)(?:\n|"|\\n|$)/.exec(stderr)?.[1];
  const since = /lock was (created at .+?\)?)(?:\n|"|\\n|$)/.exec(stderr)?.[1];
  return by === undefined
    ? undefined
    : [by.trim(), ...(since === undefined ? [] : [since.trim()])].join(', ');
};

/** The last words of it that mean something: its newer versions wrap them in JSON. */
export const resticWords = (stderr: string): string =>
  messagesOf(stderr)
    .filter((line) => line !== '')
    .slice(-3)
    .join(' ');

const messagesOf = (stderr: string): string[] =>
  stderr
    .trim()
    .split('\n')
    .map((line) => {
      const message = parseLine(line);
      return typeof message?.['message'] === 'string' ? message['message'] : line.trim();
    });

/** `{"message_type":"error","item":"/path",…}` on its standard error, once a file that could not be read. */
export const unreadItems = (stderr: string): string[] =>
  stderr.split('\n').flatMap((line) => {
    const message = parseLine(line);
    return message?.['message_type'] === 'error' && typeof message['item'] === 'string'
      ? [message['item']]
      : [];
  });

export type ResticSummary = { id: string; files: number; sizeBytes: number; addedBytes: number };

/** The last message of a backup. @returns undefined where there is none. */
export const summaryOf = (stdout: string): ResticSummary | undefined => {
  const message = stdout
    .split('\n')
    .map(parseLine)
    .findLast((one) => one?.['message_type'] === 'summary');
  return message && typeof message['snapshot_id'] === 'string'
    ? {
        id: message['snapshot_id'],
        files: Number(message['total_files_processed']),
        sizeBytes: Number(message['total_bytes_processed']),
        // Newer versions tell what that is once compressed, which is what the target has to hold.
        addedBytes: Number(message['data_added_packed'] ?? message['data_added']),
      }
    : undefined;
};

/** How far it is. @returns undefined for a line that tells nothing of it. */
export const statusOf = (
  line: string,
): { percent: number; bytesDone: number; filesDone: number } | undefined => {
  const message = parseLine(line);
  return message?.['message_type'] === 'status'
    ? {
        percent: Math.floor(Number(message['percent_done'] ?? 0) * 100),
        bytesDone: Number(message['bytes_done'] ?? message['bytes_restored'] ?? 0),
        filesDone: Number(message['files_done'] ?? message['files_restored'] ?? 0),
      }
    : undefined;
};

const parseLine = (line: string): Record<string, unknown> | undefined => {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
};

/** Tags of a snapshot in the repository. */
export type ResticTags = {
  copy: string;
  path: string;
  snapshot: string;
  /** Mode (octal), user and group of the directory itself: its content is what is in the copy. */
  root: string;
};

/** A comma ends a tag. */
const encode = (text: string): string => text.replaceAll(/[%,\s]/g, (sign) => encodeURIComponent(sign));

export const incompleteTag = 'incomplete';

export const tagsOf = (tags: ResticTags): string[] => [
  'baton',
  ...Object.entries(tags).map(([key, value]) => `${key}=${encode(value)}`),
];

/** @returns undefined where they are not all there: somebody else's. */
export const parseTags = (tags: readonly string[]): (ResticTags & { incomplete: boolean }) | undefined => {
  const found = Object.fromEntries(
    tags.map((tag) => [tag.slice(0, tag.indexOf('=')), decode(tag.slice(tag.indexOf('=') + 1))]),
  );
  const { copy, path, snapshot, root } = found;
  return !tags.includes('baton') ||
    copy === undefined ||
    path === undefined ||
    snapshot === undefined ||
    root === undefined
    ? undefined
    : { copy, path, snapshot, root, incomplete: tags.includes(incompleteTag) };
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
