// Light or dark: as the reader chose here, else as their system is set. Before anything is painted.
(() => {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = window.localStorage.getItem("sg-theme"); } catch { /* a browser that keeps nothing */ }
  // As the style sheet has read it, which stands before this.
  const asked = () => getComputedStyle(document.documentElement).getPropertyValue("--sg-system").trim();
  const dark = () => (chosen === null ? asked() : chosen) === "dark";
  function show() {
    document.documentElement.dataset.theme = dark() ? "dark" : "light";
    const button = document.getElementById("sg-theme");
    if (button) { button.textContent = dark() ? "Light" : "Dark"; }
  }
  show();
  system.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || event.target.id !== "sg-theme") { return; }
    chosen = dark() ? "light" : "dark";
    try { window.localStorage.setItem("sg-theme", chosen); } catch { /* as above */ }
    show();
  });
})();
