// Forms of nudges (remind, hand over, open to all) without leaving the page.
//
// <form data-nudge> is posted once; what the server says is told in a toast, with the way back if
// there is one. Afterwards "leadrelay:nudged" on document asks the page to look anew.

import { post } from "./http.js";
import { toast } from "./toasts.js";
import { word } from "./words.js";

async function send(form, submitter) {
  if (form.dataset.sending) return;
  form.dataset.sending = "yes";
  submitter?.setAttribute("aria-busy", "true");
  const response = await post(form.action, new FormData(form));
  delete form.dataset.sending;
  submitter?.removeAttribute("aria-busy");
  if (!response) return; // told already
  const said = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : null;
  toast(said ? { title: said.title, undo: said.undo } : { title: word("refused"), text: word("refusedSub") });
  form.closest("details")?.removeAttribute("open");
  document.dispatchEvent(new CustomEvent("leadrelay:nudged"));
}

// Before js/forms.js, which takes every other form for one that leaves the page.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-nudge]")) return;
  event.preventDefault();
  send(event.target, event.submitter);
}, true);

// What a toast takes back is looked at anew as well, without loading the page again.
document.addEventListener("leadrelay:undone", (event) => {
  event.preventDefault();
  document.dispatchEvent(new CustomEvent("leadrelay:nudged"));
});
