// A place to drop files, or to choose them: sent in parts, so that no message is larger than the server takes, with how
// far it is, and with a sentence where they are too large. The limit is checked before a byte is sent.
const PART = 2 * 1024 * 1024;

function render({ model, el }) {
  const place = document.createElement("div");
  place.className = "sg-upload";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jupyter-widgets jupyter-button widget-button";
  button.textContent = model.get("label");
  const asks = document.createElement("span");
  asks.textContent = `or drop them here, up to ${model.get("limit_mb")} MB at once`;
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.accept = model.get("accept");
  input.hidden = true;
  button.addEventListener("click", () => input.click());
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", "Files sent");
  bar.hidden = true;
  const said = document.createElement("span");
  said.setAttribute("role", "alert");
  place.append(button, asks, input);
  el.append(place, bar, said);
  let heard = () => {};

  const mb = (bytes) => Math.ceil(bytes / 1024 / 1024).toLocaleString("en-GB");

  async function send(files) {
    const limit = model.get("limit_mb");
    const total = files.reduce((sum, file) => sum + file.size, 0);
    if (files.length === 0) { return; }
    if (total > limit * 1024 * 1024) {
      const what = files.length === 1 ? "The file is" : "Together the files are";
      said.textContent = `${what} larger than ${limit} MB (${mb(total)} MB). Nothing was sent; `
        + "send them in several parts, or use the command line.";
      return;
    }
    said.textContent = "";
    button.disabled = true;
    bar.hidden = false;
    bar.max = Math.max(total, 1);
    bar.value = 0;
    for (const [index, file] of files.entries()) {
      let from = 0;
      do {
        const bytes = await file.slice(from, from + PART).arrayBuffer();
        const answered = new Promise((resolve) => { heard = resolve; });
        from += bytes.byteLength;
        const ends = from >= file.size;
        model.send({ name: file.name, ends, last: ends && index === files.length - 1 }, undefined, [bytes]);
        await answered;
        bar.value += bytes.byteLength;
      } while (from < file.size);
    }
    bar.hidden = true;
    button.disabled = false;
    input.value = "";
  }

  const take = (message) => {
    if (message.problem) { said.textContent = message.problem; }
    heard();
  };
  model.on("msg:custom", take);
  input.addEventListener("change", () => send([...input.files]));
  place.addEventListener("dragover", (event) => { event.preventDefault(); place.classList.add("sg-over"); });
  place.addEventListener("dragleave", () => place.classList.remove("sg-over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("sg-over");
    send([...event.dataTransfer.files]);
  });
  return () => model.off("msg:custom", take);
}
export default { render };
