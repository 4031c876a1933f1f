// The checklist: native radio buttons and fields, so that the keyboard works as anywhere.

let lists = 0;

export default {
  render({ model, el }) {
    const list = ++lists; // radio buttons of one name exclude each other, across the whole page
    const rows = new Map();
    const counts = [];

    function save() {
      const entries = {};
      for (const [key, row] of rows) {
        const chosen = row.radios.find((radio) => radio.checked);
        if (chosen) entries[key] = { observation: chosen.value, note: row.note.value };
      }
      model.set("entries", entries);
      model.save_changes();
      count();
    }

    function count() {
      for (const { summary, keys } of counts) {
        const done = keys.filter((key) => rows.get(key).radios.some((radio) => radio.checked)).length;
        summary.textContent = `${done} of ${keys.length}`;
        summary.classList.toggle("sgc-done", done > 0);
      }
    }

    function show() {
      const entries = model.get("entries");
      for (const [key, row] of rows) {
        const said = entries[key];
        for (const radio of row.radios) radio.checked = Boolean(said) && radio.value === said.observation;
        const note = said ? said.note : "";
        if (row.note.value !== note && document.activeElement !== row.note) row.note.value = note;
        row.note.disabled = !said;
        row.clear.hidden = !said;
      }
      count();
    }

    function line(component, characteristic) {
      const key = `${component} / ${characteristic}`;
      const radios = model.get("observations").map((observation) =>
        make("input", { type: "radio", name: `sgc ${list} ${key}`, value: observation, onchange: () => { save(); show(); } }),
      );
      const note = make("input", {
        type: "text", placeholder: "note", maxLength: 500, disabled: true, onchange: save,
        aria: { "aria-label": `Note on ${key}` },
      });
      const clear = make("button", {
        type: "button", textContent: "Clear", hidden: true, aria: { "aria-label": `Clear ${key}` },
        onclick: () => {
          for (const radio of radios) radio.checked = false;
          save();
          show();
          radios[0].focus();
        },
      });
      rows.set(key, { radios, note, clear });
      const choices = radios.map((radio) => make("label", {}, radio, radio.value));
      return make(
        "fieldset", { className: "sgc-line" },
        make("legend", { textContent: characteristic }),
        make("span", { className: "sgc-choices" }, ...choices), note, clear,
      );
    }

    const parts = model.get("components").map(([component, characteristics], n) => {
      const lines = characteristics.map((characteristic) => line(component, characteristic));
      const summary = make("span", { className: "sgc-count" });
      counts.push({ summary, keys: characteristics.map((characteristic) => `${component} / ${characteristic}`) });
      return make("details", { open: n === 0 }, make("summary", {}, component, summary), ...lines);
    });
    const every = make("button", {
      type: "button", textContent: "Open all",
      onclick: () => {
        const open = parts.some((part) => !part.open);
        for (const part of parts) part.open = open;
        every.textContent = open ? "Close all" : "Open all";
      },
    });
    el.append(
      make("div", { className: "sgc", aria: { role: "group", "aria-label": "Checklist", "data-lm-suppress-shortcuts": "true" } }, every, ...parts),
    );
    model.on("change:entries", show);
    show();
    return () => model.off("change:entries", show);
  },
};
