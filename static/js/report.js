// A report on paper: the button asks the browser to print. Without scripts its own menu does.
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
