/** Which part of a large drawing is on the page: what is in view, with some room around it. A small one is whole. */

import { between, contains, intersects } from "./geometry.js";

const FEW = 150; // shapes; below, leaving some out would gain nothing

/** `arrange()` is called when the view has come to the end of the part that was drawn for it. */
export function createCulling({ view, store, arrange }) {
  let part = null;
  let zoom = 0;

  function look() {
    const { x, y, width, height } = view.visible();
    part = { x: x - width / 2, y: y - height / 2, width: width * 2, height: height * 2 };
    zoom = view.now.k;
  }
  const large = () => store.doc.nodes.length > FEW;

  view.onChange(() => {
    if (!large()) return;
    const area = view.visible();
    const corner = { x: area.x + area.width, y: area.y + area.height };
    if (view.now.k <= zoom * 1.5 && part && contains(part, area) && contains(part, corner)) return;
    arrange();
  });

  return {
    /** Decides anew; then `shows` and `showsBetween` answer for shapes (rectangles) and edges (their two points). */
    look,
    shows: (rect) => !large() || intersects(part, rect),
    showsBetween(a, b) {
      if (!large()) return true;
      const rect = between(a, b);
      // Edges that lead back bow out by up to this much.
      return intersects(part, { x: rect.x - 240, y: rect.y - 1, width: rect.width + 480, height: rect.height + 2 });
    },
  };
}
