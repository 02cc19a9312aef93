/** Draws edges: a curve and a wide invisible twin to press on, redrawn only where one of the two shapes moved. */

import { edgeKey, edgeOf, index } from "./graph.js";
import { curve, inPoint, outPoint } from "./geometry.js";

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, className) {
  const element = document.createElementNS(SVG, tag);
  element.setAttribute("class", className);
  return element;
}

const toneOf = (node, port) => node.ports.find((each) => each.name === port)?.tone ?? "plain";

export function createEdges({ layer, handles, store }) {
  const drawn = new Map();

  function create(edge) {
    const group = svg("g", "edge");
    const parts = { group, line: svg("path", "edge-line"), touch: svg("path", "edge-touch") };
    parts.touch.dataset.edge = edgeKey(edge);
    group.append(parts.line, parts.touch);
    layer.append(group);
    return parts;
  }

  /** The two ends of the chosen edge, to be dragged elsewhere. */
  function drawHandles() {
    const edge = store.selection.edge && edgeOf(store.doc, store.selection.edge);
    handles.replaceChildren();
    if (!edge) return;
    const { nodes } = index(store.doc);
    const ends = { from: outPoint(nodes.get(edge.from), edge.port), to: inPoint(nodes.get(edge.to)) };
    for (const [end, { x, y }] of Object.entries(ends)) {
      const handle = document.createElement("div");
      handle.className = "edge-handle";
      handle.dataset.handle = end;
      handle.style.translate = `${x + (end === "from" ? 8 : -8)}px ${y}px`;
      handles.append(handle);
    }
  }

  /** `culling` says which of them are near what is in view. */
  function draw(culling) {
    const { nodes } = index(store.doc);
    const gone = new Set(drawn.keys());
    for (const edge of store.doc.edges) {
      const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
      if (!culling.showsBetween(outPoint(from, edge.port), inPoint(to))) continue;
      const key = edgeKey(edge);
      gone.delete(key);
      let parts = drawn.get(key);
      if (parts?.from === from && parts?.to === to) continue;
      if (!parts) drawn.set(key, (parts = create(edge)));
      Object.assign(parts, { from, to });
      const path = curve(outPoint(from, edge.port), inPoint(to));
      parts.line.setAttribute("d", path);
      parts.touch.setAttribute("d", path);
      parts.group.setAttribute("class", `edge ${toneOf(from, edge.port)}${store.selection.edge === key ? " selected" : ""}`);
    }
    for (const key of gone) {
      drawn.get(key).group.remove();
      drawn.delete(key);
    }
    drawHandles();
  }

  let chosen = null;
  store.on("selection", () => {
    drawn.get(chosen)?.group.classList.remove("selected");
    chosen = store.selection.edge;
    drawn.get(chosen)?.group.classList.add("selected");
    drawHandles();
  });
  return draw;
}
