{% load static %}// Keeps the offline page, the styles and the last Today of each team on this device, and shows what is pushed to it.
// Everything else is the network's.

const SHELL = [
  "/offline/",
  "{% static 'css/tokens.css' %}",
  "{% static 'css/base.css' %}",
  "{% static 'css/parts.css' %}",
  "{% static 'css/forms.css' %}",
  "{% static 'css/shell.css' %}",
  "{% static 'css/today.css' %}",
  "{% static 'css/lead.css' %}",
  "{% static 'css/public.css' %}",
  "{% static 'js/theme-boot.js' %}",
];
const SHELL_CACHE = "shell " + SHELL.join(" "); // the names carry hashes: a new release, a new cache
const STATIC_CACHE = "static";
const TODAY_CACHE = "today";
const TODAY = /^\/t\/[^/]+\/$/;
const STATIC_MOST = 80;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(SHELL_CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const kept = [SHELL_CACHE, STATIC_CACHE, TODAY_CACHE];
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => !kept.includes(name)).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request, url));
  else if (url.pathname.startsWith("{% get_static_prefix %}")) event.respondWith(asset(request));
});

async function page(request, url) {
  try {
    const response = await fetch(request);
    // Signed out on this device: nobody's leads stay on it.
    if (url.pathname.startsWith("/accounts/log")) await caches.delete(TODAY_CACHE);
    else if (TODAY.test(url.pathname) && response.ok && !response.redirected) await keep(url, response.clone());
    return response;
  } catch {
    return (await kept(url)) ?? caches.match("/offline/");
  }
}

async function keep(url, response) {
  const cache = await caches.open(TODAY_CACHE);
  await cache.put(url.pathname, response);
}

// The page knows that it is a stored copy: its clocks then go by the device.
async function kept(url) {
  const response = await caches.match(url.pathname, { cacheName: TODAY_CACHE });
  if (!response) return null;
  const text = (await response.text()).replace("<body ", "<body data-stored ");
  return new Response(text, { headers: response.headers });
}

async function asset(request) {
  const cache = await caches.open(STATIC_CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) {
      await cache.put(request, response.clone());
      trim(cache);
    }
    return response;
  } catch (error) {
    const stored = await caches.match(request);
    if (stored) return stored;
    throw error;
  }
}

async function trim(cache) {
  const requests = await cache.keys();
  for (const request of requests.slice(0, Math.max(0, requests.length - STATIC_MOST))) await cache.delete(request);
}

// What is pushed is shown, always: browsers withdraw the right from sites that stay silent. Where a page is being
// looked at, that page has said it aloud already.
self.addEventListener("push", (event) => event.waitUntil(notify(event.data)));

async function notify(data) {
  const told = data?.json() ?? {};
  const pages = await self.clients.matchAll({ type: "window" });
  await self.registration.showNotification(told.title ?? "Leadrelay", {
    body: told.body,
    tag: told.tag,
    renotify: Boolean(told.tag),
    requireInteraction: Boolean(told.is_urgent),
    silent: pages.some((page) => page.focused),
    icon: "{% static 'icons/icon-192.png' %}",
    data: { url: told.url ?? "/" },
  });
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(new URL(event.notification.data.url, location.origin)));
});

async function open(url) {
  if (url.origin !== location.origin) return;
  const [page] = await self.clients.matchAll({ type: "window" });
  const shown = await page?.focus().then(() => page.navigate(url)).catch(() => null);
  if (!shown) await self.clients.openWindow(url);
}
