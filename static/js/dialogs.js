// [data-open="id"] opens a <dialog>, [data-close] closes it; menus (<details>) close by Escape and outside;
// [data-dismiss] puts a notice away.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  const dialog = opener && document.getElementById(opener.dataset.open);
  if (dialog?.showModal) {
    event.preventDefault(); // a link opens the page that does the same, until this script is there
    dialog.showModal();
  }
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement) event.target.close(); // the backdrop
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) dismiss.closest("li, .notice-bar, [role=alert]")?.remove();
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

function openMenus() {
  return document.querySelectorAll("details[open]:has(> .menu)");
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

document.addEventListener("focusout", (event) => {
  for (const menu of openMenus()) {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  }
});
