// The server's time: every countdown is its, not the device's, whose clock may be minutes off.

const rendered = Number(document.body.dataset.now);
const isStored = document.body.hasAttribute("data-stored"); // an offline copy: its time is old

function arrival() {
  const [page] = performance.getEntriesByType("navigation");
  return performance.timeOrigin + (page?.responseStart || performance.now());
}

let offset = rendered && !isStored ? rendered - arrival() : 0;

export function serverNow() {
  return Date.now() + offset;
}

// A frame from the socket tells a fresher time than the page, whose way here may have been slow.
export function learn(serverEpoch) {
  const seen = serverEpoch - Date.now();
  if (seen > offset || Math.abs(seen - offset) > 5000) offset = seen;
}
