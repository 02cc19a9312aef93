/** What can be done with the chosen shapes, whichever key or button asks for it. */

import { disconnect, edgeOf, extract, isTrigger, move, nodeOf, paste, remove } from "./graph.js";
import { rectOf } from "./geometry.js";
import { layout } from "./layout.js";

const CLIPBOARD = "waypost-shapes"; // kept beyond the page, so that shapes can be carried from one scenario to another

const shapes = (n) => `${n} ${n === 1 ? "shape" : "shapes"}`;

export function createCommands(editor) {
  const { root, store, types, view, canvas } = editor;
  let pastes = 0;

  function removeChosen() {
    const { ids, edge } = store.selection;
    if (!editor.may()) return;
    if (edge) {
      store.commit(disconnect(store.doc, edge));
      editor.say("Connection removed.");
      return;
    }
    if (!ids.size) return;
    if (editor.keepsTrigger() && [...ids].some((id) => isTrigger(nodeOf(store.doc, id), types))) {
      editor.say("The trigger cannot be removed once the scenario was started. Everything else can be changed.");
      return;
    }
    store.commit(remove(store.doc, ids));
    editor.say(`Removed ${shapes(ids.size)}.`);
  }

  function copy() {
    const clip = extract(store.doc, store.selection.ids, types);
    if (!clip.nodes.length) {
      editor.say(store.selection.ids.size ? "A trigger cannot be copied: a scenario has one only." : "Choose shapes to copy first.");
      return false;
    }
    localStorage.setItem(CLIPBOARD, JSON.stringify(clip));
    pastes = 0;
    editor.say(`Copied ${shapes(clip.nodes.length)}.`);
    return true;
  }

  function pasteCopied() {
    if (!editor.may()) return;
    const clip = JSON.parse(localStorage.getItem(CLIPBOARD) ?? "null");
    if (!clip || clip.nodes.some((node) => !types[node.type])) return;
    pastes += 1;
    const { doc, ids } = paste(store.doc, clip, pastes * 40, pastes * 40);
    store.commit(doc);
    store.select(ids);
    canvas.flush();
    view.reveal(rectOf(nodeOf(store.doc, [...ids][0])));
    editor.say(`Pasted ${shapes(ids.size)}.`);
  }

  function step(way) {
    if (!(way === "undo" ? store.canUndo : store.canRedo)) return;
    if (!editor.may()) return;
    store[way]();
    editor.say(way === "undo" ? "Undone." : "Done again.");
  }

  const commands = {
    remove: removeChosen,
    copy,
    paste: pasteCopied,
    cut() { if (editor.may() && copy()) removeChosen(); },
    duplicate() { if (copy()) pasteCopied(); },
    undo: () => step("undo"),
    redo: () => step("redo"),
    layout() {
      if (!editor.may() || !store.doc.nodes.length) return;
      store.commit(move(store.doc, layout(store.doc, types)));
      view.fit(store.doc.nodes);
      editor.say("Tidied up.");
    },
    /** Moves the chosen shapes by world units: one step. */
    nudge(dx, dy) {
      if (!editor.may()) return;
      const places = [...store.selection.ids].map((id) => [id, nodeOf(store.doc, id)]);
      store.commit(move(store.doc, new Map(places.map(([id, { x, y }]) => [id, { x: x + dx, y: y + dy }]))));
      const [id] = store.selection.ids;
      view.reveal(rectOf(nodeOf(store.doc, id)));
    },
    configure() {
      const [id] = store.selection.ids;
      if (id) editor.configure(id);
    },
  };

  for (const button of root.querySelectorAll("[data-do]")) {
    const act = commands[button.dataset.do];
    if (act) button.addEventListener("click", act);
  }
  const bar = root.querySelector(".selection-bar");
  const buttons = Object.fromEntries(["undo", "redo", "layout"].map((name) => [name, root.querySelector(`[data-do="${name}"]`)]));
  function refresh() {
    const { ids, edge } = store.selection;
    bar.hidden = !(ids.size || edge);
    bar.querySelector("[data-chosen]").textContent = edge && edgeOf(store.doc, edge) ? "Connection" : `${ids.size} selected`;
    bar.querySelector('[data-do="configure"]').hidden = ids.size !== 1;
    bar.querySelector('[data-do="duplicate"]').hidden = !ids.size || editor.readOnly();
    bar.querySelector('[data-do="remove"]').hidden = editor.readOnly();
    buttons.undo.disabled = !store.canUndo || editor.readOnly();
    buttons.redo.disabled = !store.canRedo || editor.readOnly();
    buttons.layout.disabled = editor.readOnly();
  }
  store.on("step", refresh);
  store.on("selection", refresh);
  refresh();
  return { ...commands, refresh };
}
