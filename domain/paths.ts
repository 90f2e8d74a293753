/** True where one path is the other, or lies below it. Both absolute, without a slash at the end. */
export const overlaps = (one: string, other: string): boolean =>
  one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);

/** True where a container with this mount sees something of the path, or all of it. */
export const reaches = ({ type, source }: { type: string; source: string }, path: string): boolean =>
  type !== 'tmpfs' && overlaps(source, path);
