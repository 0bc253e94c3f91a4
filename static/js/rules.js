// The rule builder: values as chips, rules put in order by dragging or Alt and the arrows.
// Everything here has a plain form behind it.

// --- Chips: a textarea with one value a line, drawn as chips ---------------------------------

function dress(area) {
  if (area.dataset.dressed) return;
  area.dataset.dressed = "yes";
  area.hidden = true;
  const box = document.createElement("span");
  box.className = "sel sel--grow chips";
  const input = document.createElement("input");
  input.id = `${area.id}-new`;
  input.setAttribute("aria-label", area.dataset.label ?? area.dataset.add);
  input.placeholder = area.dataset.add;
  input.autocomplete = "off";
  if (area.dataset.list) input.setAttribute("list", area.dataset.list);
  for (const name of ["aria-invalid", "aria-describedby"]) {
    if (area.hasAttribute(name)) input.setAttribute(name, area.getAttribute(name));
  }
  area.after(box);
  const values = () => area.value.split("\n").map((text) => text.trim()).filter(Boolean);
  const write = (listed) => {
    area.value = [...new Set(listed)].join("\n");
    draw();
    area.form.dispatchEvent(new CustomEvent("leadrelay:probe"));
  };
  const draw = () => box.replaceChildren(...values().map((text) => chip(text, area, write, values, input)), input);
  const take = () => {
    const added = input.value.split(/[,;\n\t]/).map((text) => text.trim()).filter(Boolean);
    input.value = "";
    if (added.length) write([...values(), ...added]);
    return added.length > 0;
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || (event.key === "," && input.value.trim())) {
      if (input.value.trim() || event.key === "Enter") event.preventDefault();
      if (take()) input.focus();
    } else if (event.key === "Backspace" && !input.value && values().length) {
      write(values().slice(0, -1));
      input.focus();
    }
  });
  // Leaving by Tab or a tap keeps what was typed; a suggestion counts as soon as it is chosen.
  input.addEventListener("change", take);
  input.addEventListener("input", (event) => {
    event.stopPropagation();
    if (event.inputType === "insertReplacementText" || event.inputType === undefined) {
      if (take()) input.focus();
    }
  });
  box.addEventListener("click", (event) => event.target === box && input.focus());
  draw();
}

function chip(text, area, write, values, input) {
  const made = document.createElement("span");
  made.className = "chip";
  made.append(text);
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "chip-drop";
  drop.setAttribute("aria-label", area.dataset.remove.replace("%s", text));
  drop.textContent = "×";
  drop.addEventListener("click", () => {
    write(values().filter((each) => each !== text));
    input.focus();
  });
  made.append(drop);
  return made;
}

function dressAll(root) {
  for (const area of root.querySelectorAll("textarea[data-chips]")) dress(area);
}

// --- Order -----------------------------------------------------------------------------------

const list = () => document.querySelector("[data-rules]");
const movable = () => [...list().querySelectorAll("[data-move-url]")];

function announce(text) {
  const place = document.getElementById("announcer");
  if (place) place.textContent = text;
}

async function move(rule, to) {
  const { moveUrl, name, rule: key } = rule.dataset;
  const said = list().dataset.moved.replace("%1", name).replace("%2", to);
  await window.htmx.ajax("POST", moveUrl, {
    source: rule,
    target: "#rules-body",
    select: "#rules-body",
    swap: "outerHTML",
    values: { to },
  });
  document.getElementById(`grip-${key}`)?.focus();
  announce(said);
}

document.addEventListener("keydown", (event) => {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const rule = event.target.closest?.("[data-move-url]");
  if (!rule || !list()) return;
  event.preventDefault();
  const to = Number(rule.dataset.number) + (event.key === "ArrowUp" ? -1 : 1);
  if (to >= 1 && to <= movable().length) move(rule, to);
});

let dragged = null;

function unmark() {
  for (const rule of document.querySelectorAll(".drop-before, .drop-after")) rule.classList.remove("drop-before", "drop-after");
}

function under(y) {
  for (const rule of movable()) {
    const box = rule.getBoundingClientRect();
    if (y < box.top + box.height / 2) return { rule, isBefore: true };
  }
  return { rule: movable().at(-1), isBefore: false };
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("button.grip");
  const rule = grip?.closest("[data-move-url]");
  if (!rule || event.button !== 0) return;
  event.preventDefault();
  grip.focus();
  grip.setPointerCapture(event.pointerId);
  dragged = { rule, grip, at: event.clientY, moves: false };
});

document.addEventListener("pointermove", (event) => {
  if (!dragged || (!dragged.moves && Math.abs(event.clientY - dragged.at) < 4)) return;
  dragged.moves = true;
  dragged.rule.classList.add("is-dragging");
  unmark();
  const { rule, isBefore } = under(event.clientY);
  rule.classList.add(isBefore ? "drop-before" : "drop-after");
});

function drop(event) {
  if (!dragged) return;
  const { rule, moves } = dragged;
  dragged = null;
  rule.classList.remove("is-dragging");
  unmark();
  if (!moves || event.type === "pointercancel") return;
  const found = under(event.clientY);
  const from = Number(rule.dataset.number);
  const at = Number(found.rule.dataset.number) + (found.isBefore ? 0 : 1);
  const to = at > from ? at - 1 : at;
  if (to !== from) move(rule, to);
}
document.addEventListener("pointerup", drop);
document.addEventListener("pointercancel", drop);

// --- The open rule ---------------------------------------------------------------------------

document.addEventListener("change", (event) => {
  if (event.target.matches?.("#rule-response")) event.target.form.dispatchEvent(new CustomEvent("leadrelay:probe"));
});
document.addEventListener("htmx:load", (event) => dressAll(event.detail.elt));
dressAll(document);
document.querySelector("#editor [aria-invalid]")?.focus();

// Leaving an open rule with changes asks first: they are nowhere else yet.
let isChanged = false;
for (const kind of ["input", "leadrelay:probe"]) {
  document.addEventListener(kind, (event) => (isChanged ||= Boolean(event.target.closest?.("#editor"))), true);
}
document.addEventListener("submit", () => (isChanged = false));
document.addEventListener("click", (event) => event.target.closest?.("#editor .foot a") && (isChanged = false));
addEventListener("beforeunload", (event) => isChanged && event.preventDefault());
