// The print button works only where scripts run, so it shows only there; the browser's own printing needs neither.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
