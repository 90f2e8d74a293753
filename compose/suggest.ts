/** Among more words than these a person finds it sooner than we do. */
const mostWords = 100;

/** The known word closest to a mistyped one, if it is close enough to be meant: at most a third of its letters differ. */
export const suggest = (word: string, known: Iterable<string>): string | undefined => {
  let best: { word: string; distance: number } | undefined;
  const typed = word.toLowerCase();
  for (const candidate of [...known].slice(0, mostWords)) {
    const distance = editDistance(typed, candidate.toLowerCase());
    if (!best || distance < best.distance) best = { word: candidate, distance };
  }
  return best && best.distance <= Math.max(1, Math.ceil(best.word.length / 3)) ? best.word : undefined;
};

/** Levenshtein's distance, row by row; in place, because a broken file may ask for it a hundred thousand times. */
const editDistance = (one: string, other: string): number => {
  const row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 0; i < one.length; i += 1) {
    let diagonal = i;
    let left = i + 1;
    row[0] = left;
    for (let j = 1; j <= other.length; j += 1) {
      const above = row[j] ?? 0;
      left = Math.min(above + 1, left + 1, diagonal + (one[i] === other[j - 1] ? 0 : 1));
      diagonal = above;
      row[j] = left;
    }
  }
  return row.at(-1) ?? 0;
};
