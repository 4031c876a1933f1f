// The comparison viewer: two aligned pictures on one canvas. It holds no rule and measures nothing.
//
// Pictures come as messages and stay in this page's memory: they are no part of the widget's state, which JupyterLab
// would write into the notebook.

const WIDE = 1000, HIGH = 1200; // every picture
const GAP = 8, TALLEST = 760, GROUND = "#e9edf1", ACCENT = "#f0b429";
const FIT = { zoom: 1, x: WIDE / 2, y: HIGH / 2 };
const START = { mode: "side", opacity: 0.5, rate: 1.5, split: 0.5, grid: false, grey: false, contrast: 1, gamma: 1 };
const MODES = [
  ["side", "Side by side", "1"],
  ["overlay", "Overlay", "2"],
  ["flicker", "Flicker", "3"],
  ["vertical", "Vertical curtain", "4"],
  ["horizontal", "Horizontal curtain", "5"],
];
// What the one slider beside the modes sets in each: name, trait, least, most, step, how it is said.
const share = (value) => `${Math.round(100 * value)} %`;
const SETS = {
  overlay: ["Candidate over still", "opacity", 0, 1, 0.05, share],
  flicker: ["Changes a second", "rate", 0.5, 3, 0.25, (value) => value.toFixed(2)],
  vertical: ["Curtain", "split", 0, 1, 0.02, share],
  horizontal: ["Curtain", "split", 0, 1, 0.02, share],
};
const TONES = [
  ["Contrast", "contrast", 0.5, 3, 0.1, (value) => `${value.toFixed(1)} x`],
  ["Gamma", "gamma", 0.4, 3, 0.1, (value) => value.toFixed(1)],
];
const KEYS = [
  ["1 2 3 4 5", "side by side, overlay, flicker, vertical curtain, horizontal curtain"],
  ["[  ]", "less, more: overlay, flicker rate, curtain"],
  ["Space", "flicker: stop, then change by hand; Enter goes on"],
  ["+  -", "zoom in, out (also the wheel, once the pictures are clicked)"],
  ["← → ↑ ↓", "move both pictures (also by dragging)"],
  ["0", "whole picture"],
  ["e  E", "next, previous picture of the still: as received, enhanced"],
  ["n  p", "next, previous picture of the candidate"],
  ["g", "grey, both alike"],
  ["l", "grid of lines"],
  ["c  C", "more, less contrast, both alike"],
  ["m  M", "lighter, darker middle tones (gamma), both alike"],
  ["x", "reset everything"],
  ["?", "this list; Esc closes it"],
];

