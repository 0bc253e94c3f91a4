// The module of every signed-in page.

import * as alerts from "./alerts.js";
import "./attempts.js";
import * as cards from "./cards.js";
import "./clocks.js";
import "./copy.js";
import "./dialogs.js";
import "./forms.js";
import "./keys.js";
import * as live from "./live.js";
import * as push from "./push.js";
import "./theme.js";

cards.start();
alerts.start();
live.start();

if ("serviceWorker" in navigator && window.isSecureContext) {
  navigator.serviceWorker.register("/sw.js").then(() => push.sync("/push/")).catch(() => {});
}
