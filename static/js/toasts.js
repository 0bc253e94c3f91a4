// Short notes at the bottom. Anyone may send them:
//   document.dispatchEvent(new CustomEvent("leadrelay:toast", {detail: {title, text, name, href, action, undo}}))
// The server does the same with the header HX-Trigger: {"leadrelay:toast": {…}}.
// `undo` is an address that is POSTed to; `name` shows that person's initials.

import { post } from "./http.js";
import { word } from "./words.js";

const STAYS = 6000;
const STAYS_WITH_ACTION = 12000;
const MOST = 3;
const stack = document.getElementById("toasts");

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function initials(name) {
  const parts = name.trim().split(/\s+/);
  return ((parts[0]?.[0] ?? "") + (parts.length > 1 ? parts.at(-1)[0] : "")).toUpperCase();
}

function cross() {
  const template = document.createElement("template");
  template.innerHTML =
    '<svg class="icon icon--s" viewBox="0 0 24 24" aria-hidden="true"><path d="M18 6 6 18M6 6l12 12"/></svg>';
  return template.content;
}

export function toast({ title, text, name, colour, href, action, undo }) {
  if (!stack) return;
  const words = element("p", {}, title);
  if (text) words.append(element("br"), element("small", {}, text));
  const node = element("div", { class: "toast" });
  if (name) node.append(element("span", { class: `av av-${colour ?? 1}`, "aria-hidden": "true" }, initials(name)));
  node.append(words);
  if (href) node.append(element("a", { class: "toast-do", href }, action || word("show")));
  if (undo) node.append(undoButton(undo, action, node));
  const close = element("button", { type: "button", "aria-label": word("dismiss") }, cross());
  close.addEventListener("click", () => node.remove());
  node.append(close);
  stack.append(node);
  while (stack.children.length > MOST) stack.firstElementChild.remove();
  leaveAfter(node, href || undo ? STAYS_WITH_ACTION : STAYS);
}

function undoButton(address, label, node) {
  const button = element("button", { type: "button", class: "toast-do" }, label || word("undo"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    const response = await post(address);
    if (!response?.ok) button.disabled = false;
    // A page that can look anew by itself says so; every other one is loaded again.
    else if (document.dispatchEvent(new CustomEvent("leadrelay:undone", { cancelable: true }))) location.reload();
    node.remove();
  });
  return button;
}

// Reading takes as long as it takes: the time stands still under the pointer or the focus.
function leaveAfter(node, stays) {
  let timer = setTimeout(() => node.remove(), stays);
  const hold = () => clearTimeout(timer);
  const release = () => {
    timer = setTimeout(() => node.remove(), stays / 2);
  };
  node.addEventListener("pointerenter", hold);
  node.addEventListener("focusin", hold);
  node.addEventListener("pointerleave", release);
  node.addEventListener("focusout", release);
}

// Said once to screen readers, without a picture.
export function announce(text) {
  const place = document.getElementById("announcer");
  if (!place) return;
  place.textContent = "";
  setTimeout(() => {
    place.textContent = text;
  }, 50);
}

document.addEventListener("leadrelay:toast", (event) => toast(event.detail));
