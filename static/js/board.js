// The live board: asks for itself again when something changed, and takes over only what differs.
//
// The socket says "stirred" when anything happens in the team; many of them become one question.
// Rows are followed by their id and data-version, so that nothing jumps and clocks run on.

import { drawAll } from "./clocks.js";
import "./nudges.js";
import { serverNow } from "./server_time.js";
import { timeOfDay } from "./words.js";

const AT_MOST_EVERY = 1_000;
const AT_LEAST_EVERY = 15_000; // what no socket tells: who went off duty, a new day
const AFTER_DEADLINE = 1_200;

const board = document.querySelector("[data-board]");
const parts = board.querySelector("[data-board-parts]");
let timer = null;
let askedAt = 0;
let isAsking = false;
let asOf = serverNow();
let state = "live";

// --- What it shows ----------------------------------------------------------------------------

function replace(row, fresh) {
  const hadFocus = row.contains(document.activeElement);
  row.replaceWith(fresh);
  if (hadFocus) fresh.querySelector("a, button, summary")?.focus({ preventScroll: true });
}

function followRows(list, fresh) {
  const mine = new Map([...list.children].map((row) => [row.id, row]));
  const ids = new Set([...fresh.children].map((row) => row.id));
  for (const [id, row] of mine) if (!ids.has(id)) row.remove();
  [...fresh.children].forEach((row, place) => {
    let current = mine.get(row.id);
    if (!current) {
      current = document.importNode(row, true);
      current.classList.add("is-new");
    } else if (current.dataset.version !== row.dataset.version && !current.querySelector("details[open]")) {
      const next = document.importNode(row, true);
      replace(current, next);
      current = next;
    }
    if (list.children[place] !== current) list.insertBefore(current, list.children[place] ?? null);
  });
}

function follow(fresh) {
  const lists = fresh.querySelectorAll("[data-rows]");
  parts.querySelectorAll("[data-rows]").forEach((list, number) => followRows(list, lists[number]));
  for (const next of fresh.querySelectorAll("[data-live]")) {
    const place = parts.querySelector(`[data-live="${next.dataset.live}"]`);
    if (place && place.innerHTML !== next.innerHTML) place.innerHTML = next.innerHTML;
  }
  drawAll();
}

// --- When it asks -----------------------------------------------------------------------------

async function ask() {
  if (isAsking || document.hidden || state === "out") return;
  isAsking = true;
  askedAt = Date.now();
  try {
    const response = await fetch(location.pathname, {
      headers: { "X-Fragment": "board", "HX-Request": "true", "HX-Current-URL": location.href },
      credentials: "same-origin",
      cache: "no-store",
    });
    if (response.headers.has("HX-Redirect") || response.redirected) return become("out");
    // Not hers any more: the page itself says so.
    if (response.status === 403 || response.status === 404) return location.reload();
    if (!response.ok) return become("wait");
    follow(new DOMParser().parseFromString(await response.text(), "text/html"));
    asOf = serverNow();
    become("live");
  } catch {
    become("wait");
  } finally {
    isAsking = false;
    soon(AT_LEAST_EVERY);
  }
}

// The earliest wish counts; two questions are never closer than a second.
let dueAt = Infinity;
function soon(delay) {
  const at = Math.max(Date.now() + delay, askedAt + AT_MOST_EVERY);
  if (at >= dueAt) return;
  dueAt = at;
  clearTimeout(timer);
  timer = setTimeout(() => {
    dueAt = Infinity;
    if (isAsking) soon(AT_MOST_EVERY);
    else ask();
  }, at - Date.now());
}

function now() {
  soon(0);
}

// --- How it stands ----------------------------------------------------------------------------

function become(next) {
  if (state === "out") return;
  if (next === "out") showSignedOut();
  state = next;
  showState();
}

function showSignedOut() {
  const banners = document.getElementById("banners");
  if (!banners.querySelector(".notice-bar--bad")) {
    banners.append(document.getElementById("signed-out").content.cloneNode(true));
  }
}

function showState() {
  const words = { live: board.dataset.wordLive, wait: board.dataset.wordWait, out: board.dataset.wordOut };
  const text = words[state].replace("%s", timeOfDay(asOf));
  const place = board.querySelector("[data-board-word]");
  if (place.textContent !== text) place.textContent = text;
  board.querySelector("[data-board-state]").className = `board-state is-${state}`;
  board.querySelector("[data-board-time]").textContent = timeOfDay(serverNow());
}

document.addEventListener("leadrelay:stirred", ({ detail }) => detail.team === board.dataset.watch && now());
document.addEventListener("leadrelay:nudged", now);
document.addEventListener("leadrelay:caught-up", now);
document.addEventListener("leadrelay:connection", ({ detail }) => {
  if (detail.state === "live") now();
  else become(detail.state === "out" ? "out" : "wait");
});
document.addEventListener("visibilitychange", () => document.hidden || now());
addEventListener("online", now);
board.addEventListener("leadrelay:deadline", () => soon(AFTER_DEADLINE));
setInterval(showState, 5_000);
soon(AT_LEAST_EVERY);

// --- On the wall ------------------------------------------------------------------------------

const full = board.querySelector("[data-board-full]");
let lock = null;

// A screen that sleeps shows nothing: it is kept awake where the browser can.
async function keepAwake() {
  if (!isOnWall() || document.hidden || lock) return;
  try {
    lock = await navigator.wakeLock?.request("screen");
    lock?.addEventListener("release", () => { lock = null; });
  } catch {
    lock = null; // the battery is low, or somebody said no
  }
}

// Without the browser's own full screen too: ?wall=1 for a screen that starts by itself.
function isOnWall() {
  return document.fullscreenElement !== null || new URLSearchParams(location.search).has("wall");
}

function showWall() {
  document.body.classList.toggle("is-wall", isOnWall());
  full.setAttribute("aria-pressed", String(document.fullscreenElement !== null));
  if (isOnWall()) keepAwake();
  else lock?.release();
}

full.hidden = !document.fullscreenEnabled;
full.addEventListener("click", () => {
  const turned = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  turned.catch(() => {}); // refused: the board is readable all the same
});
document.addEventListener("fullscreenchange", showWall);
document.addEventListener("visibilitychange", keepAwake);
showWall();
showState();
