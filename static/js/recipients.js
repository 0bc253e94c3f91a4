// A recipient's form: fields are ticked all at once.

const form = document.querySelector("[data-recipient]");

form?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-tick]");
  if (!button) return;
  const isTicked = button.dataset.tick === "all";
  for (const box of form.querySelectorAll(".sent-fields input[type=checkbox]")) {
    box.checked = isTicked;
  }
});
