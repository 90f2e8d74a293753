/** The page of `baton serve` that shows a report. It only reads; what it links to are the questions' own pages. */
import { briefingStyles } from '../domain/briefing/html.ts';
import { briefingKinds } from '../domain/briefing/facts.ts';
import { ticketHeader } from '../domain/ticket.ts';

/** @param nonce lets its own style and script through the content security policy; nothing of a report can have one. */
export const reportPage = (nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Baton reports</title>
<style nonce="${nonce}">${briefingStyles}
  nav button, .questions a { font: inherit; display: inline-block; min-height: 2.75rem; line-height: 2.75rem; padding: 0 .9rem; margin: 0 .4rem .6rem 0; border: 1px solid #8886; border-radius: .5rem; background: none; color: inherit; text-decoration: none; cursor: pointer; }
  nav button[aria-pressed=true] { font-weight: 700; border-color: var(--accent); }
</style>
</head>
<body>
<nav>${briefingKinds.map((kind) => `<button type="button" value="${kind}">${kind}</button>`).join('')}</nav>
<p id="state" role="status">Looking …</p>
<div class="questions" id="questions"></div>
<div id="report"></div>
<noscript>This page needs JavaScript. The same can be read on the host: baton report</noscript>
<script nonce="${nonce}">
  const at = (id) => document.getElementById(id);
  let ticket = '';
  let wanted = 0;
  const show = async (kind) => {
    const own = (wanted += 1);
    for (const button of document.querySelectorAll('nav button')) button.setAttribute('aria-pressed', String(button.value === kind));
    at('state').textContent = 'Looking …';
    const response = await fetch('api/report', {
      method: 'POST',
      headers: { '${ticketHeader}': ticket, 'Content-Type': 'application/json' },
      body: JSON.stringify({ kind }),
    }).catch(() => undefined);
    const answer = await response?.json().catch(() => undefined);
    // Somebody has asked for another one meanwhile.
    if (own !== wanted) return;
    const isGood = response?.ok === true && answer !== undefined;
    at('state').textContent = isGood ? '' : (answer?.message ?? 'It could not be reached.');
    const page = new DOMParser().parseFromString(isGood ? answer.body : '', 'text/html');
    at('report').replaceChildren(...page.body.childNodes);
    at('questions').replaceChildren(
      ...(isGood ? answer.questions : []).map(({ title, ticket: look }) => {
        const link = document.createElement('a');
        link.href = './#' + look;
        link.textContent = title;
        return link;
      }),
    );
  };
  for (const button of document.querySelectorAll('nav button')) button.addEventListener('click', () => void show(button.value));
  // The ticket stays out of the address bar, the history and what the server is asked for; a tab that is loaded again has it still.
  const open = () => {
    if (location.hash !== '') sessionStorage.setItem('reading', location.hash.slice(1));
    ticket = sessionStorage.getItem('reading') ?? '';
    history.replaceState(null, '', location.pathname);
    void show('morning');
  };
  addEventListener('hashchange', () => location.hash !== '' && open());
  open();
</script>
</body>
</html>
`;
