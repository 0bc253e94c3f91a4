// Forms: no double submit; text survives a lost connection; htmx failures are told.
// <form data-keep-text="name"> keeps its text on this device until it was sent.

import { word } from "./words.js";

function say(title, text) {
  document.dispatchEvent(new CustomEvent("leadrelay:toast", { detail: { title, text } }));
}

// --- One press, one submit ------------------------------------------------------------------

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.matches("[hx-post], [hx-get]")) return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  if (form.method === "post" && navigator.onLine === false) {
    event.preventDefault();
    say(word("notSent"), word("notSentSub"));
    return;
  }
  form.dataset.sending = "yes";
  (event.submitter ?? form.querySelector("[type=submit], button:not([type])"))?.setAttribute("aria-busy", "true");
});

// Back from the next page: the form may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    delete form.dataset.sending;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

// --- Text that is kept ----------------------------------------------------------------------

function keptName(form) {
  return `leadrelay.kept.${location.pathname}.${form.dataset.keepText}`;
}

function texts(form) {
  return [...form.querySelectorAll("textarea[name], input[type=text][name], input:not([type])[name]")];
}

function keep(form) {
  const written = Object.fromEntries(texts(form).map((field) => [field.name, field.value]).filter(([, text]) => text));
  try {
    if (Object.keys(written).length) sessionStorage.setItem(keptName(form), JSON.stringify(written));
    else sessionStorage.removeItem(keptName(form));
  } catch {
    // Storage is blocked: nothing is kept.
  }
}

export function forget(form) {
  try {
    sessionStorage.removeItem(keptName(form));
  } catch {
    // Storage is blocked.
  }
}

function bringBack(form) {
  let written;
  try {
    written = JSON.parse(sessionStorage.getItem(keptName(form)) ?? "null");
  } catch {
    return;
  }
  if (!written) return;
  for (const field of texts(form)) if (!field.value && written[field.name]) field.value = written[field.name];
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-keep-text]");
  if (form) keep(form);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-keep-text]:not([hx-post])") && !event.defaultPrevented) forget(form);
});
for (const form of document.querySelectorAll("form[data-keep-text]")) bringBack(form);

// --- htmx -----------------------------------------------------------------------------------

document.addEventListener("htmx:sendError", () => say(word("notSent"), word("notSentSub")));
document.addEventListener("htmx:timeout", () => say(word("notSent"), word("notSentSub")));
document.addEventListener("htmx:responseError", () => say(word("refused"), word("refusedSub")));
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful && detail.elt.matches?.("form[data-keep-text]")) forget(detail.elt);
});

// --- Small manners --------------------------------------------------------------------------

document.addEventListener("change", (event) => {
  const control = event.target;
  // <select data-submit>: choosing is enough; without scripts there is a button.
  if (control.matches("[data-submit]")) control.form?.requestSubmit();
  // <input data-reveals="id" data-reveals-when="value">: shows what belongs to this choice.
  for (const part of control.form?.querySelectorAll("[data-shown-for]") ?? []) {
    const [name, value] = part.dataset.shownFor.split("=");
    if (name === control.name) part.hidden = control.value !== value;
  }
});
