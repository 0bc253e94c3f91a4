// The switch between light and dark. Choosing what the system has anyway forgets the choice.

const root = document.documentElement;
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

function current() {
  return root.dataset.theme || (systemIsDark.matches ? "dark" : "light");
}

function choose(theme) {
  const isSystems = theme === (systemIsDark.matches ? "dark" : "light");
  if (isSystems) delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (isSystems) localStorage.removeItem("leadrelay.theme");
    else localStorage.setItem("leadrelay.theme", theme);
  } catch {
    // Storage is blocked: the choice holds for this page.
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-switch]")) choose(current() === "dark" ? "light" : "dark");
});
