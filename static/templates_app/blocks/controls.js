/** A control for each kind of field. Each returns an element and calls `change(value)`; none knows a block by name. */

const el = (tag, given = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
};

const text = (field, value, change, type = "text") =>
  el("input", { type, value: value ?? "", maxLength: 2000, oninput: (event) => change(event.target.value) });

function number(field, value, change) {
  const given = { type: "number", value, min: field.least, max: field.most };
  return el("input", { ...given, oninput: (event) => change(event.target.valueAsNumber || 0) });
}

const choice = (field, value, change) =>
  el(
    "select",
    { onchange: (event) => change(event.target.value) },
    ...field.choices.map(([key, label]) => el("option", { value: key, selected: key === value, textContent: label })),
  );

const code = (field, value, change) =>
  el("textarea", { value, rows: 10, className: "code", spellcheck: false, oninput: (event) => change(event.target.value) });

function colour(field, value, change) {
  const picker = el("input", { type: "color", value: value || "#000000", "aria-label": `${field.label}: pick` });
  const written = el("input", { type: "text", value, placeholder: "As the rest", maxLength: 7, "data-main": "" });
  picker.addEventListener("input", () => change((written.value = picker.value)));
  written.addEventListener("input", () => {
    if (/^#[0-9a-f]{6}$/i.test(written.value)) picker.value = written.value;
    change(written.value);
  });
  return el("div", { className: "colour-control" }, picker, written);
}

function image(field, value, change, { upload }) {
  const address = text(field, value, change, "url");
  address.dataset.main = "";
  const said = el("p", { className: "help", role: "status" });
  const file = el("input", { type: "file", accept: "image/png,image/jpeg,image/gif", className: "sr-only", tabIndex: -1 });
  file.addEventListener("change", async () => {
    if (!file.files[0]) return;
    said.textContent = "Uploading…";
    try {
      const kept = await upload(file.files[0]);
      address.value = kept.url;
      said.textContent = `${kept.width} × ${kept.height} pixels`;
      change(kept.url);
    } catch (error) {
      said.textContent = error.message;
    }
    file.value = "";
  });
  const button = el("button", { type: "button", className: "button small", textContent: "Upload…", onclick: () => file.click() });
  return el("div", { className: "image-control" }, address, button, file, said);
}

function rich(field, value, change) {
  const box = el("div", { contentEditable: "true", className: "rich", role: "textbox", "data-main": "", "data-rich": "" });
  box.setAttribute("aria-multiline", "true");
  // Parsed apart from the page: nothing in it is fetched or run, and only what texts are made of is taken over.
  box.append(...safely(value));
  const tell = () => change(box.innerHTML);
  box.addEventListener("input", tell);
  box.addEventListener("paste", (event) => {
    event.preventDefault();
    document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
  });
  const act = (label, shown, command) =>
    el("button", {
      type: "button",
      className: "button ghost small",
      textContent: shown,
      title: label,
      ariaLabel: label,
      onmousedown: (event) => event.preventDefault(),
      onclick: () => {
        box.focus();
        command();
        tell();
      },
    });
  const run = (name) => () => document.execCommand(name, false);
  const link = () => {
    const url = prompt("Where does the link lead?", "https://");
    if (url && /^(https?:|mailto:|tel:|\{\{)/i.test(url.trim())) document.execCommand("createLink", false, url.trim());
  };
  const bar = el(
    "div",
    { className: "rich-bar", role: "toolbar", ariaLabel: "Formatting" },
    act("Bold", "B", run("bold")),
    act("Italic", "I", run("italic")),
    act("Underline", "U", run("underline")),
    act("List", "•", run("insertUnorderedList")),
    act("Numbered list", "1.", run("insertOrderedList")),
    act("Link", "Link", link),
    act("No link", "Unlink", run("unlink")),
  );
  return el("div", { className: "rich-control" }, bar, box);
}

const TAGS = new Set("P BR STRONG B EM I U S A UL OL LI H1 H2 H3 BLOCKQUOTE DIV SPAN".split(" "));

function safely(html) {
  const copy = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return [document.createTextNode(node.data)];
    if (node.nodeType !== Node.ELEMENT_NODE) return [];
    const inside = [...node.childNodes].flatMap(copy);
    if (!TAGS.has(node.tagName)) return inside;
    const made = el(node.tagName.toLowerCase(), {}, ...inside);
    const href = node.getAttribute("href");
    if (href && /^(https?:|mailto:|tel:|\{\{)/i.test(href)) made.setAttribute("href", href);
    return [made];
  };
  return [...new DOMParser().parseFromString(html, "text/html").body.childNodes].flatMap(copy);
}

function rows(field, value, change) {
  const box = el("div", { className: "rows-control" });
  const draw = (list) => {
    const tell = (next) => {
      list = next;
      change(next);
    };
    const line = (row, n) => {
      const inputs = field.columns.map(([name, label]) =>
        el("input", {
          type: "text",
          value: row[name] ?? "",
          placeholder: label,
          ariaLabel: `${label} ${n + 1}`,
          oninput: (event) => tell(list.map((one, m) => (m === n ? { ...one, [name]: event.target.value } : one))),
        }),
      );
      const gone = () => {
        tell(list.filter((_, m) => m !== n));
        draw(list);
      };
      const button = { type: "button", className: "button ghost icon small", textContent: "×", ariaLabel: `Remove row ${n + 1}` };
      return el("div", { className: "row-line" }, ...inputs, el("button", { ...button, onclick: gone }));
    };
    const add = () => {
      tell([...list, Object.fromEntries(field.columns.map(([name]) => [name, ""]))]);
      draw(list);
    };
    const more = el("button", { type: "button", className: "button small", textContent: "Add", onclick: add });
    box.replaceChildren(...list.map(line), more);
  };
  draw(value ?? []);
  return box;
}

const CONTROLS = { text, url: text, number, choice, code, colour, image, rich, rows };

/** A labelled control with its help and what is wrong with it. */
export function control(field, value, change, tools) {
  const id = `field-${field.name}`;
  const made = CONTROLS[field.kind](field, value, change, tools);
  const main = made.matches("input, select, textarea") ? made : made.querySelector("[data-main]");
  if (main) {
    main.id = id;
    main.setAttribute("aria-describedby", `${id}-error`);
    if (main.isContentEditable) main.setAttribute("aria-label", field.label);
  }
  const label = el("label", { textContent: field.label });
  label.setAttribute("for", id);
  const error = el("p", { className: "error", id: `${id}-error`, hidden: true });
  const help = field.help ? [el("div", { className: "help", textContent: field.help })] : [];
  return el("div", { className: "field", "data-field": field.name }, label, made, ...help, error);
}

export { el };
