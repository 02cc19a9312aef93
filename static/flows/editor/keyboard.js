/** Every gesture by keys: Tab goes from shape to shape, the rest is listed in the page's help. */

import { edgeKey, index, isTrigger, nodeOf } from "./graph.js";
import { GRID } from "./geometry.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function attachKeyboard(editor) {
  const { viewport, view, store, types, commands, canvas } = editor;
  const focused = () => document.activeElement?.closest?.("[data-id]")?.dataset.id;
  const elsewhere = (target) => target.closest("input, textarea, select, [contenteditable], dialog");

  const withControl = {
    z: (shift) => (shift ? commands.redo() : commands.undo()), y: () => commands.redo(),
    c: () => commands.copy(), x: () => commands.cut(), v: () => commands.paste(), d: () => commands.duplicate(),
    a: () => store.select(store.doc.nodes.map((node) => node.id)),
  };
  const plain = {
    delete: () => commands.remove(), backspace: () => commands.remove(),
    "+": () => view.zoom(1.25), "=": () => view.zoom(1.25), "-": () => view.zoom(0.8), 0: () => view.fit(store.doc.nodes),
    c: () => connectFrom(), enter: () => enter(), escape: () => escape(), " ": () => toggle(),
  };

  function connectFrom() {
    const id = editor.connecting()?.from ?? focused() ?? [...store.selection.ids][0];
    if (!id) return false;
    return void editor.startConnecting(id);
  }
  function enter() {
    if (document.activeElement.closest(".port, a")) return false; // the button's own click, the link's own way
    const id = focused();
    if (editor.connecting()) {
      if (id && id !== editor.connecting().from) editor.finishConnecting(id);
      return true;
    }
    if (!id) return false;
    store.select([id]);
    return void editor.configure(id);
  }
  function escape() {
    if (editor.connecting()) {
      editor.stopConnecting();
      editor.say("Connecting cancelled.");
    } else store.select([]);
  }
  function toggle() {
    const id = focused();
    if (!id || document.activeElement.closest(".port")) return false;
    const ids = new Set(store.selection.ids);
    if (!ids.delete(id)) ids.add(id);
    return void store.select(ids);
  }
  /** While connecting, Tab visits the shapes that something can lead into. */
  function tabTarget(back) {
    const { from } = editor.connecting();
    const targets = store.doc.nodes.filter((node) => node.id !== from && !isTrigger(node, types));
    if (!targets.length) return;
    const order = store.doc.nodes.map((node) => node.id);
    const at = order.indexOf(focused() ?? from);
    const ahead = back ? targets.filter((node) => order.indexOf(node.id) < at).at(-1) : targets.find((node) => order.indexOf(node.id) > at);
    canvas.focus((ahead ?? targets.at(back ? -1 : 0)).id);
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || elsewhere(event.target) || document.querySelector("dialog[open]")) return;
    const control = event.ctrlKey || event.metaKey;
    const here = viewport.contains(event.target) || event.target === document.body;
    const key = event.key.toLowerCase();
    if (event.key === "Tab" && editor.connecting()) {
      event.preventDefault();
      return tabTarget(event.shiftKey);
    }
    if (ARROWS[event.key] && !control && here) {
      const id = focused();
      if (id && !store.selection.ids.has(id)) store.select([id]);
      if (!store.selection.ids.size) return undefined;
      event.preventDefault();
      const far = event.shiftKey ? 50 : GRID;
      return commands.nudge(...ARROWS[event.key].map((way) => way * far));
    }
    // Without Ctrl, keys count only on the canvas itself: everywhere else they belong to the page.
    if (!control && !here) return undefined;
    // Copying text that is marked on the page stays what it is.
    if (control && key === "c" && String(getSelection())) return undefined;
    const act = (control ? withControl : event.altKey ? {} : plain)[key];
    if (act && act(event.shiftKey) !== false) event.preventDefault();
    return undefined;
  });

  // A port stands for its edge: whoever tabs to it sees and hears where it leads, and can delete it.
  viewport.addEventListener("focusin", (event) => {
    const id = event.target.closest("[data-id]")?.dataset.id;
    const port = event.target.closest(".port.out");
    if (!id || editor.connecting() || !event.target.matches(":focus-visible")) return;
    const edge = port && index(store.doc).out.get(id)?.find((each) => each.port === port.dataset.port);
    if (edge) {
      store.select([], edgeKey(edge));
      const target = nodeOf(store.doc, edge.to);
      editor.say(`Leads to “${types[target.type]?.label ?? target.type}”. Delete removes the connection.`);
    } else if (!store.selection.ids.has(id)) store.select([id]);
  });
}
