// The drawing of a network of persons and offences on one canvas. It holds no rule: what is kept, marked and chosen comes
// from the kernel as arrays, and what the reader chose goes back as node numbers. Nodes are persons first, then offences.
//
// A canvas and not WebGL: it draws ten thousand nodes in some tens of milliseconds without a graphics card, which remote
// desktops rarely have, and it can be saved as a picture.

const STATUS = [
  { name: "corroborated", colour: ["--sg-corroborated", "#0072b2"], shape: "circle", dash: [] },
  { name: "proposed", colour: ["--sg-proposed", "#d55e00"], shape: "diamond", dash: [6, 3] },
  { name: "unknown person", colour: ["--sg-unknown", "#5f6b76"], shape: "square", dash: [2, 3] },
];
const KEYS = "left and right go from node to node, down to those linked to it, up back; Enter chooses, Esc chooses nothing; " +
  "Shift with an arrow moves, + and - zoom, 0 shows all";
const HELP = {
  pan: "Drag to move, wheel to zoom, click to choose",
  box: "Drag a box round what to choose; with Shift it is added",
  lasso: "Draw round what to choose; with Shift it is added",
};
const LABELS = 40, MOST_DASHED = 4000, FARTHEST = 400;

const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const typed = (Kind, view) => new Kind(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

class Network {
  constructor(model, el) {
    this.model = model;
    this.mode = "pan";
    this.persons = 0;
    this.view = { scale: 1, x: 0, y: 0 };
    this.chosen = new Set();
    this.marked = { nodes: new Set(), links: [] };
    this.drawn = 0;
    this.levels = []; // where the keyboard is: a list of nodes and a place in it, within that the nodes linked to it, ...
    this.build(el);
    this.received = (message, buffers) => this.receive(message, buffers);
    this.captioned = () => this.tell();
    model.on("msg:custom", this.received);
    model.on("change:caption", this.captioned);
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(this.stage);
    // Light or dark is an attribute of the page, or of JupyterLab's body.
    this.look_of_page = new MutationObserver(() => this.draw());
    for (const one of [document.documentElement, document.body]) {
      this.look_of_page.observe(one, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light"] });
    }
    model.send({ ready: true });
  }

  close() {
    this.model.off("msg:custom", this.received);
    this.model.off("change:caption", this.captioned);
    this.watch.disconnect();
    this.look_of_page.disconnect();
    cancelAnimationFrame(this.frame);
  }

  build(el) {
    const modes = [["pan", "Move"], ["box", "Box"], ["lasso", "Lasso"]];
    this.modes = modes.map(([mode, name]) =>
      make("button", { type: "button", textContent: name, title: HELP[mode], onclick: () => this.turn(mode) }),
    );
    const button = (text, label, act) =>
      make("button", { type: "button", textContent: text, onclick: act, aria: { "aria-label": label } });
    this.canvas = make("canvas", { aria: { role: "img", "aria-label": "Network" } });
    this.tip = make("div", { className: "sgn-tip", hidden: true, aria: { "aria-hidden": "true" } });
    this.stage = make(
      "div",
      { className: "sgn-stage", tabIndex: 0, aria: { role: "application", "aria-label": `Network. ${KEYS}.`, "data-mode": "pan" } },
      this.canvas, this.tip,
    );
    this.help = make("p", { className: "sgn-said" });
    this.said = make("p", { className: "sgn-said", aria: { "aria-live": "polite" } });
    this.here = make("p", { className: "sgn-here", aria: { "aria-live": "assertive" } });
    this.root = make(
      "div", { className: "sgn", aria: { role: "group", "aria-label": "Network drawing", "data-lm-suppress-shortcuts": "true" } },
      make("div", { className: "sgn-bar" },
        make("span", { aria: { role: "group", "aria-label": "What the pointer does" } }, ...this.modes),
        make("span", {}, button("−", "Zoom out", () => this.zoom(0.8)), button("Show all", "Show all", () => this.whole()),
          button("+", "Zoom in", () => this.zoom(1.25))),
        make("span", {}, button("Choose nothing", "Choose nothing", () => this.choose(new Set()))),
        make("span", {}, button("Save picture", "Save the drawing as PNG", () => this.save())),
        make("p", { className: "sgn-key", textContent: "● corroborated  ◆ proposed  ■ unknown person  · offence" }),
      ),
      // Always shown: text that comes and goes would move what is about to be clicked.
      this.help, make("p", { className: "sgn-said", textContent: `By keyboard: ${KEYS}` }), this.stage, this.here, this.said,
    );
    el.append(this.root);
    this.turn("pan");
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("focus", () => this.draw());
    this.stage.addEventListener("blur", () => this.draw());
    this.point();
  }

  // ---------------------------------------------------------------- what comes from the kernel

  receive(message, buffers) {
    if (message.kind === "network") {
      const [places, status, one, other, linked] = buffers;
      this.places = typed(Float32Array, places);
      this.status = typed(Uint8Array, status);
      this.one = typed(Uint32Array, one);
      this.other = typed(Uint32Array, other);
      this.linked = typed(Uint8Array, linked);
      this.persons = message.labels.length - message.offences;
      this.labels = message.labels;
      this.kept = new Uint8Array(this.one.length).fill(1);
      this.count();
      this.whole();
    } else if (message.kind === "kept") {
      this.kept = typed(Uint8Array, buffers[0]);
      this.count();
    } else if (message.kind === "chosen") {
      this.chosen = new Set(typed(Uint32Array, buffers[0]));
    } else if (message.kind === "marked") {
      this.marked = { nodes: new Set(typed(Uint32Array, buffers[0])), links: [...typed(Uint32Array, buffers[1])] };
      if (message.look) this.look([...this.marked.nodes]);
    } else return;
    this.tell();
    this.draw();
  }

  // What is on the drawing: nodes with a link that is kept, and how many.
  count() {
    this.degree = new Uint32Array(this.labels.length);
    for (let n = 0; n < this.one.length; n++) {
      if (!this.kept[n]) continue;
      this.degree[this.one[n]]++;
      this.degree[this.other[n]]++;
    }
    this.order = [];
    for (let n = 0; n < this.persons; n++) if (this.degree[n]) this.order.push(n);
    this.order.sort((a, b) => this.degree[b] - this.degree[a] || a - b);
    this.levels = []; // nodes that are gone are not gone to
  }

  // ---------------------------------------------------------------- drawing

  fit() {
    const { width, height } = this.stage.getBoundingClientRect();
    const dense = window.devicePixelRatio || 1;
    const wide = Math.round(width * dense), high = Math.round(height * dense);
    if (!wide || !high || (this.canvas.width === wide && this.canvas.height === high)) return;
    Object.assign(this.canvas, { width: wide, height: high });
    Object.assign(this, { wide: width, high: height, dense });
    this.draw();
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  // Where a node is on the canvas, in CSS pixels.
  unit() {
    return (Math.min((this.wide - 32) / 2, (this.high - 32) / 1.25)) * this.view.scale;
  }

  at(node) {
    const unit = this.unit();
    return [
      this.wide / 2 + (this.places[2 * node] - this.view.x) * unit,
      this.high / 2 - (this.places[2 * node + 1] - this.view.y) * unit,
    ];
  }

  paint() {
    if (!this.places || !this.wide) return;
    const began = performance.now(), style = getComputedStyle(this.root);
    const colour = ([name, fallback]) => style.getPropertyValue(name).trim() || fallback;
    const context = this.canvas.getContext("2d");
    context.setTransform(this.dense, 0, 0, this.dense, 0, 0);
    context.fillStyle = colour(["--sg-paper", "#ffffff"]);
    context.fillRect(0, 0, this.wide, this.high);
    const ink = colour(["--sg-ink", "#1b2733"]), muted = colour(["--sg-muted", "#8a96a1"]);
    const paper = colour(["--sg-paper", "#ffffff"]);
    this.project();
    STATUS.forEach((status, kind) => this.lines(context, kind, colour(status.colour), status.dash));
    this.dots(context, muted);
    STATUS.forEach((status, kind) => this.marks(context, kind, colour(status.colour), status.shape, paper));
    this.highlights(context, ink, paper, colour(["--sg-focus", "#9a5b00"]));
    this.names(context, ink, paper);
    this.lassoed(context, ink);
    this.drawn++;
    this.root.dataset.drawn = this.drawn;
    this.root.dataset.ms = (performance.now() - began).toFixed(1);
  }

  project() {
    const unit = this.unit(), places = this.places, count = this.labels.length;
    if (!this.px || this.px.length !== count) Object.assign(this, { px: new Float32Array(count), py: new Float32Array(count) });
    const dx = this.wide / 2 - this.view.x * unit, dy = this.high / 2 + this.view.y * unit;
    for (let n = 0; n < count; n++) {
      this.px[n] = dx + places[2 * n] * unit;
      this.py[n] = dy - places[2 * n + 1] * unit;
    }
  }

  seen(n, margin = 20) {
    return this.px[n] > -margin && this.px[n] < this.wide + margin && this.py[n] > -margin && this.py[n] < this.high + margin;
  }

  lines(context, kind, colour, dash) {
    const { one, other, kept, linked, px, py } = this;
    context.beginPath();
    for (let n = 0; n < one.length; n++) {
      if (!kept[n] || linked[n] !== kind) continue;
      const a = one[n], b = other[n];
      if (!this.seen(a) && !this.seen(b)) continue;
      context.moveTo(px[a], py[a]);
      context.lineTo(px[b], py[b]);
    }
    context.strokeStyle = colour;
    context.globalAlpha = 0.45;
    context.lineWidth = one.length > MOST_DASHED ? 0.6 : 1;
    context.setLineDash(one.length > MOST_DASHED ? [] : dash);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  // Half a node's width: larger with the offences, smaller where there are many, growing as one comes nearer.
  half(n) {
    const base = this.labels.length > 2000 ? 1.3 : 3;
    const size = n < this.persons ? base * (1.2 + Math.min(Math.sqrt(this.degree[n]), 5) * 0.5) : base * 0.7;
    return Math.min(size * Math.max(1, Math.sqrt(this.view.scale) * 0.9), 16);
  }

  dots(context, colour) {
    context.fillStyle = colour;
    const half = this.half(this.persons), round = this.labels.length <= 2000 || this.view.scale > 3;
    context.beginPath();
    for (let n = this.persons; n < this.labels.length; n++) {
      if (!this.degree[n] || !this.seen(n)) continue;
      if (round) this.shape(context, n, "circle", half);
      else context.fillRect(this.px[n] - half, this.py[n] - half, 2 * half, 2 * half);
    }
    context.fill();
  }

  shape(context, n, shape, half) {
    const x = this.px[n], y = this.py[n];
    if (shape === "circle") {
      context.moveTo(x + half, y);
      context.arc(x, y, half, 0, 2 * Math.PI);
    } else if (shape === "square") context.rect(x - half * 0.9, y - half * 0.9, 1.8 * half, 1.8 * half);
    else {
      context.moveTo(x, y - half * 1.25);
      context.lineTo(x + half * 1.25, y);
      context.lineTo(x, y + half * 1.25);
      context.lineTo(x - half * 1.25, y);
      context.closePath();
    }
  }

  marks(context, kind, colour, shape, paper) {
    context.beginPath();
    for (const n of this.order) if (this.status[n] === kind && this.seen(n)) this.shape(context, n, shape, this.half(n));
    context.fillStyle = colour;
    context.fill();
    if (this.labels.length > 2000 && this.view.scale < 4) return;
    context.strokeStyle = paper;
    context.lineWidth = 1;
    context.stroke();
  }

  highlights(context, ink, paper, focus) {
    context.beginPath();
    for (const n of this.marked.links) {
      context.moveTo(this.px[this.one[n]], this.py[this.one[n]]);
      context.lineTo(this.px[this.other[n]], this.py[this.other[n]]);
    }
    context.strokeStyle = ink;
    context.lineWidth = 2.5;
    context.stroke();
    this.rings(context, this.marked.nodes, ink, 3, 2);
    this.rings(context, this.chosen, ink, 5, 4);
    this.rings(context, this.chosen, "#f0b429", 5, 2.2);
    if (this.cursor < 0 || document.activeElement !== this.stage) return;
    this.rings(context, [this.cursor], paper, 9, 7);
    this.rings(context, [this.cursor], focus, 9, 4);
  }

  rings(context, nodes, colour, out, width) {
    context.beginPath();
    for (const n of nodes) {
      if (!this.degree[n] && !this.marked.nodes.has(n)) continue;
      const half = this.half(n) + out;
      context.moveTo(this.px[n] + half, this.py[n]);
      context.arc(this.px[n], this.py[n], half, 0, 2 * Math.PI);
    }
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }

  // Names of whoever is chosen or marked, then of those with most offences, where none is written yet.
  names(context, ink, paper) {
    context.font = '12px "Inter", "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif';
    context.textAlign = "center";
    context.lineJoin = "round";
    const at = this.cursor < 0 ? [] : [this.cursor];
    const taken = [], first = [...at, ...this.marked.nodes, ...this.chosen].filter((n) => this.degree[n] || this.marked.nodes.has(n));
    for (const n of [...new Set([...first, ...this.order])]) {
      if (taken.length >= LABELS) break;
      if (!this.seen(n, 0)) continue;
      const half = context.measureText(this.labels[n]).width / 2 + 3;
      const x = this.px[n], y = this.py[n] - this.half(n) - 5;
      if (taken.some(([tx, ty, th]) => Math.abs(tx - x) < th + half && Math.abs(ty - y) < 15)) continue;
      taken.push([x, y, half]);
      context.strokeStyle = paper;
      context.lineWidth = 3;
      context.strokeText(this.labels[n], x, y);
      context.fillStyle = ink;
      context.fillText(this.labels[n], x, y);
    }
  }

  lassoed(context, ink) {
    if (!this.trail || this.trail.length < 2) return;
    context.beginPath();
    for (const [x, y] of this.outline()) context.lineTo(x, y);
    context.closePath();
    context.globalAlpha = 0.1;
    context.fillStyle = ink;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = ink;
    context.lineWidth = 1.5;
    context.setLineDash([4, 3]);
    context.stroke();
    context.setLineDash([]);
  }

  outline() {
    if (this.mode !== "box") return this.trail;
    const [x0, y0] = this.trail[0], [x1, y1] = this.trail[this.trail.length - 1];
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  }

  // ---------------------------------------------------------------- where one looks

  whole() {
    this.view = { scale: 1, x: 0, y: 0 };
    this.draw();
  }

  zoom(by, around = [this.wide / 2, this.high / 2]) {
    const unit = this.unit(), scale = Math.min(FARTHEST, Math.max(0.5, this.view.scale * by));
    const next = unit * (scale / this.view.scale);
    this.view.x += (around[0] - this.wide / 2) * (1 / unit - 1 / next);
    this.view.y -= (around[1] - this.high / 2) * (1 / unit - 1 / next);
    this.view.scale = scale;
    this.draw();
  }

  move(dx, dy) {
    this.view.x -= dx / this.unit();
    this.view.y += dy / this.unit();
    this.draw();
  }

  look(nodes) {
    if (!nodes.length) return;
    const xs = nodes.map((n) => this.places[2 * n]), ys = nodes.map((n) => this.places[2 * n + 1]);
    const [west, east] = [Math.min(...xs), Math.max(...xs)], [south, north] = [Math.min(...ys), Math.max(...ys)];
    const room = Math.max((east - west) / 2, (north - south) / 1.25, 0.05) * 2.2;
    this.view = { scale: Math.min(FARTHEST, Math.max(1, 1 / room)), x: (west + east) / 2, y: (south + north) / 2 };
  }

  // ---------------------------------------------------------------- choosing

  turn(mode) {
    this.mode = mode;
    this.stage.dataset.mode = mode;
    this.modes.forEach((button, n) => button.setAttribute("aria-pressed", String(["pan", "box", "lasso"][n] === mode)));
    this.help.textContent = HELP[mode];
  }

  choose(nodes) {
    this.chosen = nodes;
    this.model.send({ chosen: [...nodes] });
    this.tell();
    this.draw();
  }

  nearest(x, y) {
    let best = -1, least = Infinity;
    for (let n = 0; n < this.labels.length; n++) {
      if (!this.degree[n]) continue;
      const away = Math.hypot(this.px[n] - x, this.py[n] - y) - this.half(n);
      if (away < 5 && away < least) [best, least] = [n, away];
    }
    return best;
  }

  within() {
    const path = new Path2D();
    for (const [x, y] of this.outline()) path.lineTo(x, y);
    path.closePath();
    const context = this.canvas.getContext("2d"), found = new Set();
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (let n = 0; n < this.labels.length; n++) {
      if (this.degree[n] && context.isPointInPath(path, this.px[n], this.py[n])) found.add(n);
    }
    context.restore();
    return found;
  }

  point() {
    const where = (event) => {
      const box = this.stage.getBoundingClientRect();
      return [event.clientX - box.left - this.stage.clientLeft, event.clientY - box.top - this.stage.clientTop];
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      if (!this.places || event.button) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.from = this.last = where(event);
      this.trail = this.mode === "pan" ? null : [this.from];
      this.stage.focus({ preventScroll: true });
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.places || !this.px) return;
      const at = where(event);
      if (this.from && this.trail) {
        this.trail.push(at);
        this.draw();
      } else if (this.from) {
        this.move(at[0] - this.last[0], at[1] - this.last[1]);
        this.last = at;
      } else this.hover(at);
    });
    const end = (event) => {
      if (!this.from) return;
      const at = where(event), still = Math.hypot(at[0] - this.from[0], at[1] - this.from[1]) < 4;
      const more = event.shiftKey || event.ctrlKey || event.metaKey;
      if (event.type === "pointerup" && still) this.toggle(this.nearest(...at));
      else if (event.type === "pointerup" && this.trail) {
        this.choose(new Set([...(more ? this.chosen : []), ...this.within()]));
      }
      this.from = this.trail = null;
      this.draw();
    };
    this.canvas.addEventListener("pointerup", end);
    this.canvas.addEventListener("pointercancel", end);
    this.canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    this.canvas.addEventListener("wheel", (event) => {
      if (document.activeElement !== this.stage && !event.ctrlKey) return; // a page that is scrolled past stays as it is
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), where(event));
    }, { passive: false });
  }

  toggle(node) {
    if (node < 0) return;
    const chosen = new Set(this.chosen);
    if (!chosen.delete(node)) chosen.add(node);
    this.choose(chosen);
  }

  hover([x, y]) {
    const node = this.nearest(x, y);
    this.tip.hidden = node < 0;
    if (node < 0) return;
    this.tip.textContent = this.about(node).join("\n");
    this.tip.style.left = `${Math.min(x + 12, this.wide - 160)}px`;
    this.tip.style.top = `${Math.max(y - 44, 4)}px`;
  }

  // What a node is, and how much it is linked to.
  about(node) {
    const person = node < this.persons;
    const kind = person ? STATUS[this.status[node]].name : "offence";
    return [`${this.labels[node]} (${kind})`, counted(this.degree[node], person ? "offence" : "person")];
  }

  // ---------------------------------------------------------------- the keyboard

  // The node the keyboard is at, or -1.
  get cursor() {
    const level = this.levels[this.levels.length - 1];
    return level ? level.nodes[level.at] : -1;
  }

  // Every node that is drawn, as the keyboard goes: persons with most offences first, then offences.
  every() {
    const offences = [];
    for (let n = this.persons; n < this.labels.length; n++) if (this.degree[n]) offences.push(n);
    return [...this.order, ...offences];
  }

  linkedTo(node) {
    const found = new Set();
    for (let n = 0; n < this.one.length; n++) {
      if (!this.kept[n]) continue;
      if (this.one[n] === node) found.add(this.other[n]);
      else if (this.other[n] === node) found.add(this.one[n]);
    }
    return [...found].sort((a, b) => this.degree[b] - this.degree[a] || a - b);
  }

  // Go a step along the list, into what is linked (deeper 1), or back out (deeper -1).
  step(along, deeper) {
    if (!this.places || !this.order.length) return;
    if (!this.levels.length) this.levels = [{ nodes: this.every(), at: 0 }];
    else if (deeper > 0) this.levels.push({ nodes: this.linkedTo(this.cursor), at: 0 });
    else if (deeper < 0) {
      if (this.levels.length > 1) this.levels.pop();
    } else {
      const level = this.levels[this.levels.length - 1];
      level.at = (level.at + along + level.nodes.length) % level.nodes.length;
    }
    this.arrive();
  }

  // Show the node the keyboard is at, and say what it is.
  arrive() {
    const node = this.cursor, [x, y] = this.at(node), room = 30;
    if (x < room || y < room || x > this.wide - room || y > this.high - room) {
      Object.assign(this.view, { x: this.places[2 * node], y: this.places[2 * node + 1] });
    }
    this.tell();
    this.draw();
  }

  // What the keyboard is at, in words.
  whereabouts() {
    const node = this.cursor;
    if (node < 0) return "";
    const { nodes, at } = this.levels[this.levels.length - 1], above = this.levels[this.levels.length - 2];
    const of = above ? `of those linked to ${this.labels[above.nodes[above.at]]}` : "of all";
    const chosen = this.chosen.has(node) ? ", chosen" : "";
    return `${this.about(node).join(", ")}${chosen}; ${at + 1} of ${nodes.length} ${of}`;
  }

  key(event) {
    if (event.target !== this.stage || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = {
      ArrowLeft: () => this.move(40, 0), ArrowRight: () => this.move(-40, 0), ArrowUp: () => this.move(0, 40),
      ArrowDown: () => this.move(0, -40),
    };
    const steps = {
      ArrowLeft: () => this.step(-1, 0), ArrowRight: () => this.step(1, 0), ArrowUp: () => this.step(0, -1),
      ArrowDown: () => this.step(0, 1),
    };
    const acts = {
      ...(event.shiftKey ? moves : steps), Enter: () => this.toggle(this.cursor), " ": () => this.toggle(this.cursor), "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8),
      0: () => this.whole(), Escape: () => this.choose(new Set()),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  // ---------------------------------------------------------------- words and files

  tell() {
    if (!this.labels) return;
    let offences = 0;
    for (let n = this.persons; n < this.labels.length; n++) if (this.degree[n]) offences++;
    const chosen = [...this.chosen].filter((n) => this.degree[n]).length;
    const said = `${counted(this.order.length, "person")}, ${counted(offences, "offence")} drawn; ${chosen} chosen`;
    this.said.textContent = said;
    this.here.textContent = this.whereabouts();
    this.canvas.setAttribute("aria-label", `${this.model.get("caption")}. ${said}.`);
  }

  save() {
    const { width, height } = this.canvas, room = 26 * this.dense;
    const out = make("canvas", { width, height: height + room });
    const context = out.getContext("2d");
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, width, height + room);
    context.drawImage(this.canvas, 0, 0);
    context.fillStyle = "#1b2733";
    context.font = `${12 * this.dense}px sans-serif`;
    context.fillText(this.model.get("caption"), 8 * this.dense, height + 17 * this.dense, width - 16 * this.dense);
    out.toBlob((blob) => {
      const link = make("a", { href: URL.createObjectURL(blob), download: "network.png" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    }, "image/png");
  }
}

export default {
  render({ model, el }) {
    const network = new Network(model, el);
    return () => network.close();
  },
};
