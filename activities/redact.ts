/** Taking secret values out of text that people read. */

/** Shorter values (`1`, `true`) are no secrets, and taking them out would shred every log. */
export const shortestSecret = 6;

/** @returns the text with each value, and each line of a value of several lines, replaced by `•••`. */
export const redact = (text: string, values: readonly string[]): string =>
  values
    .flatMap((value) => [value, ...value.split('\n')])
    .filter(({ length }) => length >= shortestSecret)
    // Longest first, so that a secret that holds another is taken out whole.
    .sort((a, b) => b.length - a.length)
    .reduce((clean, value) => clean.replaceAll(value, '•••'), text);
