// Notifications of this browser while no page is open (web push). The service worker shows them.

import { post } from "./http.js";

const SYNCED = "push-synced";

export const isPossible =
  "serviceWorker" in navigator && "PushManager" in window && "Notification" in window && window.isSecureContext;

async function subscription() {
  const worker = await navigator.serviceWorker.ready;
  return worker.pushManager.getSubscription();
}

// "none", "denied", "off" or "on".
export async function state() {
  if (!isPossible) return "none";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && (await subscription()) ? "on" : "off";
}

export async function start(address, key) {
  if ((await Notification.requestPermission()) !== "granted") return null;
  const worker = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  try {
    return await tell(address, await worker.pushManager.subscribe(options));
  } catch (error) {
    // Subscribed with another key: the site was set up anew.
    const old = await worker.pushManager.getSubscription();
    if (error.name !== "InvalidStateError" || !old) throw error;
    await old.unsubscribe();
    return tell(address, await worker.pushManager.subscribe(options));
  }
}

export async function end(address) {
  const old = await subscription();
  if (!old) return;
  await post(address, { endpoint: old.endpoint });
  await old.unsubscribe();
}

// Once a visit: the browser may have changed its address, and the session is a new one after a sign-in.
export async function sync(address) {
  if (!isPossible || Notification.permission !== "granted" || sessionStorage.getItem(SYNCED)) return;
  const current = await subscription();
  if (current && (await tell(address, current))?.ok) sessionStorage.setItem(SYNCED, "1");
}

function tell(address, current) {
  const { endpoint, keys } = current.toJSON();
  return post(address, { endpoint, p256dh: keys.p256dh, auth: keys.auth });
}

function bytes(base64url) {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
