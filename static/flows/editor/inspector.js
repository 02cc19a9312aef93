/** Opens the server's dialog for a shape and takes over what it confirms. */

import { attachAlternatives } from "./alternatives.js";
import { configure, nodeOf, toGraph } from "./graph.js";

export function attachInspector(editor) {
  const { root, viewport, store, canvas } = editor;
  const place = document.getElementById("dialog");
  attachAlternatives(place);
  let open = null; // the id of the shape whose dialog is open

  async function show(id) {
    const node = nodeOf(store.doc, id);
    open = id;
    await window.htmx.ajax("POST", root.dataset.dialogUrl.replace("TYPE", encodeURIComponent(node.type)), {
      target: "#dialog",
      swap: "innerHTML",
      values: { opening: "1", node: id, config: JSON.stringify(node.config), graph: JSON.stringify(toGraph(store.doc)) },
    });
    place.querySelector("dialog")?.addEventListener("close", () => canvas.focus(id));
  }
  editor.configure = show;

  // The dialog answers its own form: with the form again, or, when all is well, with JSON.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    if (target !== place || !open || !xhr.getResponseHeader("Content-Type")?.startsWith("application/json")) return;
    event.detail.shouldSwap = false;
    const id = open;
    if (nodeOf(store.doc, id)) store.commit(configure(store.doc, id, JSON.parse(xhr.responseText)));
    canvas.flush();
    place.querySelector("dialog")?.close();
    editor.say("Configured. Save when you are done.");
  });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    // The form came back with errors: it is a new dialog, which must hand the focus back just the same.
    if (event.detail.target !== place || !open) return;
    const id = open;
    const dialog = place.querySelector("dialog[data-node-dialog]");
    dialog?.addEventListener("close", () => { if (!place.querySelector("dialog[open]")) canvas.focus(id); });
    (dialog?.querySelector(".invalid :is(input, select, textarea)") ?? dialog?.querySelector(".dialog-body :is(input:not([type=hidden]), select, textarea)"))?.focus();
  });

  viewport.addEventListener("dblclick", (event) => {
    if (event.target.closest("a")) return; // its number is a link of its own
    const id = event.target.closest(".node-card")?.closest("[data-id]")?.dataset.id;
    if (id && !editor.connecting()) show(id);
  });
}
