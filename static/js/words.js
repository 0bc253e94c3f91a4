// The page's words, translated by the server into #words; and lengths of time as clocks show them.

const words = document.getElementById("words")?.dataset ?? {};

export function word(key, value) {
  const text = words[key] ?? key;
  return value === undefined ? text : text.replace("%s", String(value));
}

// Mirrors presentation.clock_face: 0:34, 4:12, 1 h 35, 22 h, 3 d.
export function clockFace(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(whole / 3600);
  if (hours < 1) return `${minutes}:${String(whole % 60).padStart(2, "0")}`;
  if (hours < 10) {
    return word("hoursMinutes").replace("%1", hours).replace("%2", String(minutes % 60).padStart(2, "0"));
  }
  return hours < 48 ? word("hours", hours) : word("days", Math.floor(whole / 86400));
}

export function spoken(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return word("spokenSeconds", whole);
  if (whole < 3600) return word("spokenMinutes", Math.floor(whole / 60));
  return word("spokenHours", Math.floor(whole / 3600));
}

// Mirrors presentation.relative: just now, 5 min ago, in 2 h 25.
export function relative(then, now) {
  const gap = (then - now) / 1000;
  const size = Math.abs(gap);
  if (size < 45) return word("justNow");
  const length = size < 3600 ? word("minutes", Math.max(1, Math.round(size / 60))) : clockFace(size);
  return word(gap > 0 ? "in" : "ago", length);
}

export function timeOfDay(epoch) {
  return new Intl.DateTimeFormat(document.documentElement.lang || undefined, {
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  }).format(epoch);
}
