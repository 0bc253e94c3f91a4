// One-tap contact: <a data-attempt="call" data-attempt-url data-then href="tel:…">.
// The tap itself is the attempt, unconfirmed: it is sent at once, then the phone takes over. Where the page has
// #outcome, the answer of the server (the question "How did it go?") goes there; else `data-then` is opened.

import { post } from "./http.js";

async function log(link) {
  const { attempt, attemptUrl, script } = link.dataset;
  const response = await post(attemptUrl, { channel: attempt, script: script ?? "" }, { keepalive: true });
  if (!response?.ok) return false;
  const place = document.getElementById("outcome");
  if (!place) return true;
  place.innerHTML = await response.text();
  window.htmx?.process(place);
  return true;
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-attempt]");
  if (!link || event.metaKey || event.ctrlKey || link.dataset.sending) return;
  link.dataset.sending = "yes";
  const logged = await log(link);
  delete link.dataset.sending;
  const isHere = document.getElementById("outcome");
  if (logged && link.dataset.then && !isHere) setTimeout(() => location.assign(link.dataset.then), 600);
});
