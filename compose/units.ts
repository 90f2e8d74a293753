/** Durations and sizes as the Compose Specification writes them (11-extension.md: "Specifying durations", "byte values"). */

const durationUnits: Record<string, number> = {
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3600e3,
  d: 86_400e3,
};

/** `1m30s` → 90000. @returns milliseconds, or `undefined` where the text is no duration. */
export const parseDuration = (text: string): number | undefined => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(us|µs|ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== text)
    return /^0+$/.test(text) ? 0 : undefined;
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * (durationUnits[unit ?? ''] ?? 0), 0);
};

const sizeUnits: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `512m`, `2gb`, `1073741824` → bytes, or `undefined` where the text is no size. */
export const parseBytes = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim());
  if (!match) return undefined;
  return Math.floor(Number(match[1]) * (sizeUnits[(match[2] ?? '').toLowerCase()] ?? 1));
};

/** Splits a command as a POSIX shell would split words, without expanding anything. @returns `undefined` for an open quote. */
export const splitWords = (text: string): string[] | undefined => {
  const words: string[] = [];
  let word = '';
  let inWord = false;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote === "'") {
      if (character === "'") quote = '';
      else word += character;
    } else if (character === '\\' && at + 1 < text.length) {
      const next = text[at + 1] ?? '';
      word += quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next === '\n' ? '' : next;
      inWord = true;
      at += 1;
    } else if (quote === '"') {
      if (character === '"') quote = '';
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      inWord = true;
    } else if (/\s/.test(character)) {
      if (inWord) words.push(word);
      word = '';
      inWord = false;
    } else {
      word += character;
      inWord = true;
    }
  }
  if (quote !== '') return undefined;
  if (inWord) words.push(word);
  return words;
};
