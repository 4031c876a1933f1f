// Buttons that fetch a file when they are pressed: its bytes come as a message and are handed to the browser to keep.
function render({ model, el }) {
  const row = document.createElement("div");
  row.className = "sg-download";
  const said = document.createElement("span");
  said.setAttribute("role", "status");

  function draw() {
    row.replaceChildren(...model.get("kinds").map((kind) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "jupyter-widgets jupyter-button widget-button";
      button.textContent = kind.toUpperCase();
      button.setAttribute("aria-label", `Download ${model.get("name")} as ${kind.toUpperCase()}`);
      button.addEventListener("click", () => {
        said.textContent = `Making the ${kind.toUpperCase()} file…`;
        model.send({ want: kind });
      });
      return button;
    }), said);
  }

  function take(message, buffers) {
    if (message.problem) {
      said.textContent = message.problem;
      return;
    }
    const address = URL.createObjectURL(new Blob([buffers[0]], { type: "application/octet-stream" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = message.name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    said.textContent = `${message.name} is with your browser.`;
  }

  model.on("msg:custom", take);
  model.on("change:kinds change:name", draw);
  draw();
  el.append(row);
  return () => {
    model.off("msg:custom", take);
    model.off("change:kinds change:name", draw);
  };
}
export default { render };
