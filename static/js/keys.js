// j/k move, enter opens, c claims, l logs, / searches, ? explains.
// Rows carry data-row; in a row, [data-open] or the first link opens, [data-key="l"] logs. [data-key="c"] claims.

const rows = () => [...document.querySelectorAll("[data-row]:not([data-gone])")];

function marked() {
  return document.querySelector("[data-row].is-focus");
}

function mark(row) {
  marked()?.classList.remove("is-focus");
  if (!row) return;
  row.classList.add("is-focus");
  row.querySelector("a.who, a.row-link, a, button")?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = rows();
  if (!all.length) return followLink(step > 0 ? "next" : "prev");
  const at = all.indexOf(marked());
  mark(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))]);
}

function followLink(rel) {
  document.querySelector(`a[rel="${rel}"]`)?.click();
}

function press(selector) {
  const inMarked = marked()?.querySelector(selector);
  (inMarked ?? document.querySelector(selector))?.click();
}

const ACTS = {
  j: () => move(1),
  k: () => move(-1),
  c: () => press('[data-key="c"]:not(:disabled)'),
  l: () => press('[data-key="l"]'),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
};

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches?.("[data-search]")) event.target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const act = ACTS[event.key];
  if (act) {
    event.preventDefault();
    act();
  } else if (event.key === "Enter" && event.target === document.body) {
    marked()?.querySelector("a.who, a.row-link, a")?.click();
  }
});
