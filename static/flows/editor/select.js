/** Chooses shapes and edges: click, Ctrl+click or Shift+click to add, Shift+drag on blank canvas for a lasso. */

import { between, intersects, rectOf } from "./geometry.js";
import { drag } from "./drag.js";

export function attachSelect(editor) {
  const { viewport, view, store } = editor;
  viewport.addEventListener("click", (event) => {
    if (editor.connecting() || event.target.closest(".port, [data-handle]")) return;
    const id = event.target.closest("[data-id]")?.dataset.id;
    const edge = event.target.closest("[data-edge]")?.dataset.edge;
    const adding = event.ctrlKey || event.metaKey || event.shiftKey;
    if (id && adding) {
      const ids = new Set(store.selection.ids);
      if (!ids.delete(id)) ids.add(id);
      store.select(ids);
    } else if (id) store.select([id]);
    else if (edge) {
      store.select([], edge);
      viewport.focus({ preventScroll: true });
    } else if (!adding) store.select([]);
  });

  viewport.addEventListener("pointerdown", (down) => {
    if (down.button !== 0 || !down.shiftKey || down.target.closest("[data-id], [data-edge], [data-handle]")) return;
    const before = store.selection.ids;
    const lasso = document.createElement("div");
    lasso.className = "lasso";
    const from = view.at(down);
    drag(down, viewport, {
      start: () => viewport.append(lasso),
      move(event) {
        const rect = between(from, view.at(event));
        const { k, x, y } = view.now;
        lasso.style.translate = `${rect.x * k + x}px ${rect.y * k + y}px`;
        lasso.style.width = `${rect.width * k}px`;
        lasso.style.height = `${rect.height * k}px`;
        const caught = store.doc.nodes.filter((node) => intersects(rect, rectOf(node))).map((node) => node.id);
        store.select(new Set([...before, ...caught]));
      },
      end() {
        lasso.remove();
        editor.say(`${store.selection.ids.size} selected.`);
      },
      cancel() {
        lasso.remove();
        store.select(before);
      },
    });
  });
}
