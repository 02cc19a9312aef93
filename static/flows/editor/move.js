/** Moves the chosen shapes with the pointer, on the grid, with lines where they come to stand in a row. */

import { index, move, nodeOf } from "./graph.js";
import { guides, intersects, rectOf, snap } from "./geometry.js";
import { createBorderScroll } from "./border_scroll.js";
import { drag } from "./drag.js";

export function attachMove(editor) {
  const { root, viewport, view, store } = editor;
  viewport.addEventListener("pointerdown", (down) => {
    const element = down.target.closest("[data-id]");
    if (!element || down.button !== 0 || down.target.closest(".port") || !down.target.closest(".node-card")) return;
    const { id } = element.dataset;
    let from, first, border;
    const follow = (event) => {
      const to = view.at(event);
      const lead = first.get(id);
      // The held shape goes to the grid; the others keep their distance to it.
      const [dx, dy] = [snap(lead.x + to.x - from.x) - lead.x, snap(lead.y + to.y - from.y) - lead.y];
      store.preview(move(store.doc, new Map([...first].map(([each, at]) => [each, { x: at.x + dx, y: at.y + dy }]))));
      drawGuides(editor, nodeOf(store.doc, id), first);
    };
    const finish = () => {
      border.stop();
      root.classList.remove("moving");
      editor.guides.replaceChildren();
    };
    drag(down, viewport, {
      start() {
        if (!editor.may()) return false;
        if (!store.selection.ids.has(id)) store.select([id]);
        from = view.at(down);
        const { nodes } = index(store.doc);
        first = new Map([...store.selection.ids].map((each) => [each, nodes.get(each)]));
        border = createBorderScroll(view, follow);
        root.classList.add("moving");
        return true;
      },
      move(event) {
        follow(event);
        border.follow(event);
      },
      end(event) {
        follow(event);
        finish();
        store.commit(store.doc);
      },
      cancel() {
        finish();
        store.revert();
      },
    });
  });
}

/** Lines through the held shape and those in view that it lines up with. */
function drawGuides({ guides: layer, view, store }, node, moved) {
  const area = view.visible();
  const others = store.doc.nodes.filter((each) => !moved.has(each.id) && intersects(area, rectOf(each)));
  const lines = guides(node, others);
  layer.replaceChildren(
    ...lines.x.map((x) => line("vertical", `${x * view.now.k + view.now.x}px 0`)),
    ...lines.y.map((y) => line("horizontal", `0 ${y * view.now.k + view.now.y}px`)),
  );
}

function line(way, at) {
  const element = document.createElement("div");
  element.className = `guide ${way}`;
  element.style.translate = at;
  return element;
}
