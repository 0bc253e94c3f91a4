// Runs before the first paint: the chosen theme, and the mark that scripts are on.
(function () {
  var root = document.documentElement;
  root.classList.add("js");
  try {
    var chosen = localStorage.getItem("leadrelay.theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch (error) {
    // Storage is blocked: the system decides.
  }
})();
