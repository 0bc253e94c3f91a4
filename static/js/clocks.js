// Every ring, countdown and relative time on the page, from one timer.
//
// <span class="ring" data-clock data-start data-deadline data-shows="left|waited">  epoch milliseconds
// <span class="state" data-clock-left data-start data-deadline>… <span data-words>
// <time data-ago="epoch">
// The nearest [data-clock-host] of a ring carries its state as a class. When a deadline passes, the
// element sends "leadrelay:deadline" once.

import { serverNow } from "./server_time.js";
import { clockFace, relative, spoken, word } from "./words.js";

const STATES = ["is-calm", "is-soon", "is-urgent", "is-breached"];
const passed = new WeakSet();

function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

function setState(node, state) {
  if (node.classList.contains(state)) return;
  node.classList.remove(...STATES);
  node.classList.add(state);
}

function reading(node, now) {
  const start = Number(node.dataset.start);
  const deadline = Number(node.dataset.deadline) || null;
  const waited = Math.max(0, now - start) / 1000;
  if (!deadline) return { waited, left: null, used: 0, state: "is-calm" };
  const left = (deadline - now) / 1000;
  const used = Math.min(1, Math.max(0, (now - start) / Math.max(1, deadline - start)));
  const state = left <= 0 ? "is-breached" : used >= 0.8 ? "is-urgent" : used >= 0.5 ? "is-soon" : "is-calm";
  return { waited, left, used, state };
}

function announcePassing(node, left) {
  if (left === null || left > 0 || passed.has(node)) return;
  passed.add(node);
  node.dispatchEvent(new CustomEvent("leadrelay:deadline", { bubbles: true }));
}

function drawRing(ring, now) {
  const { waited, left, used, state } = reading(ring, now);
  const isLeft = ring.dataset.shows === "left" && left !== null;
  const seconds = isLeft ? Math.max(0, left) : waited;
  const face = ring.querySelector("b");
  setText(face, clockFace(seconds));
  face?.classList.toggle("is-long", face.textContent.length > 5);
  ring.querySelector("circle:last-child")?.setAttribute("stroke-dasharray", `${Math.round(100 * (1 - used))} 100`);
  const host = ring.closest("[data-clock-host]");
  setState(ring, state);
  if (host) setState(host, state);
  // A label that changes every second would be noise: only when its state does, or every 15 s.
  const spokenAt = `${state} ${Math.floor(seconds / 15)}`;
  if (ring.dataset.spoken !== spokenAt) {
    ring.dataset.spoken = spokenAt;
    ring.setAttribute("aria-label", word(isLeft ? "timeLeft" : "timeWaited", spoken(seconds)));
  }
  announcePassing(ring, left);
}

function drawLeft(node, now) {
  const { left, state } = reading(node, now);
  if (left === null) return;
  setState(node, state);
  const words = left > 0 ? word("timeLeft", clockFace(left)) : word("timeLate", clockFace(-left));
  setText(node.querySelector("[data-words]"), words);
  if (node.hasAttribute("data-announces")) announcePassing(node, left);
}

export function drawAll() {
  const now = serverNow();
  for (const ring of document.querySelectorAll("[data-clock]")) drawRing(ring, now);
  for (const node of document.querySelectorAll("[data-clock-left]")) drawLeft(node, now);
}

function drawTimes() {
  const now = serverNow();
  for (const node of document.querySelectorAll("[data-ago]")) {
    setText(node, relative(Number(node.dataset.ago), now));
  }
}

let timer = null;

function tick() {
  drawAll();
  if (serverNow() % 15000 < 1000) drawTimes();
  // Aligned to the full second, so that all clocks turn together.
  timer = setTimeout(tick, 1000 - (serverNow() % 1000) + 5);
}

function wake() {
  clearTimeout(timer);
  if (document.visibilityState === "hidden") return;
  drawTimes();
  tick();
}

document.addEventListener("visibilitychange", wake);
document.addEventListener("htmx:afterSwap", drawAll);
wake();
