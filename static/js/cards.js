// Lists that follow the world without moving under the thumb.
//
// A list:    <ul data-list="new"> whose children have stable ids; optional data-version says when one changed.
// Around it: [data-list-section] is hidden while the list is empty; [data-list-count="new"] shows how many.
// A child:   data-lead, data-offer (ids); data-keep stays whatever the server says; data-row takes the keys j/k.
// The whole: [data-lists] around all of them; [data-lists-empty] is shown when every list is empty.
//
// On an alert of this team the page asks the server for itself and takes over only what differs. New cards
// wait behind a pill while somebody reads below, presses, or is about to press.

import { drawAll } from "./clocks.js";
import { announce } from "./toasts.js";
import { word } from "./words.js";

const whole = document.querySelector("[data-lists]");
const SETTLE = 700;
const SOON_AFTER = 150;

let pressed = false;
let touchedAt = 0;
let waiting = []; // new children that were announced and not inserted
let pill = null;
let refreshing = null;
let again = false;

function isBusy() {
  if (pressed || Date.now() - touchedAt < SETTLE) return true;
  if (whole.querySelector(":is(a, button, input, textarea):hover")) return true;
  return window.scrollY > 120 || Boolean(whole.querySelector(":is(input, textarea, select):focus"));
}

function lists(root) {
  return [...root.querySelectorAll("[data-list]")];
}

function keyed(list) {
  return new Map([...list.children].filter((child) => child.id).map((child) => [child.id, child]));
}

function showCounts() {
  let all = 0;
  for (const list of lists(whole)) {
    const size = [...list.children].filter((child) => !child.hasAttribute("data-gone")).length;
    all += size;
    const section = list.closest("[data-list-section]");
    if (section) section.hidden = size === 0;
    const count = whole.querySelector(`[data-list-count="${list.dataset.list}"]`);
    if (count) count.textContent = String(size);
  }
  const empty = whole.querySelector("[data-lists-empty]");
  if (empty) empty.hidden = all > 0;
}

function whenStill(act) {
  if (!pressed && Date.now() - touchedAt >= SETTLE) return act();
  setTimeout(() => whenStill(act), SETTLE / 2);
}

function leave(child) {
  if (child.hasAttribute("data-gone")) return;
  child.setAttribute("data-gone", "");
  child.inert = true;
  child.classList.add("is-leaving");
  whenStill(() => {
    setTimeout(() => {
      child.remove();
      showCounts();
    }, 200);
  });
}

function differs(mine, theirs) {
  return (mine.dataset.version ?? "") !== (theirs.dataset.version ?? "");
}

function insert({ list, child, before }) {
  if (document.getElementById(child.id)) return;
  child.classList.add("is-new");
  const place = before && document.getElementById(before);
  list.insertBefore(child, place && place.parentElement === list ? place : null);
  window.htmx?.process(child);
}

function insertWaiting() {
  const all = waiting;
  waiting = [];
  pill?.remove();
  pill = null;
  all.forEach(insert);
  showCounts();
  drawAll();
}

// The row of a lead whose card says "It's yours" already is no news.
function isNews({ child }) {
  return !whole.querySelector(`[data-keep][data-lead="${child.dataset.lead}"]`);
}

function showPill() {
  pill?.remove();
  const news = waiting.filter(isNews).length;
  if (!news) return;
  pill = document.createElement("button");
  pill.type = "button";
  pill.className = "pill-new";
  pill.textContent = news === 1 ? word("oneNew") : word("manyNew", news);
  pill.addEventListener("click", () => {
    const first = waiting[0];
    insertWaiting();
    scrollTo({ top: 0 });
    document.getElementById(first.child.id)?.querySelector("button, a")?.focus({ preventScroll: true });
  });
  document.body.append(pill);
}

function tryInsert() {
  if (!waiting.length) return;
  if (isBusy()) return showPill();
  insertWaiting();
}

