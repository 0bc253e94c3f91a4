// The leads list: a filter applies as soon as it is chosen; empty ones stay out of the address.

const form = document.querySelector("[data-filters]");

form?.addEventListener("change", (event) => {
  if (event.target.type !== "search") form.requestSubmit();
});

form?.addEventListener("submit", () => {
  for (const control of form.elements) {
    if (control.name && !control.value) control.disabled = true;
  }
});

addEventListener("pageshow", () => {
  for (const control of form?.elements ?? []) control.disabled = false;
});
