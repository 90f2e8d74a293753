/** True where one path is the other, or lies below it. Both absolute, without a slash at the end. */
export const overlaps = (one: string, other: string): boolean =>
  one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
