// What a page says of itself: what is being done while it opens, who reads it, and that it has ended.
(() => {
  const LOOK_MS = 60_000;
  const about = JSON.parse(document.getElementById("sg-about").textContent);
  const began = performance.now();
  let ended = false;

  function say(text, done) {
    const line = document.getElementById("loading_text");
    const bar = document.getElementById("loading_bar");
    if (line && text) { line.textContent = text; }
    if (bar && done !== undefined) { bar.value = done; }
  }
  const ticking = setInterval(() => {
    const place = document.getElementById("loading_seconds");
    if (!place) { clearInterval(ticking); return; }
    place.textContent = `${Math.round((performance.now() - began) / 1000)} s`;
  }, 1000);

  window.voila_heartbeat = () => {};
  window.update_loading_text = (index) => say(about.doing[index], index);
  window.display_cells = () => {
    if (!window.themeLoaded) {
      window.cellLoaded = true;
      say("Drawing the page", about.doing.length);
      return;
    }
    document.getElementById("loading")?.remove();
    document.getElementById("rendered_cells").style.display = "";
    performance.mark("sg-shown");
  };
  window.voila_process = window.update_loading_text;
  window.voila_finish = window.display_cells;

  async function whoReads() {
    const answer = await fetch(`${about.base}reader`);
    const { officer } = answer.ok ? await answer.json() : { officer: "" };
    if (!officer) { return; }
    document.getElementById("sg-who").textContent = `Signed in as ${officer}`;
    document.getElementById("sg-out").hidden = false;
  }

  function end(sentence) {
    if (ended) { return; }
    ended = true;
    const said = document.createElement("p");
    said.className = "sg-gone";
    said.setAttribute("role", "alert");
    const again = document.createElement("a");
    again.href = window.location.href;
    again.textContent = "Open it again";
    said.append(`${sentence} `, again, ".");
    document.body.prepend(said);
  }

  async function look() {
    const config = document.getElementById("jupyter-config-data");
    const kernel = config ? JSON.parse(config.textContent).kernelId : null;
    if (!kernel || document.hidden) { return; }
    let status = 0;
    try { status = (await fetch(`${about.base}api/kernels/${kernel}`)).status; } catch { /* no server */ }
    if (status === 404) { end(`This page was not used for ${about.idle} minutes, and has ended.`); }
    if (status === 403) { end("Your sign-in has ended or was taken back."); }
    if (status === 0) { end("The server does not answer."); }
  }

  // A page is printed with its charts, which are drawn once it is seen; it waits for them, but not for ever.
  function drawn() {
    const charts = [...document.querySelectorAll(".sg-chart .jp-OutputArea-output, .sg-chart .jupyter-widget-output")];
    return document.querySelector(".sg-page") && !document.querySelector(".sg-later")
      && charts.every((chart) => chart.querySelector(".main-svg"));
  }
  function print(left) {
    if (left > 0 && !drawn()) { setTimeout(() => print(left - 1), 100); return; }
    window.print();
  }
  document.getElementById("sg-print").addEventListener("click", () => print(300));
  whoReads();
  setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", look);
})();
