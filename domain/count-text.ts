/** Counts as a person writes them. */

/** `1 service`, `3 services`. @param one what one of them is called. */
export const countText = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** `once`, `3 times`. */
export const timesText = (count: number): string => (count === 1 ? 'once' : `${count} times`);
