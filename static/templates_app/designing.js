/**
 * A message in a form that is made of blocks: opens the block editor over the page, and takes over what it says when it
 * is done. The page beneath stays as it is; nothing is kept before its own form is.
 */

const el = (tag, given) => Object.assign(document.createElement(tag), given);
let working = null; // the element whose design is open

class MessageDesign extends HTMLElement {
  connectedCallback() {
    if (!this.started) {
      this.started = true;
      this.input = this.querySelector("input[type=hidden]");
      this.addEventListener("click", (event) => {
        if (event.target.closest("[data-open]")) this.open();
        if (event.target.closest("[data-to-code]")) this.toCode();
      });
    }
    this.show();
  }

  /**
   * A field beside the design, such as “body”: the nearest under the same prefix. A part of the page that is just being
   * replaced may hold the same names for a moment.
   */
  beside(name) {
    const wanted = `[name="${CSS.escape(this.input.name.replace(/design$/, "") + name)}"]`;
    for (let around = this.parentElement; around; around = around.parentElement) {
      const field = around.querySelector(wanted);
      if (field || around.matches("form")) return field;
    }
    return null;
  }

  show() {
    const { value } = this.input;
    // Where there is a design, the code is made of it.
    for (const name of ["body", "markup"]) {
      const field = this.beside(name)?.closest(".field");
      if (field) field.hidden = Boolean(value);
    }
    this.querySelector("[data-label]").textContent = value ? "Edit the design" : "Design with blocks";
    this.querySelector("[data-to-code]").hidden = !value;
    this.querySelector("[data-said]").textContent = value ? count(value) : "";
  }

  put(name, value) {
    const field = this.beside(name);
    if (!field) return;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  open() {
    const dialog = el("dialog", { className: "design-dialog", ariaLabel: "Design of the message" });
    const frame = el("iframe", { name: "design-frame", title: "Block editor" });
    dialog.append(frame);
    document.body.append(dialog);
    working = { element: this, dialog, frame };
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      frame.contentWindow.postMessage({ leave: true }, location.origin);
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      working = null;
      this.querySelector("[data-open]").focus();
    });
    dialog.showModal();
    this.send(frame.name);
  }

  /** The design goes by a form into the frame: it may be longer than an address. */
  send(target) {
    const form = el("form", { method: "post", action: this.dataset.url, target, hidden: true });
    const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
    const sent = { csrfmiddlewaretoken: token, design: this.input.value };
    for (const name of ["subject", "preheader", "body"]) sent[name] = this.beside(name)?.value ?? "";
    if (this.input.value) delete sent.body;
    const { event } = (this.closest("dialog") ?? document).querySelector("[data-inserter]")?.dataset ?? {};
    if (event !== undefined) sent.event = event;
    for (const [name, value] of Object.entries(sent)) form.append(Object.assign(el("textarea", { name }), { value }));
    document.body.append(form);
    form.submit();
    form.remove();
  }

  take({ design, subject, preheader, body, markup }) {
    this.input.value = JSON.stringify(design);
    for (const [name, value] of Object.entries({ subject, preheader, markup, body })) this.put(name, value);
    this.show();
  }

  toCode() {
    this.input.value = "";
    this.put("markup", "mjml");
    this.show();
    this.beside("body")?.focus();
  }
}

function count(design) {
  const blocks = JSON.parse(design).sections.reduce((sum, section) => sum + section.columns.flat().length, 0);
  return `${blocks} ${blocks === 1 ? "block" : "blocks"}`;
}

addEventListener("message", ({ data, origin, source }) => {
  if (!working || origin !== location.origin || source !== working.frame.contentWindow) return;
  if (!data || !("designed" in data)) return;
  const { element, dialog } = working;
  if (data.designed) element.take(data.designed);
  dialog.close();
});

customElements.get("message-design") ?? customElements.define("message-design", MessageDesign);
