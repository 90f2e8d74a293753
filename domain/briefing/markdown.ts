/** A briefing as Markdown, and as lines for a terminal. */
import type { Briefing, Line, Mark, Section } from './briefing.ts';

export const marks: Record<Mark, string> = { bad: '✗', warn: '!', good: '✓', info: '·', unknown: '?' };

/** What Markdown would take for its own. Names come from containers and files, and may hold anything. */
const markup = /[\\`*_{}[\]()<>#|~&]/g;
const oneLine = (text: string): string => text.replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
const quoted = (text: string): string => oneLine(text).replaceAll(markup, '\\$&');

/** A command between backticks: none may stand in it. */
const commandText = (text: string): string => `\`${oneLine(text).replaceAll('`', '')}\``;

export const markdownOf = ({ title, headline, needs, sections, end }: Briefing): string =>
  [
    `**${quoted(headline)}**`,
    `# ${quoted(title)}`,
    ...(needs.length === 0 ? [] : [sectionOf({ title: 'What needs you', lines: needs, none: '' })]),
    ...sections.map(sectionOf),
    `_${quoted(end)}_\n`,
  ].join('\n\n');

const sectionOf = ({ title, lines, none }: Section): string =>
  [`## ${title}`, lines.length === 0 ? none : lines.map(itemOf).join('\n')].join('\n\n');

const itemOf = ({ mark, text, under, next }: Line): string =>
  `${under ? '  ' : ''}- ${marks[mark]} ${quoted(text)}${next === undefined ? '' : ` ${commandText(next)}`}`;

/** Characters by which a terminal could be told to do something are taken out. */
export const terminalLines = ({ title, headline, needs, sections, end }: Briefing): string[] =>
  [
    headline,
    '',
    title,
    ...listed('What needs you', needs, ''),
    ...sections.flatMap((one) => listed(one.title, one.lines, one.none)),
    '',
    end,
  ].map((text) => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' '));

const listed = (title: string, lines: readonly Line[], none: string): string[] => {
  if (lines.length === 0) return none === '' ? [] : ['', title, `  ${none}`];
  return ['', title, ...lines.map(terminalLine)];
};

const terminalLine = ({ mark, text, under, next }: Line): string =>
  `  ${under ? '    ↳' : marks[mark]} ${text}${next === undefined ? '' : `  → ${next}`}`;
