/** The panel at the side: the fields of what is selected, or of the whole mail. */
import { control, el } from "./controls.js";
import * as designs from "./design.js";

export function makeInspector(panel, known, { change, act, upload }) {
  let shown = null;

  const lookFields = [
    { name: "accent", label: "Links and buttons", kind: "colour" },
    { name: "text", label: "Text", kind: "colour" },
    { name: "surface", label: "Behind the text", kind: "colour" },
    { name: "background", label: "Around the mail", kind: "colour" },
    { name: "font", label: "Font", kind: "choice", choices: [["", "The brand’s"], ...Object.entries(known.fonts)] },
    { name: "width", label: "Width", kind: "number", least: 320, most: 900 },
  ];
  const sectionFields = [
    { name: "layout", label: "Columns", kind: "choice", choices: Object.keys(known.layouts).map((key) => [key, key.replaceAll("-", " : ")]) },
    { name: "background", label: "Background", kind: "colour" },
    { name: "padding", label: "Space above and below", kind: "number", least: 0, most: 120 },
  ];

  function fieldsOf(design, id) {
    const one = id && designs.get(design, id);
    if (!one) {
      const set = (name, value) => change((now) => designs.setLook(now, name, value));
      return { title: "The whole mail", fields: lookFields, values: { width: 600, font: "", ...design.look }, set };
    }
    if (one.columns) {
      const set = (name, value) =>
        change((now) =>
          name === "layout"
            ? designs.setLayout(now, id, value, known.layouts[value].length)
            : designs.setSection(now, id, { [name]: value }),
        );
      return { title: "Section", fields: sectionFields, values: one, set };
    }
    const kind = known.kinds[one.type];
    const set = (name, value) => change((now) => designs.setValue(now, id, name, value));
    return { title: kind.label, fields: kind.fields, values: { ...kind.defaults, ...one.values }, set };
  }

  function bar() {
    const button = (label, name, icon) =>
      el("button", { type: "button", className: "button small", textContent: icon, title: label, ariaLabel: label, onclick: () => act(name) });
    return el(
      "div",
      { className: "inspector-bar" },
      button("Move up", "up", "↑"),
      button("Move down", "down", "↓"),
      button("Duplicate", "duplicate", "Duplicate"),
      button("Remove", "remove", "Remove"),
    );
  }

  return {
    /** Draws the fields anew only where something else is selected, so that typing is not disturbed. */
    show(design, id, again = false) {
      const key = `${id ?? ""}`;
      if (shown === key && !again) return;
      shown = key;
      const { title, fields, values, set } = fieldsOf(design, id);
      const head = el("h2", { textContent: title });
      const controls = fields.map((field) => control(field, values[field.name] ?? "", (value) => set(field.name, value), { upload }));
      panel.replaceChildren(head, ...(id ? [bar()] : []), ...controls);
    },
    /** Says next to the fields what is wrong with them. */
    blame(problems, id) {
      for (const field of panel.querySelectorAll("[data-field]")) {
        const found = problems.find((one) => one.place === (id ?? "look") && one.field === field.dataset.field);
        const error = field.querySelector(".error");
        field.classList.toggle("invalid", Boolean(found));
        error.hidden = !found;
        error.textContent = found?.sentence ?? "";
      }
    },
  };
}
