// The dashboard keeps up: its figures are asked for again after an alert and every 30 seconds.
// Nothing is replaced while somebody reads with the keyboard in it, presses, or has a menu open.

import "./nudges.js";

const EVERY = 30_000;
const AFTER_ALERT = 1_000;

const figures = document.querySelector("[data-refetch]");
let timer;
let isPressed = false;

addEventListener("pointerdown", () => { isPressed = true; });
addEventListener("pointerup", () => { isPressed = false; });
addEventListener("pointercancel", () => { isPressed = false; });

function isInUse() {
  return isPressed || figures.contains(document.activeElement) || figures.querySelector("details[open]:not([data-keep])") !== null;
}

async function refetch(isAsked = false) {
  const isFree = () => isAsked || !isInUse();
  if (document.hidden || !isFree()) return;
  const response = await fetch(location.href, { headers: { "HX-Request": "true", "HX-Current-URL": location.href } });
  if (!response.ok || response.headers.has("HX-Redirect") || !isFree()) return;
  const scrolled = [...figures.querySelectorAll(".table-wrap")].map((node) => node.scrollTop);
  const unfolded = [...figures.querySelectorAll("details[data-keep][open]")].map((node) => node.dataset.keep);
  const hadFocus = figures.contains(document.activeElement);
  figures.innerHTML = await response.text();
  if (hadFocus) figures.focus({ preventScroll: true });
  figures.querySelectorAll(".table-wrap").forEach((node, number) => { node.scrollTop = scrolled[number] ?? 0; });
  unfolded.forEach((name) => figures.querySelector(`details[data-keep="${name}"]`)?.setAttribute("open", ""));
}

function soon(delay) {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    await refetch().catch(() => {}); // offline: the frame of the page says so
    soon(EVERY);
  }, delay);
}

if (figures) {
  soon(EVERY);
  document.addEventListener("leadrelay:alert", () => soon(AFTER_ALERT));
  document.addEventListener("leadrelay:nudged", () => refetch(true).catch(() => {}));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(AFTER_ALERT); });
}