function reconcile(list, fresh) {
  const mine = keyed(list);
  const theirs = [...fresh.children].filter((child) => child.id);
  const ids = new Set(theirs.map((child) => child.id));
  for (const [id, child] of mine) {
    if (!ids.has(id) && !child.hasAttribute("data-keep")) leave(child);
  }
  theirs.forEach((child, index) => {
    const current = mine.get(child.id);
    if (!current) {
      // A kept card ("It's yours") of the same lead elsewhere does not stand in for the row.
      const before = theirs.slice(index + 1).find((next) => mine.has(next.id))?.id;
      waiting = waiting.filter((one) => one.child.id !== child.id);
      waiting.push({ list, child: document.importNode(child, true), before });
    } else if (differs(current, child) && !current.contains(document.activeElement) && !current.hasAttribute("data-keep")) {
      const next = document.importNode(child, true);
      current.replaceWith(next);
      window.htmx?.process(next);
    }
  });
  waiting = waiting.filter((one) => one.list !== list || ids.has(one.child.id));
}

async function fetchLists() {
  const response = await fetch(location.href, {
    headers: { "X-Fragment": "lists" },
    credentials: "same-origin",
    cache: "no-store",
  });
  if (!response.ok || response.redirected) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

async function refresh() {
  try {
    const fresh = await fetchLists();
    if (!fresh) return;
    for (const list of lists(whole)) {
      const next = fresh.querySelector(`[data-list="${list.dataset.list}"]`);
      if (next) reconcile(list, next);
    }
    for (const next of fresh.querySelectorAll("[data-figures]")) {
      document.querySelector("[data-figures]")?.replaceWith(document.importNode(next, true));
    }
    tryInsert();
    showCounts();
    drawAll();
  } catch {
    // The connection is gone: the socket's return asks again.
  }
}

// One at a time; what arrives meanwhile makes one more.
export function ask() {
  if (!whole) return;
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = new Promise((done) => setTimeout(done, SOON_AFTER))
    .then(refresh)
    .then(() => {
      refreshing = null;
      if (!again) return;
      again = false;
      ask();
    });
}

// The head start of others is over: this card may be claimed without waiting for the server.
function openCard(early) {
  early.closest("[data-offer]").querySelector("button[disabled]")?.removeAttribute("disabled");
  early.remove();
}

function removeOffer(offer) {
  for (const card of whole.querySelectorAll(`[data-offer="${offer}"]:not([data-keep])`)) {
    if (!card.querySelector("[aria-busy], .htmx-request")) leave(card);
  }
  waiting = waiting.filter((one) => one.child.dataset.offer !== offer);
  showPill();
}

function onAlert({ detail }) {
  if (detail.team !== document.body.dataset.team) return;
  const isOver = ["lead.claimed", "lead.withdrawn", "lead.expired", "lead.deleted"].includes(detail.kind);
  if (isOver && detail.offer) removeOffer(detail.offer);
  if (detail.kind === "lead.taken_back" || detail.kind === "lead.deleted") {
    for (const row of whole.querySelectorAll(`[data-lead="${detail.lead}"]:not([data-keep])`)) leave(row);
  }
  ask();
}

function watchThumb() {
  addEventListener("pointerdown", () => {
    pressed = true;
  }, { passive: true });
  for (const name of ["pointerup", "pointercancel"]) {
    addEventListener(name, () => {
      pressed = false;
      touchedAt = Date.now();
    }, { passive: true });
  }
  setInterval(tryInsert, SETTLE);
}

export function start() {
  if (!whole) return;
  watchThumb();
  document.addEventListener("leadrelay:alert", onAlert);
  document.addEventListener("leadrelay:caught-up", ask);
  // A list of what moves without an alert to this reader.
  const every = Number(whole.dataset.refresh) * 1_000;
  if (every) setInterval(() => document.visibilityState === "visible" && ask(), every);
  whole.addEventListener("click", (event) => {
    if (event.target.closest("[data-gone-dismiss]")) leave(event.target.closest("[id]"));
  });
  // The offer's time is over on this clock: the server has the last word.
  whole.addEventListener("leadrelay:deadline", (event) => {
    const early = event.target.closest("[data-head-start]");
    if (early) openCard(early);
    setTimeout(ask, 1_200);
  });
  document.addEventListener("htmx:afterSettle", () => {
    showCounts();
    const won = whole.querySelector("[data-won]:not([data-said])");
    if (won) {
      won.setAttribute("data-said", "");
      announce(won.dataset.won);
      (won.querySelector(".contact a") ?? won.querySelector("a"))?.focus({ preventScroll: true });
      ask();
    }
  });
  showCounts();
}
