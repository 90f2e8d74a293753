/** Text that fits a phone, and every service's limit. */

export const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** The first of them, each on one line and cut, and how many more there are. */
export const firstOf = (lines: readonly string[], most: number, longest = 120): string[] => [
  ...lines.slice(0, most).map((line) => cut(line.replaceAll(/\s+/g, ' '), longest)),
  ...(lines.length > most ? [`and ${lines.length - most} more`] : []),
];

/** As many of them as fit into so many characters, and how many more there are. */
export const fitting = (lines: readonly string[], characters: number): string[] => {
  let left = characters;
  const most = lines.findIndex((line) => (left -= line.length + 1) < 0);
  return most < 0 ? [...lines] : [...lines.slice(0, most), `and ${lines.length - most} more`];
};
