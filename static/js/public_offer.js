// The page of an offer: its clock runs by the server's time; when it is over, the page says so.

import "./clocks.js";

const ANSWER_MAY_TAKE = 1500;

document.addEventListener("leadrelay:deadline", () => {
  // Not under the thumb of somebody who pressed in the last moment: the answer comes first.
  if (document.querySelector("form[data-sending]")) return;
  setTimeout(() => {
    if (!document.querySelector("form[data-sending]")) location.reload();
  }, ANSWER_MAY_TAKE);
});