function toned(bitmap, { grey, contrast, gamma }) {
  if (!grey && contrast === 1 && gamma === 1) return bitmap;
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const picture = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const tone = new Uint8ClampedArray(256);
  for (let v = 0; v < 256; v++) tone[v] = (255 * (v / 255) ** (1 / gamma) - 127.5) * contrast + 127.5;
  const data = picture.data;
  for (let i = 0; i < data.length; i += 4) {
    if (grey) {
      const light = tone[(0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2] + 0.5) | 0];
      data[i] = data[i + 1] = data[i + 2] = light;
    } else {
      data[i] = tone[data[i]];
      data[i + 1] = tone[data[i + 1]];
      data[i + 2] = tone[data[i + 2]];
    }
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

class Viewer {
  constructor(model, el) {
    this.model = model;
    this.set = { ...START };
    this.view = { ...FIT };
    this.first = true; // flicker: the still is shown
    this.kept = new Map(); // key -> { bitmap, note, tone, toned } or { problem }
    this.chosen = { still: "", candidate: "" };
    this.build(el);
    this.received = (message, buffers) => this.receive(message, buffers);
    this.listed = () => this.list();
    model.on("msg:custom", this.received);
    model.on("change:comparison", this.listed);
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(this.stage);
    this.list();
  }

  close() {
    this.model.off("msg:custom", this.received);
    this.model.off("change:comparison", this.listed);
    this.watch.disconnect();
    clearTimeout(this.timer);
    clearTimeout(this.rest);
    cancelAnimationFrame(this.frame);
  }

  // ---------------------------------------------------------------- what is on the page

  build(el) {
    this.modes = MODES.map(([mode, name, key]) =>
      make("button", {
        type: "button", textContent: name, title: `${name} (${key})`, onclick: () => this.change({ mode }),
        aria: { "aria-keyshortcuts": key },
      }),
    );
    this.pick = {
      still: make("select", { onchange: () => this.choose("still", this.pick.still.value) }),
      candidate: make("select", { onchange: () => this.choose("candidate", this.pick.candidate.value) }),
    };
    this.canvas = make("canvas", { aria: { role: "img" } });
    this.stage = make(
      "div", { className: "sgv-stage", tabIndex: 0, aria: { role: "group", "aria-label": "Pictures; ? lists the keys" } },
      this.canvas,
    );
    this.said = {
      still: make("p", { className: "sgv-said" }),
      candidate: make("p", { className: "sgv-said" }),
    };
    this.sliders = {};
    this.ofMode = make("span", { className: "sgv-slot" });
    const tones = TONES.map((tone) => this.slider(...tone));
    this.grey = this.tick("Grey", "grey", "g");
    this.grid = this.tick("Grid", "grid", "l");
    const zoom = ["−", "+"].map((sign, n) =>
      make("button", {
        type: "button", textContent: sign, onclick: () => this.zoom(n ? 1.25 : 0.8),
        aria: { "aria-label": n ? "Zoom in" : "Zoom out" },
      }),
    );
    const whole = make("button", { type: "button", textContent: "Whole picture", onclick: () => this.look(FIT) });
    const reset = make("button", { type: "button", textContent: "Reset", title: "Reset (x)", onclick: () => this.reset() });
    this.asked = make("button", {
      type: "button", textContent: "Keys", title: "Keyboard shortcuts (?)", onclick: () => this.help(true),
      aria: { "aria-haspopup": "dialog" },
    });
    this.live = make("p", { className: "sgv-unseen", aria: { "aria-live": "polite" } });
    this.list_of_keys = this.dialog();
    this.root = make(
      "div", { className: "sgv", aria: { role: "group", "aria-label": "Comparison viewer", "data-lm-suppress-shortcuts": "true" } },
      make("div", { className: "sgv-bar" },
        make("div", { className: "sgv-modes", aria: { role: "group", "aria-label": "How the two are shown" } }, ...this.modes),
        this.ofMode,
        make("span", { className: "sgv-ends" }, reset, this.asked),
      ),
      make("div", { className: "sgv-picks" },
        make("label", {}, make("span", { textContent: "Still" }), this.pick.still),
        make("label", {}, make("span", { textContent: "Candidate" }), this.pick.candidate),
      ),
      this.stage,
      make("div", { className: "sgv-picks" }, this.said.still, this.said.candidate),
      make("div", { className: "sgv-bar", aria: { role: "group", "aria-label": "Both pictures alike" } },
        make("span", { className: "sgv-zoom" }, zoom[0], whole, zoom[1]), ...tones, this.grey.label, this.grid.label,
      ),
      this.live,
      this.list_of_keys,
    );
    el.append(this.root);
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.point();
  }

  slider(name, what, least, most, step, say) {
    const input = make("input", {
      type: "range", min: least, max: most, step, value: this.set[what],
      oninput: () => this.change({ [what]: Number(input.value) }, false),
    });
    const told = make("output", { textContent: say(this.set[what]) });
    this.sliders[what] = { input, told, say };
    return make("label", { className: "sgv-slider" }, make("span", { textContent: name }), input, told);
  }

  tick(name, what, key) {
    const input = make("input", {
      type: "checkbox", onchange: () => this.change({ [what]: input.checked }), aria: { "aria-keyshortcuts": key },
    });
    return { input, label: make("label", { className: "sgv-tick", title: `${name} (${key})` }, input, name) };
  }

  dialog() {
    const rows = KEYS.map(([keys, does]) =>
      make("tr", {}, make("th", { scope: "row", textContent: keys }), make("td", { textContent: does })),
    );
    const close = make("button", { type: "button", textContent: "Close", onclick: () => this.help(false) });
    this.closes = close;
    return make(
      "div", { className: "sgv-help", hidden: true, aria: { role: "dialog", "aria-modal": "false", "aria-label": "Keyboard shortcuts" } },
      make("h3", { textContent: "Keyboard shortcuts" }), make("table", {}, make("tbody", {}, ...rows)), close,
    );
  }

  help(open) {
    this.list_of_keys.hidden = !open;
    (open ? this.closes : this.stage).focus();
  }

  // ---------------------------------------------------------------- pictures

  list() {
    this.comparison = this.model.get("comparison");
    this.kept.clear();
    const pictures = this.model.get("pictures");
    for (const side of ["still", "candidate"]) {
      const own = pictures.filter((picture) => picture.side === side);
      this.pick[side].replaceChildren(
        ...own.map(({ key, caption }) => make("option", { value: key, textContent: caption })),
      );
      this.pick[side].disabled = own.length < 2;
      this.choose(side, own.length ? own[0].key : "");
    }
    this.reset(false);
  }

  choose(side, key) {
    this.chosen[side] = key;
    this.pick[side].value = key;
    if (key && !this.kept.has(key)) {
      this.kept.set(key, null);
      this.model.send({ want: key, comparison: this.comparison });
    }
    this.tell();
    this.draw();
  }

  next(side, by) {
    const keys = [...this.pick[side].options].map((option) => option.value);
    if (keys.length) this.choose(side, keys[(keys.indexOf(this.chosen[side]) + by + keys.length) % keys.length]);
  }

  async receive(message, buffers) {
    if (message.comparison !== this.comparison || !message.picture) return;
    if (message.problem) this.kept.set(message.picture, { problem: message.problem });
    else {
      const bitmap = await createImageBitmap(new Blob([buffers[0]], { type: "image/png" }));
      if (message.comparison !== this.comparison) return;
      this.kept.set(message.picture, { bitmap, note: message.note });
    }
    this.tell();
    this.draw();
  }

  shown(side) {
    const found = this.kept.get(this.chosen[side]);
    if (!found || !found.bitmap) return null;
    const { grey, contrast, gamma } = this.set;
    const tone = `${grey} ${contrast} ${gamma}`;
    if (found.tone !== tone) Object.assign(found, { tone, toned: toned(found.bitmap, this.set) });
    return found.toned;
  }

  // ---------------------------------------------------------------- changes

  change(given, told = true) {
    Object.assign(this.set, given);
    if (given.mode) {
      this.first = true;
      const set = SETS[given.mode];
      this.ofMode.replaceChildren(...(set ? [this.slider(...set)] : []));
    }
    for (const [what, { input, told: output, say }] of Object.entries(this.sliders)) {
      input.value = this.set[what];
      output.textContent = say(this.set[what]);
    }
    this.modes.forEach((button, n) => button.setAttribute("aria-pressed", String(MODES[n][0] === this.set.mode)));
    this.grey.input.checked = this.set.grey;
    this.grid.input.checked = this.set.grid;
    this.turn();
    this.tell(told);
    this.draw();
  }

  step(what, [, , least, most, step], by) {
    const value = Math.min(most, Math.max(least, this.set[what] + by * step));
    this.change({ [what]: Math.round(value * 1000) / 1000 });
  }

  reset(told = true) {
    this.view = { ...FIT };
    // Whoever asked for less motion gets a flicker that stands still until it is started; the style sheet knows.
    this.stopped = getComputedStyle(this.root).getPropertyValue("--sgv-still").trim() === "1";
    this.change({ ...START }, told);
  }

  look({ zoom, x, y }) {
    const bound = (value, most) => Math.min(most - most / (2 * zoom), Math.max(most / (2 * zoom), value));
    this.view = { zoom, x: bound(x, WIDE), y: bound(y, HIGH) };
    this.draw();
  }

  zoom(by, at = this.view) {
    const zoom = Math.min(12, Math.max(1, this.view.zoom * by));
    const kept = this.view.zoom / zoom; // the point under the pointer stays there
    this.look({ zoom, x: at.x + (this.view.x - at.x) * kept, y: at.y + (this.view.y - at.y) * kept });
  }

  turn() {
    clearTimeout(this.timer);
    if (this.set.mode !== "flicker" || this.stopped) return;
    this.timer = setTimeout(() => {
      this.first = !this.first;
      this.draw();
      this.turn();
    }, 1000 / this.set.rate);
  }

  // What is shown, in words: under the pictures, and for those who do not see them.
  tell(aloud = false) {
    const words = {};
    for (const side of ["still", "candidate"]) {
      const option = this.pick[side].selectedOptions[0];
      const found = this.kept.get(this.chosen[side]);
      const note = !this.chosen[side] ? "no picture" : !found ? "loading" : (found.problem ?? found.note);
      words[side] = option ? option.textContent : "";
      this.said[side].textContent = note;
    }
    const mode = MODES.find(([name]) => name === this.set.mode)[1];
    const said = `${mode}: ${words.still}; ${words.candidate}`;
    this.canvas.setAttribute("aria-label", said);
    if (aloud) this.live.textContent = said;
  }

  // ---------------------------------------------------------------- keys and pointer

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape" && !this.list_of_keys.hidden) {
      this.help(false);
      event.preventDefault();
      return;
    }
    const on = event.target.tagName;
    if (on === "SELECT" || (on === "INPUT" && event.target.type === "range")) return;
    if ((on === "BUTTON" || on === "INPUT") && [" ", "Enter"].includes(event.key)) return;
    const move = 60 / this.view.zoom;
    const pan = (x, y) => this.look({ ...this.view, x: this.view.x + x * move, y: this.view.y + y * move });
    const set = SETS[this.set.mode];
    const acts = {
      "[": () => set && this.step(set[1], set, -1), "]": () => set && this.step(set[1], set, 1),
      "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8), 0: () => this.look(FIT),
      ArrowLeft: () => pan(-1, 0), ArrowRight: () => pan(1, 0), ArrowUp: () => pan(0, -1), ArrowDown: () => pan(0, 1),
      e: () => this.next("still", 1), E: () => this.next("still", -1),
      n: () => this.next("candidate", 1), p: () => this.next("candidate", -1),
      g: () => this.change({ grey: !this.set.grey }), l: () => this.change({ grid: !this.set.grid }),
      c: () => this.step("contrast", TONES[0], 1), C: () => this.step("contrast", TONES[0], -1),
      m: () => this.step("gamma", TONES[1], 1), M: () => this.step("gamma", TONES[1], -1),
      x: () => this.reset(), "?": () => this.help(this.list_of_keys.hidden),
      " ": () => this.hold(true), Enter: () => this.hold(false),
    };
    for (const [mode, , key] of MODES) acts[key] = () => this.change({ mode });
    const act = acts[event.key];
    if (!act) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  }

  hold(stop) {
    if (this.set.mode !== "flicker") return;
    if (stop && this.stopped) this.first = !this.first;
    this.stopped = stop;
    this.turn();
    this.draw();
  }

  point() {
    let last = null, curtain = false;
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const along = (event) => {
      const [pane] = this.panes();
      const [x, y] = at(event);
      return this.set.mode === "vertical" ? (x - pane.left) / pane.width : (y - pane.top) / pane.height;
    };
    this.stage.addEventListener("pointerdown", (event) => {
      this.stage.focus({ preventScroll: true });
      this.stage.setPointerCapture(event.pointerId);
      const curtained = ["vertical", "horizontal"].includes(this.set.mode);
      curtain = curtained && (this.view.zoom === 1 || Math.abs(along(event) - this.set.split) < 0.03);
      last = at(event);
    });
    this.stage.addEventListener("pointermove", (event) => {
      if (!last) return;
      const [x, y] = at(event);
      if (curtain) this.change({ split: Math.min(1, Math.max(0, along(event))) }, false);
      else {
        const scale = this.scale(this.panes()[0]);
        this.look({ ...this.view, x: this.view.x - (x - last[0]) / scale, y: this.view.y - (y - last[1]) / scale });
      }
      last = [x, y];
    });
    for (const name of ["pointerup", "pointercancel"]) this.stage.addEventListener(name, () => (last = null));
    this.stage.addEventListener("dblclick", () => this.look(FIT));
    this.stage.addEventListener("wheel", (event) => {
      if (document.activeElement !== this.stage) return; // else the page could not be scrolled past
      event.preventDefault();
      const [x, y] = at(event);
      const pane = this.panes().find((one) => x < one.left + one.width) ?? this.panes()[0];
      const scale = this.scale(pane);
      this.zoom(Math.exp(-event.deltaY / 400), {
        x: this.view.x + (x - pane.left - pane.width / 2) / scale,
        y: this.view.y + (y - pane.top - pane.height / 2) / scale,
      });
    }, { passive: false });
  }

  // ---------------------------------------------------------------- drawing

  fit() {
    const width = Math.floor(this.stage.clientWidth);
    if (!width) return;
    const height = Math.round(Math.min(TALLEST, (((width - GAP) / 2) * HIGH) / WIDE));
    const dots = window.devicePixelRatio || 1;
    this.size = { width, height, dots };
    this.canvas.width = Math.round(width * dots);
    this.canvas.height = Math.round(height * dots);
    this.canvas.style.height = `${height}px`;
    this.paint();
  }

  panes() {
    const { width, height } = this.size;
    if (this.set.mode !== "side") return [{ left: 0, top: 0, width, height }];
    const half = (width - GAP) / 2;
    return [0, half + GAP].map((left) => ({ left, top: 0, width: half, height }));
  }

  scale(pane) {
    return Math.min(pane.width / WIDE, pane.height / HIGH) * this.view.zoom;
  }

  draw() {
    this.canvas.dataset.drawn = "moving";
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint("low");
      // At rest once more, as finely as the browser can: while something moves, it must keep up.
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.paint(), 120);
    });
  }

  paint(quality = "high") {
    if (!this.size) return;
    if (quality === "high") this.canvas.dataset.drawn = "at rest";
    const context = this.canvas.getContext("2d", { alpha: false });
    context.setTransform(this.size.dots, 0, 0, this.size.dots, 0, 0);
    context.imageSmoothingQuality = quality;
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, this.size.width, this.size.height);
    const panes = this.panes();
    const { mode, split, opacity } = this.set;
    panes.forEach((pane, n) => {
      context.fillStyle = GROUND;
      context.fillRect(pane.left, pane.top, pane.width, pane.height);
      if (mode === "side") this.picture(context, n ? "candidate" : "still", pane);
      else if (mode === "flicker") this.picture(context, this.first ? "still" : "candidate", pane);
      else {
        this.picture(context, "still", pane);
        if (mode === "overlay") this.picture(context, "candidate", pane, pane, opacity);
        if (mode === "vertical")
          this.picture(context, "candidate", pane, { ...pane, left: pane.left + pane.width * split, width: pane.width * (1 - split) });
        if (mode === "horizontal")
          this.picture(context, "candidate", pane, { ...pane, top: pane.top + pane.height * split, height: pane.height * (1 - split) });
      }
      if (this.set.grid) this.lines(context, pane);
    });
    if (mode === "vertical" || mode === "horizontal") this.curtain(context, panes[0], mode === "vertical", split);
    if (mode === "flicker") this.label(context, panes[0], this.first ? "still" : "candidate");
  }

  within(context, part, act) {
    context.save();
    context.beginPath();
    context.rect(part.left, part.top, part.width, part.height);
    context.clip();
    act();
    context.restore();
  }

  picture(context, side, pane, part = pane, opacity = 1) {
    const bitmap = this.shown(side);
    this.within(context, part, () => {
      const scale = this.scale(pane);
      const left = pane.left + pane.width / 2 - this.view.x * scale;
      const top = pane.top + pane.height / 2 - this.view.y * scale;
      if (bitmap) {
        context.globalAlpha = opacity;
        context.drawImage(bitmap, left, top, WIDE * scale, HIGH * scale);
        return;
      }
      context.fillStyle = "#52606d";
      context.font = "14px sans-serif";
      context.textAlign = "center";
      const found = this.kept.get(this.chosen[side]);
      const said = found ? "This picture cannot be shown." : this.chosen[side] ? "Loading ..." : "No picture";
      context.fillText(said, part.left + part.width / 2, part.top + part.height / 2);
    });
  }

  lines(context, pane) {
    this.within(context, pane, () => {
      const scale = this.scale(pane);
      const left = pane.left + pane.width / 2 - this.view.x * scale;
      const top = pane.top + pane.height / 2 - this.view.y * scale;
      context.lineWidth = 1;
      for (const [ink, shift] of [["rgba(0,0,0,.45)", 0.5], ["rgba(255,255,255,.65)", 1.5]]) {
        context.strokeStyle = ink;
        context.beginPath();
        for (let n = 0; n <= 10; n++) {
          const x = Math.round(left + (n * WIDE * scale) / 10) + shift;
          context.moveTo(x, Math.max(top, pane.top));
          context.lineTo(x, Math.min(top + HIGH * scale, pane.top + pane.height));
        }
        for (let n = 0; n <= 12; n++) {
          const y = Math.round(top + (n * HIGH * scale) / 12) + shift;
          context.moveTo(Math.max(left, pane.left), y);
          context.lineTo(Math.min(left + WIDE * scale, pane.left + pane.width), y);
        }
        context.stroke();
      }
    });
  }

  curtain(context, pane, upright, split) {
    context.fillStyle = ACCENT;
    if (upright) context.fillRect(pane.left + pane.width * split - 1.5, pane.top, 3, pane.height);
    else context.fillRect(pane.left, pane.top + pane.height * split - 1.5, pane.width, 3);
    this.label(context, pane, "still", true);
    this.label(context, pane, "candidate", true, upright);
  }

  label(context, pane, side, corner = false, upright = false) {
    const words = side === "still" ? "Still" : "Candidate";
    context.font = "600 13px sans-serif";
    context.textAlign = "left";
    const width = context.measureText(words).width + 16;
    const far = corner && side === "candidate";
    const left = far && upright ? pane.left + pane.width - width - 8 : pane.left + 8;
    const top = far && !upright ? pane.top + pane.height - 32 : pane.top + 8;
    context.fillStyle = "rgba(27,39,51,.85)";
    context.fillRect(left, top, width, 24);
    context.fillStyle = "#ffffff";
    context.fillText(words, left + 8, top + 17);
  }
}

export default {
  render({ model, el }) {
    const viewer = new Viewer(model, el);
    return () => viewer.close();
  },
};
