// What an alert does on every page: chime, toast, the numbers in the menu, the tab's title, the app's badge.

import { chime } from "./chime.js";
import { serverNow } from "./server_time.js";
import { announce, toast } from "./toasts.js";
import { word } from "./words.js";

// A clock runs: these chime in quiet hours too.
const URGENT = new Set(["lead.offered", "lead.open", "lead.assigned", "lead.reminder", "lead.escalated", "copy.offered"]);
const CHIMES = new Set([...URGENT, "lead.unplaced", "lead.nudge"]);
const COUNTED = new Set([
  "lead.assigned", "lead.offered", "lead.open", "lead.taken_back", "lead.held", "lead.unplaced",
  "lead.came_again", "lead.follow_up", "lead.reminder", "lead.expired", "lead.escalated", "lead.notice",
  "lead.reported", "lead.report_decided", "copy.sent", "copy.offered", "lead.returned", "delivery.dead",
  "delivery.disputed", "delivery.decided", "recipient.off", "recipient.campaign", "agreement.changed",
  "request.made", "request.decided", "grant.changed", "member.joined",
  "lead.nudge",
]);
const title = document.title;

function pageOf(alert) {
  const team = encodeURIComponent(alert.team);
  // What is about something else than a lead: the server knows where it is.
  if (alert.data?.page) return `/t/${team}/alerts/${alert.id}/`;
  const isOpen = alert.kind === "lead.offered" || alert.kind === "lead.open" || !alert.lead;
  return isOpen ? `/t/${team}/` : `/t/${team}/leads/${alert.lead}/`;
}

const LOST_BY = { off_duty: "lostOffDuty", released: "lostReleased", rule: "lostByRule" };

// What is said of each; the words about the lead itself come with the alert (data.title, masked).
const SAYS = {
  "lead.offered": () => ({ title: word("newOffer") }),
  "lead.open": () => ({ title: word("newOffer") }),
  "lead.assigned": () => ({ title: word("newLead") }),
  "lead.taken_back": (alert) => ({
    title: word("takenBack"),
    text: alert.data?.to ? word("nowWith", alert.data.to) : word(LOST_BY[alert.data?.reason] ?? "takenBackSub"),
  }),
  "lead.escalated": () => ({ title: word("escalated") }),
  "lead.notice": () => ({ title: word("notice") }),
  "lead.reported": () => ({ title: word("reported") }),
  "lead.report_decided": () => ({ title: word("reportDecided") }),
  "lead.reminder": () => ({ title: word("reminder") }),
  "lead.nudge": (alert) => ({ title: alert.data?.by ? word("nudgedBy", alert.data.by) : word("nudged") }),
  "lead.follow_up": () => ({ title: word("followUp") }),
  "lead.came_again": () => ({ title: word("cameAgain") }),
  "lead.expired": () => ({ title: word("expired") }),
  "lead.held": () => ({ title: word("held") }),
  "lead.unplaced": () => ({ title: word("unplaced") }),
  "lead.hopper": () => ({ title: word("inHopper") }),
  "copy.sent": () => ({ title: word("copySent") }),
  "copy.offered": () => ({ title: word("copyOffered") }),
  "lead.returned": () => ({ title: word("leadReturned") }),
  "delivery.dead": () => ({ title: word("deliveryDead") }),
  "delivery.disputed": () => ({ title: word("disputed") }),
  "delivery.decided": () => ({ title: word("disputeDecided") }),
  "recipient.off": () => ({ title: word("recipientOff") }),
  "recipient.campaign": () => ({ title: word("campaign") }),
  "agreement.changed": () => ({ title: word("agreement") }),
  "request.made": (alert) => ({ title: word("requested"), text: alert.data?.by }),
  "request.decided": () => ({ title: word("requestDecided") }),
  "grant.changed": () => ({ title: word("grantChanged") }),
  "member.joined": () => ({ title: word("joined") }),
};

function isMine(alert) {
  return alert.data?.member && alert.data.member === document.body.dataset.member;
}

function sentence(alert) {
  if (alert.kind === "lead.claimed") {
    if (isMine(alert)) return null;
    const name = alert.data?.by;
    return name ? { title: word("claimedBy", name), name } : { title: word("claimed") };
  }
  return SAYS[alert.kind]?.(alert) ?? null;
}

function say(alert) {
  const words = sentence(alert);
  if (!words) return;
  const about = [alert.data?.title, words.text].filter(Boolean).join(" · ");
  // On Today of the same team the card itself slides in: a toast beside it would say it twice.
  const isSeen = document.querySelector("[data-lists]") && alert.team === document.body.dataset.team;
  const arrives = ["lead.offered", "lead.open", "lead.assigned"].includes(alert.kind);
  if (arrives && isSeen && document.visibilityState === "visible") announce(`${words.title}: ${about}`);
  else toast({ ...words, text: about, href: alert.kind === "lead.claimed" ? undefined : pageOf(alert) });
}

// Her own quiet hours, by her own clock: only what is urgent sounds.
function isQuiet() {
  const { quietFrom, quietUntil, zone } = document.body.dataset;
  if (!quietFrom || !quietUntil) return false;
  const options = { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const at = new Intl.DateTimeFormat("en-GB", options).format(serverNow());
  return quietFrom < quietUntil ? at >= quietFrom && at < quietUntil : at >= quietFrom || at < quietUntil;
}

function bump(section, by) {
  for (const badge of document.querySelectorAll(`[data-count="${section}"]`)) {
    const next = Math.max(0, Number(badge.textContent) + by);
    badge.textContent = String(next);
    badge.hidden = next === 0;
  }
}

// Exact where the alert says so (data.counts), else by one.
function count(alert) {
  if (alert.team !== document.body.dataset.team) return;
  const exact = alert.data?.counts;
  if (exact) {
    for (const [section, number] of Object.entries(exact)) {
      bump(section, number - Number(document.querySelector(`[data-count="${section}"]`)?.textContent ?? 0));
    }
  } else if (COUNTED.has(alert.kind)) {
    bump("alerts", 1);
  }
}

export function showWaiting() {
  const lists = document.querySelector("[data-lists]");
  const badges = [...document.querySelectorAll('[data-count="today"]')];
  if (lists) {
    const waiting = ["offers", "new"].reduce(
      (sum, name) => sum + (lists.querySelector(`[data-list="${name}"]`)?.children.length ?? 0), 0,
    );
    for (const badge of badges) {
      badge.textContent = String(waiting);
      badge.hidden = waiting === 0;
    }
  }
  const number = Number(badges[0]?.textContent ?? 0);
  document.title = number ? `(${number}) ${title}` : title;
  navigator.setAppBadge?.(number).catch(() => {});
}

export function start() {
  document.addEventListener("leadrelay:alert", ({ detail }) => {
    count(detail);
    if (!detail.quiet) {
      const sounds = CHIMES.has(detail.kind) && (URGENT.has(detail.kind) || !isQuiet());
      if (sounds) chime(`${document.body.dataset.user}.${detail.seq}`);
      say(detail);
    }
    showWaiting();
  });
  const lists = document.querySelector("[data-lists]");
  if (lists) {
    new MutationObserver(showWaiting).observe(lists, { childList: true, subtree: true });
  }
  showWaiting();
}
