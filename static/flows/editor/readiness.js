/** Whether the scenario can start now, and, where it cannot, why: beside the Start button and in the list of problems. */

import { nodeOf } from "./graph.js";
import { rectOf } from "./geometry.js";

export function attachReadiness(editor, problems) {
  const { root, store, types, view, canvas } = editor;
  const start = root.querySelector("[data-start]");
  const hint = root.querySelector("[data-start-hint]");
  const panel = root.querySelector("[data-problems]");
  const list = panel.querySelector("ul");
  let general = []; // problems of the scenario as a whole
  let drawn = store.doc;

  /** Shows what the server found: [{node: id or null, message}]. */
  editor.pin = (found) => {
    general = found.filter((problem) => !problem.node || !nodeOf(store.doc, problem.node)).map((problem) => problem.message);
    const pinned = new Map();
    for (const { node, message } of found) if (node) pinned.set(node, [...(pinned.get(node) ?? []), message]);
    canvas.setPinned(pinned);
    refresh();
  };

  function row({ node, message }) {
    const item = document.createElement("li");
    if (!node) {
      item.textContent = message;
      return item;
    }
    const button = document.createElement("button");
    button.type = "button";
    const label = document.createElement("strong");
    label.textContent = types[nodeOf(store.doc, node).type]?.label ?? node;
    button.append(label, ` ${message}`);
    button.addEventListener("click", () => {
      panel.open = false;
      store.select([node]);
      view.reveal(rectOf(nodeOf(store.doc, node)));
      canvas.focus(node);
    });
    item.append(button);
    return item;
  }

  function refresh() {
    canvas.flush();
    const found = [...general.map((message) => ({ node: null, message })), ...canvas.problems()];
    panel.hidden = !found.length;
    if (!found.length) panel.open = false;
    list.replaceChildren(...found.map(row));
    panel.querySelector("[data-number]").textContent = `${found.length} ${found.length === 1 ? "problem" : "problems"}`;
    let why = "";
    if (store.changed && root.dataset.state === "running") why = "You changed it: save your draft, then publish it.";
    else if (store.changed) why = editor.number ? "You changed it: save before it goes on." : "Save it first.";
    else if (!editor.number) why = "Draw the scenario and save it first.";
    else if (found.length) why = `Mend ${found.length === 1 ? "the problem" : `the ${found.length} problems`} first.`;
    root.classList.toggle("changed", store.changed);
    for (const button of root.querySelectorAll("[data-needs-saved]")) {
      // What is wrong with a draft keeps it from being published, not the live version from going on.
      const aside = editor.draft && !store.changed && !button.matches("[data-publishes]");
      const reason = !aside ? why : button === start ? "Save the draft or discard it first." : "";
      button.disabled = Boolean(reason);
      button.title = reason;
    }
    hint.textContent = start || root.querySelector("[data-needs-saved]") ? why : "";
  }

  store.on("step", () => {
    // What the last save found may not be so any more once anything but a place has changed.
    const same = drawn.edges === store.doc.edges && drawn.nodes.length === store.doc.nodes.length
      && drawn.nodes.every((node, place) => node.config === store.doc.nodes[place].config);
    drawn = store.doc;
    if (same) refresh();
    else editor.pin([]);
  });
  store.on("saved", refresh);
  editor.pin(problems);
}
