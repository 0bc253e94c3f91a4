// A short chime for new leads, once over all tabs of this browser, after the first touch of the page.

const channel = "BroadcastChannel" in window ? new BroadcastChannel("leadrelay.chime") : null;
const heard = new Set();
let audio = null;

channel?.addEventListener("message", ({ data }) => heard.add(data));

// Browsers let a page sound only after somebody touched it.
function unlock() {
  try {
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume();
  } catch {
    audio = null;
  }
}
for (const name of ["pointerdown", "keydown"]) addEventListener(name, unlock, { passive: true });

export function isOn() {
  try {
    const own = localStorage.getItem("leadrelay.sound");
    if (own) return own === "on";
  } catch {
    // Storage is blocked: the account's wish counts.
  }
  return document.body.dataset.sound !== "off";
}

export function setOn(on) {
  localStorage.setItem("leadrelay.sound", on ? "on" : "off");
}

function note(frequency, at, length) {
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.type = "sine";
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.16, at + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + length);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + length);
}

function play() {
  if (audio?.state === "running") {
    note(659, audio.currentTime, 0.28);
    note(880, audio.currentTime + 0.12, 0.42);
  }
  navigator.vibrate?.([120, 60, 120]);
}

// `key` names what it is for: the tab in sight plays it, the others then keep still.
export function chime(key) {
  if (!isOn() || heard.has(key)) return;
  const delay = document.visibilityState === "visible" ? Math.random() * 40 : 120 + Math.random() * 200;
  setTimeout(() => {
    if (heard.has(key)) return;
    heard.add(key);
    channel?.postMessage(key);
    play();
  }, delay);
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-chime-try]")) {
    unlock();
    audio?.resume().then(play);
  }
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-chime-switch]")) setOn(event.target.checked);
});
