// Gives the handles of sliders the name that stands beside them: their maker leaves them without one, so that a screen
// reader would say "slider" and nothing else. And tells the kernel once the page is painted, so that it draws the charts then.
function name(page) {
  for (const handle of page.querySelectorAll(".noUi-handle:not([aria-label])")) {
    const slider = handle.closest(".jupyter-widgets");
    const label = slider?.querySelector(".widget-label")?.textContent || "Value";
    handle.setAttribute("aria-label", label);
  }
}

const OPENS = "#rows-";

function tellOncePainted(model) {
  // A page in a tab behind others is never painted; it is told of all the same.
  let told = false;
  const tell = () => {
    if (!told) { told = true; model.send({ seen: true }); }
  };
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(tell)));
  setTimeout(tell, 1500);
}

function render({ model, el }) {
  let watcher, page;
  const opened = (event) => {
    const count = event.target.closest?.(`a[href^="${OPENS}"]`);
    if (!count) { return; }
    event.preventDefault();
    model.send({ number: decodeURIComponent(count.getAttribute("href").slice(OPENS.length)) });
  };
  tellOncePainted(model);
  // Drawn before it is put in its page, it looks for that a moment later.
  const soon = setTimeout(() => {
    page = el.closest(".sg-page") ?? document.body;
    page.addEventListener("click", opened);
    watcher = new MutationObserver(() => name(page));
    watcher.observe(page, { childList: true, subtree: true });
    name(page);
  }, 100);
  return () => {
    clearTimeout(soon);
    watcher?.disconnect();
    page?.removeEventListener("click", opened);
  };
}
export default { render };
