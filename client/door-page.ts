import { ticketHeader } from '../domain/ticket.ts';

/** The page behind a link: the same for every question. It shows what the ticket in the link's fragment opens, and acts only by a button. */

/** @param nonce lets its own style and script through the content security policy. */
export const doorPage = (nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Baton asks</title>
<style nonce="${nonce}">
  body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 42rem; }
  h1 { font-size: 1.25rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
  pre { font: .8rem/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem; border: 1px solid #8886; border-radius: .5rem; }
  textarea { font: inherit; box-sizing: border-box; width: 100%; padding: .5rem; border: 1px solid #8886; border-radius: .5rem; }
  button { font: inherit; min-height: 3rem; padding: 0 1.25rem; margin: .75rem .5rem 0 0; border: 1px solid #8886; border-radius: .5rem; cursor: pointer; }
  button.approve { background: #1a7f37; border-color: #1a7f37; color: #fff; }
  button:disabled { opacity: .5; cursor: default; }
  #heard { font-weight: 600; }
  .quiet { opacity: .75; font-size: .9rem; }
</style>
</head>
<body>
<main>
  <h1 id="title">Baton</h1>
  <p id="state" class="quiet" role="status">Looking …</p>
  <pre id="plan" hidden></pre>
  <div id="answers" hidden>
    <label for="text" class="quiet">What is kept with the answer</label>
    <textarea id="text" rows="2" maxlength="1000"></textarea>
    <div id="buttons"></div>
  </div>
  <p id="heard" role="status"></p>
</main>
<noscript>This page needs JavaScript. The same can be said on the host: baton pending</noscript>
<script nonce="${nonce}">
  const at = (id) => document.getElementById(id);
  const ask = async (path, ticket, body) => {
    const response = await fetch(path, {
      method: 'POST',
      headers: { '${ticketHeader}': ticket, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.json().catch(() => ({ message: 'Something in between answered ' + response.status + '.' }));
    if (!response.ok) throw new Error(answer.message);
    return answer;
  };
  const answer = async (ticket, body) => {
    for (const button of document.querySelectorAll('button')) button.disabled = true;
    try {
      at('heard').textContent = (await ask('api/answer', ticket, { ...body, text: at('text').value || undefined })).message;
    } catch (error) {
      at('heard').textContent = error.message;
    }
    await look();
  };
  const look = async () => {
    try {
      const question = await ask('api/question', ticket, {});
      at('title').textContent = question.title;
      at('state').textContent = question.state.join(' · ');
      at('plan').textContent = question.plan;
      at('plan').hidden = question.plan === '';
      at('answers').hidden = question.buttons.length === 0;
      at('buttons').replaceChildren(
        ...question.buttons.map(({ label, answer: kind, ticket: good, hours }) => {
          const button = document.createElement('button');
          button.type = 'button';
          button.className = kind;
          button.textContent = label;
          button.addEventListener('click', () => void answer(good, { hours }));
          return button;
        }),
      );
    } catch (error) {
      at('state').textContent = error.message;
      at('answers').hidden = true;
    }
  };
  // The ticket stays out of the address bar, the history and what the server is asked for; a tab that is loaded again has it still.
  let ticket = '';
  const open = () => {
    if (location.hash !== '') sessionStorage.setItem('ticket', location.hash.slice(1));
    ticket = sessionStorage.getItem('ticket') ?? '';
    history.replaceState(null, '', location.pathname);
    at('heard').textContent = '';
    void look();
  };
  addEventListener('hashchange', () => location.hash !== '' && open());
  addEventListener('pageshow', ({ persisted }) => persisted && void look());
  open();
</script>
</body>
</html>
`;
