// POSTs with the CSRF token, for fetch and for htmx.

import { word } from "./words.js";

export function csrfToken() {
  return document.querySelector('meta[name="csrf"]')?.content ?? "";
}

// The response, or null when the server could not be reached (which is told in a toast).
export async function post(address, fields = {}, options = {}) {
  try {
    return await fetch(address, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true", "HX-Current-URL": location.href },
      credentials: "same-origin",
      ...options,
    });
  } catch {
    document.dispatchEvent(
      new CustomEvent("leadrelay:toast", { detail: { title: word("notSent"), text: word("notSentSub") } }),
    );
    return null;
  }
}

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
});
