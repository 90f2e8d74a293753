/** A briefing as one HTML file that needs nothing else: no scripts, no fonts, no addresses. */
import { calibrationOf } from '../calibration.ts';
import { calibrationPicture } from '../pictures/calibration.ts';
import { forecastPicture } from '../pictures/forecast.ts';
import { healthPicture } from '../pictures/health.ts';
import { escaped, pictureStyles } from '../pictures/svg.ts';
import { trafficPicture } from '../pictures/traffic.ts';
import type { Briefing, Line, Section } from './briefing.ts';
import { clockIn } from './clock.ts';
import type { Facts } from './facts.ts';
import { marks } from './markdown.ts';
import { scoredActions } from '../scored.ts';

/** The file: nothing in it may run, whatever a container is called. */
export const htmlOf = (briefing: Briefing, facts: Facts): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${escaped(briefing.title)}</title>
<style>${briefingStyles}</style>
</head>
<body>
${bodyOf(briefing, facts)}
</body>
</html>
`;

/** What stands between `<body>` and `</body>`. */
export const bodyOf = (briefing: Briefing, facts: Facts): string => {
  const { title, headline, needs, sections, end } = briefing;
  const pictures = picturesOf(facts);
  return `<main>
<p class="headline ${needs.length > 0 ? 'needs' : 'fine'}">${escaped(headline)}</p>
<h1>${escaped(title)}</h1>
${needs.length === 0 ? '' : sectionOf({ title: 'What needs you', lines: needs, none: '' }, '')}
${sections.map((one) => sectionOf(one, pictures[one.title] ?? '')).join('\n')}
<p class="end">${escaped(end)}</p>
</main>`;
};

const picturesOf = (facts: Facts): Readonly<Record<string, string>> => {
  const { looks, blind, period, forecasts, promises, outcomes, timeZone } = facts;
  const clock = clockIn(timeZone);
  const seen = looks.some(({ at }) => at >= period.from);
  const calibration = calibrationOf(scoredActions(promises, outcomes));
  return {
    Health: seen ? healthPicture(looks, blind, period, clock) : '',
    'Forecasts ahead': forecasts.map((one) => forecastPicture(one, clock)).join(''),
    'Quiet hours': facts.traffic.map(trafficPicture).join(''),
    Promises: calibration ? calibrationPicture(calibration) : '',
  };
};

const sectionOf = ({ title, lines, none }: Section, pictures: string): string =>
  `<section><h2>${escaped(title)}</h2>
${lines.length === 0 ? `<p class="none">${escaped(none)}</p>` : `<ul>\n${lines.map(itemOf).join('\n')}\n</ul>`}
${pictures}</section>`;

const itemOf = ({ mark, text, under, next }: Line): string =>
  `<li class="${mark}${under ? ' under' : ''}"><span class="sign">${marks[mark]}</span>${escaped(text)}${
    next === undefined ? '' : ` <code>${escaped(next)}</code>`
  }</li>`;

export const briefingStyles = `
  :root { --accent: #0969da; --bad: #b42318; --warn: #9a6700; --good: #1a7f37; }
  @media (prefers-color-scheme: dark) { :root { --accent: #6cb6ff; --bad: #ff8a80; --warn: #e3b341; --good: #57d279; } }
  body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 46rem; overflow-wrap: anywhere; }
  h1 { font-size: 1rem; font-weight: 400; opacity: .75; margin: 0 0 1rem; }
  h2 { font-size: 1.05rem; margin: 1.5rem 0 .25rem; }
  .headline { font-size: 1.35rem; line-height: 1.3; font-weight: 650; margin: 0 0 .5rem; padding-left: .75rem; border-left: .3rem solid var(--good); }
  .headline.needs { border-color: var(--bad); }
  ul { list-style: none; margin: 0; padding: 0; }
  li { margin: .3rem 0; padding-left: 1.5rem; text-indent: -1.5rem; }
  li.under { margin-left: 1.5rem; }
  .sign { display: inline-block; width: 1.5rem; text-indent: 0; font-weight: 700; }
  .bad .sign { color: var(--bad); } .warn .sign { color: var(--warn); } .good .sign { color: var(--good); }
  code { display: inline-block; max-width: 100%; text-indent: 0; font: .85rem ui-monospace, monospace; padding: .1rem .35rem; border: 1px solid #8886; border-radius: .3rem; }
  .none, .end { opacity: .75; margin: .25rem 0; } .end { font-size: .85rem; margin-top: 2rem; }
${pictureStyles}`;
