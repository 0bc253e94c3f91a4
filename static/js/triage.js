// Triage with keys: 1–9 assign, q qualifies, d disqualifies, h hopper, r routes again, j and k move.
//
// The panel (#triage-lead) is swapped by htmx; the queue beside it follows by itself (cards.js). A panel whose lead
// went on elsewhere is asked for again, so that it says so; it is never replaced by another lead under the thumb.

import { ask } from "./cards.js";

const LOOK_AGAIN = 20_000;
const SETTLED = 60;

const panel = () => document.getElementById("triage-lead");
const chosen = () => panel()?.dataset.chosen ?? "";
const row = (lead) => document.getElementById(`wait-${lead}`);

function mark() {
  for (const link of document.querySelectorAll("[data-list='triage'] a[aria-current]")) link.removeAttribute("aria-current");
  row(chosen())?.querySelector("a")?.setAttribute("aria-current", "true");
}

const isTyping = (target) => target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target.tagName === "INPUT" && target.type !== "radio");

// With the reasons open, digits choose among them.
function reason(digit) {
  const radios = panel()?.querySelectorAll("details[open] input[name='why']") ?? [];
  const radio = radios[Number(digit) - 1];
  if (!radio) return radios.length > 0;
  radio.checked = true;
  radio.focus();
  return true;
}

function press(key) {
  if (/^[1-9]$/.test(key) && reason(key)) return true;
  // While one thinks about a reason, no other key decides.
  if (panel()?.querySelector("details[open]") && /^[qhrjk]$/.test(key)) return true;
  if (key === "j" || key === "k") {
    panel()?.querySelector(`[data-step="${key}"]`)?.click();
    return true;
  }
  const button = panel()?.querySelector(`[data-press="${key}"]`);
  if (!button) return false;
  if (!button.disabled) button.click();
  if (key === "d") panel().querySelector("details[open] input[name='why']")?.focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") panel()?.querySelector("details[open]")?.removeAttribute("open");
  const key = event.key.toLowerCase();
  // A panel that was swapped in this very moment has no handlers yet: its key waits for them.
  if (panel()?.matches(".htmx-added, .htmx-settling") && /^[1-9qdhrjk]$/.test(key)) setTimeout(() => press(key), SETTLED);
  else if (!press(key)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

function onSwap() {
  mark();
  // Where one stood, the same place of the next lead: keys and a reader's focus stay in the panel.
  if (!panel().contains(document.activeElement)) {
    const place = panel().querySelector("#gone") ?? panel().querySelector("h2 a");
    place?.setAttribute("tabindex", place.id === "gone" ? "-1" : "0");
    place?.focus({ preventScroll: true });
  }
  if (window.matchMedia("(max-width: 639px)").matches) scrollTo({ top: 0 });
  ask();
}
document.addEventListener("htmx:load", (event) => event.detail.elt.id === "triage-lead" && onSwap());

// The queue was drawn anew and the lead on the table is not in it: ask what became of it.
function lookAfter() {
  const lead = chosen();
  const list = document.querySelector("[data-list='triage']");
  if (!list) return;
  if (lead) {
    const current = row(lead);
    if ((!current || current.hasAttribute("data-gone")) && !panel().querySelector("#gone, .htmx-request")) {
      const base = location.pathname;
      window.htmx.ajax("GET", `${base}?lead=${lead}`, { target: "#triage-lead", swap: "outerHTML" });
    }
  } else if (list.querySelector(":scope > li:not([data-gone])")) {
    window.htmx.ajax("GET", location.pathname, { target: "#triage-lead", swap: "outerHTML" });
  }
  mark();
}

const queue = document.querySelector("[data-lists]");
if (queue) new MutationObserver(lookAfter).observe(queue, { childList: true, subtree: true });
setInterval(() => document.visibilityState === "visible" && ask(), LOOK_AGAIN);
mark();
