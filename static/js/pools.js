// A pool's page: its own hours open with the choice, seats are put in order by dragging.

const form = document.querySelector("[data-pool]");

form?.addEventListener("change", (event) => {
  if (event.target.name !== "open_hours") return;
  const hours = form.querySelector(".own-hours");
  if (hours) hours.open = event.target.value === "own";
});

// --- Seats -----------------------------------------------------------------------------------

const body = document.querySelector("[data-seats]");
let dragged = null;

function after(y) {
  const rows = [...body.querySelectorAll("tr")].filter((row) => row !== dragged);
  return rows.find((row) => {
    const box = row.getBoundingClientRect();
    return y < box.top + box.height / 2;
  });
}

body?.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest("button.grip");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  dragged = grip.closest("tr");
  dragged.classList.add("is-dragging");
  grip.setPointerCapture(event.pointerId);
});
body?.addEventListener("pointermove", (event) => {
  if (dragged) body.insertBefore(dragged, after(event.clientY) ?? null);
});
for (const kind of ["pointerup", "pointercancel"]) {
  body?.addEventListener(kind, () => {
    dragged?.classList.remove("is-dragging");
    dragged = null;
  });
}
