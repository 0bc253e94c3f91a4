// The page of devices: this browser's own switch.

import * as push from "./push.js";
import { word } from "./words.js";

const panel = document.querySelector("[data-push]");
const [startButton, endButton] = ["start", "end"].map((name) => panel.querySelector(`[data-push-${name}]`));
const error = panel.querySelector("[data-push-error]");

async function show() {
  const now = await push.state();
  for (const part of panel.querySelectorAll("[data-push-state]")) part.hidden = part.dataset.pushState !== now;
  startButton.hidden = now !== "off";
  endButton.hidden = now !== "on";
  panel.querySelector("[data-push-foot]").hidden = startButton.hidden && endButton.hidden;
}

function doing(button, deed) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    error.hidden = true;
    try {
      const response = await deed();
      if (response && !response.ok) throw new Error((await response.json()).error);
      location.reload(); // the list below
    } catch (reason) {
      error.textContent = reason.message || word("refused");
      error.hidden = false;
      await show();
    } finally {
      button.disabled = false;
    }
  });
}

doing(startButton, () => push.start(panel.dataset.pushAddress, panel.dataset.pushKey));
doing(endButton, () => push.end(panel.dataset.pushStop));
show();
