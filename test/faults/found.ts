/** What the matrix found, in words, and the cells that show it: each stays as a case of `npm test`. */
import type { Cell } from './matrix.ts';

export const found: readonly { what: string; cells: readonly Cell[] }[] = [];
