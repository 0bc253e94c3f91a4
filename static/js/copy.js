// Copy buttons: [data-copy] holds [data-copy-text] and [data-copy-button] with [data-copy-word].

import { word } from "./words.js";

function select(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-button]");
  if (!button) return;
  const text = button.closest("[data-copy]").querySelector("[data-copy-text]");
  const label = button.querySelector("[data-copy-word]");
  const before = label.dataset.before ?? label.textContent;
  label.dataset.before = before;
  try {
    await navigator.clipboard.writeText(text.textContent);
    label.textContent = word("copied");
  } catch {
    // No clipboard without a secure address: mark it, so that the keys can copy it.
    select(text);
    label.textContent = word("copyFailed");
  }
  setTimeout(() => {
    label.textContent = before;
  }, 2500);
});
