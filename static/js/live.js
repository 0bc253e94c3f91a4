// The page's socket to /ws/alerts/.
//
// To it:   {"type": "resume", "after": n}      on opening, on a gap, every 20 s
//          {"type": "watch"}                   on a page with [data-watch]
// From it: {"type": "alert", "seq", "kind", "team", "lead", "offer", "at", "data"}
//          {"type": "caught_up", "seq": n, "now": iso}   nothing is missing up to n
//          {"type": "stirred", "team": id}   to who watches: something changed there
//          {"type": "look_again"}      a team is ours no more, or an agency's right in it changed
//
// Each alert becomes one DOM event "leadrelay:alert" on document, in the order of its number;
// `detail.quiet` is true when this browser has shown it before (another page, an earlier load).
// "stirred" becomes "leadrelay:stirred". Changes of the connection: "leadrelay:connection" with detail.state live | wait | off | out;
// after a time without a socket "leadrelay:caught-up" asks the page to look at the whole again.

import { learn } from "./server_time.js";
import { timeOfDay, word } from "./words.js";

const RESUME_EVERY = 20_000;
const ANSWER_WITHIN = 8_000;
const BACKOFF_FIRST = 500;
const BACKOFF_MOST = 10_000;
const SIGNED_OUT = 4401; // any other end is worth another try

const body = document.body.dataset;
const shownKey = `leadrelay.seq.${body.user}`;

let socket = null;
let after = Number(body.lastSeq) || 0; // everything up to here is on this page
const early = new Map(); // alerts that came before a smaller number
let failures = 0;
let lastHeard = Date.now();
let lostAt = null;
let answers = false; // whether this server says "caught_up"
let askedAt = 0;
let retry = null;
let state = "wait";

function shown() {
  try {
    return Number(sessionStorage.getItem(shownKey)) || Number(body.lastSeq) || 0;
  } catch {
    return after;
  }
}

function rememberShown(seq) {
  try {
    if (seq > shown()) sessionStorage.setItem(shownKey, String(seq));
  } catch {
    // Storage is blocked: another page of this tab may say it again.
  }
}

function draw() {
  const place = document.querySelector("[data-connection]");
  if (!place) return;
  const since = timeOfDay(lostAt ?? lastHeard);
  const subs = { live: word("liveSub"), wait: word("waitSub", since), off: word("offSub", since) };
  place.className = `live${state === "live" ? "" : state === "wait" ? " live--wait" : " live--off"}`;
  place.querySelector("[data-connection-word]").textContent = word(state === "out" ? "off" : state);
  place.querySelector("[data-connection-sub]").textContent = subs[state] ?? subs.off;
}

function become(next) {
  if (state === next) return;
  const wasAway = lostAt !== null && Date.now() - lostAt > 5_000;
  state = next;
  if (next === "live") {
    lostAt = null;
    failures = 0;
  } else {
    lostAt ??= lastHeard;
  }
  document.body.classList.toggle("offlined", next === "off");
  draw();
  document.dispatchEvent(new CustomEvent("leadrelay:connection", { detail: { state: next } }));
  if (next === "live" && wasAway) document.dispatchEvent(new CustomEvent("leadrelay:caught-up"));
}

function resume() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  askedAt = Date.now();
  socket.send(JSON.stringify({ type: "resume", after }));
}

function deliver(alert) {
  after = alert.seq;
  const quiet = alert.seq <= shown();
  rememberShown(alert.seq);
  document.dispatchEvent(new CustomEvent("leadrelay:alert", { detail: { ...alert, quiet } }));
}

function take(alert) {
  if (alert.seq <= after) return;
  early.set(alert.seq, alert);
  while (early.has(after + 1)) {
    const next = early.get(after + 1);
    early.delete(next.seq);
    deliver(next);
  }
  // Something between is missing: ask, but not for each of a burst.
  if (early.size && Date.now() - askedAt > 1_000) resume();
}

// What the server says is all there is: numbers that never come (deleted rows) are no gap.
function settle(last) {
  for (const seq of [...early.keys()].sort((a, b) => a - b)) {
    if (seq > last) break;
    deliver(early.get(seq));
    early.delete(seq);
  }
  after = Math.max(after, last);
}

function hear(event) {
  lastHeard = Date.now();
  let frame;
  try {
    frame = JSON.parse(event.data);
  } catch {
    return;
  }
  if (frame.now) learn(Date.parse(frame.now));
  if (frame.type === "alert") take(frame);
  if (frame.type === "caught_up") {
    answers = true;
    askedAt = 0;
    settle(Number(frame.seq ?? after));
  }
  if (frame.type === "look_again") lookAgain();
  if (frame.type === "stirred") document.dispatchEvent(new CustomEvent("leadrelay:stirred", { detail: frame }));
  become("live");
}

// The page goes away if it may not be shown any more; a visitor's page always asks anew, since
// it may now show less.
async function lookAgain() {
  if (body.visitor !== undefined) return location.reload();
  const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" }).catch(() => null);
  if (answer && !answer.ok) location.reload();
}

function signedOut() {
  become("out");
  const banner = document.getElementById("signed-out");
  if (banner && !document.querySelector("#banners .notice-bar--bad")) {
    document.getElementById("banners").append(banner.content.cloneNode(true));
  }
}

function closed(event) {
  socket = null;
  if (event.code === SIGNED_OUT) return signedOut();
  lostAt ??= lastHeard;
  become(navigator.onLine === false || failures >= 3 ? "off" : "wait");
  const most = Math.min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** failures);
  failures += 1;
  clearTimeout(retry);
  retry = setTimeout(connect, most / 2 + Math.random() * (most / 2));
}

function connect() {
  clearTimeout(retry);
  if (socket && socket.readyState <= WebSocket.OPEN) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const mine = new WebSocket(`${scheme}://${location.host}/ws/alerts/`);
  socket = mine;
  mine.addEventListener("open", () => {
    lastHeard = Date.now();
    if (document.querySelector("[data-watch]")) mine.send(JSON.stringify({ type: "watch" }));
    resume();
    // A server that answers nothing to "resume" had nothing to tell.
    setTimeout(() => {
      if (!answers && socket === mine && mine.readyState === WebSocket.OPEN) become("live");
    }, 1_000);
  });
  mine.addEventListener("message", (event) => socket === mine && hear(event));
  mine.addEventListener("close", (event) => socket === mine && closed(event));
}

// A socket can be dead without knowing (sleep, a changed network): no answer, no socket.
function checkAnswer() {
  if (!answers || !askedAt || Date.now() - askedAt < ANSWER_WITHIN) return;
  askedAt = 0;
  const dead = socket;
  socket = null;
  dead?.close();
  closed({ code: 0 });
}

let lastTick = Date.now();
function beat() {
  const slept = Date.now() - lastTick > 10_000;
  lastTick = Date.now();
  if (slept) nudge();
  checkAnswer();
}

function nudge() {
  if (state === "out") return;
  if (socket?.readyState === WebSocket.OPEN) resume();
  else {
    failures = 0;
    connect();
  }
}

export function start() {
  if (!body.user) return;
  connect();
  setInterval(beat, 2_000);
  setInterval(resume, RESUME_EVERY);
  addEventListener("online", nudge);
  addEventListener("offline", () => become("off"));
  addEventListener("pageshow", (event) => event.persisted && nudge());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && nudge());
}
