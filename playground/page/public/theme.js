// Runs before the first paint, which a module cannot, so that nobody sees the other theme flash by. See store/theme.ts.
try {
  const kept = JSON.parse(localStorage.getItem("hallpass.theme") ?? "null");
  document.documentElement.dataset.theme = kept === "light" || kept === "dark" ? kept : "system";
} catch {
  document.documentElement.dataset.theme = "system";
}
