/** Tidies a document: columns by the longest way from the start, rows depth first, so that the first port's branch is above the second's. */

import { index, isTrigger } from "./graph.js";
import { heightOf, snap, WIDTH } from "./geometry.js";

const GAP = { x: 80, y: 50 };

/** A map from every node's id to its {x, y}, left to right from `origin`. */
export function layout(doc, types, origin = { x: 80, y: 80 }) {
  const { order, parents, back } = walk(doc, types);
  const column = columns(doc, order, back);
  const row = rows(order, parents);
  const pitch = Math.max(0, ...doc.nodes.map(heightOf)) + GAP.y;
  return new Map(doc.nodes.map((node) => [node.id, {
    x: origin.x + column.get(node.id) * (WIDTH + GAP.x),
    // Shapes of different heights share a line through their middles, as their connectors do.
    y: snap(origin.y + row.get(node.id) * pitch + (pitch - GAP.y - heightOf(node)) / 2),
  }]));
}

/** One depth-first walk without recursion: nodes when left (`order`), who found them (`parents`), edges that close loops (`back`). */
function walk(doc, types) {
  const { nodes, out, into } = index(doc);
  const ways = (id) => {
    const places = new Map(nodes.get(id).ports.map((port, place) => [port.name, place]));
    return [...out.get(id)].sort((a, b) => (places.get(a.port) ?? 99) - (places.get(b.port) ?? 99));
  };
  const starts = [
    ...doc.nodes.filter((node) => isTrigger(node, types)),
    ...doc.nodes.filter((node) => !isTrigger(node, types) && !into.get(node.id).length),
    ...doc.nodes,
  ];
  const state = new Map();
  const parents = new Map();
  const back = new Set();
  const order = [];
  for (const start of starts) {
    if (state.has(start.id)) continue;
    state.set(start.id, "open");
    const stack = [{ id: start.id, edges: ways(start.id), next: 0 }];
    while (stack.length) {
      const top = stack[stack.length - 1];
      const edge = top.edges[top.next++];
      if (!edge) {
        state.set(top.id, "left");
        order.push(top.id);
        stack.pop();
      } else if (!state.has(edge.to)) {
        state.set(edge.to, "open");
        parents.set(edge.to, top.id);
        stack.push({ id: edge.to, edges: ways(edge.to), next: 0 });
      } else if (state.get(edge.to) === "open") {
        back.add(edge);
      }
    }
  }
  return { order, parents, back };
}

function columns(doc, order, back) {
  const { out } = index(doc);
  const column = new Map(order.map((id) => [id, 0]));
  for (const id of [...order].reverse()) {
    for (const edge of out.get(id)) {
      if (!back.has(edge)) column.set(edge.to, Math.max(column.get(edge.to), column.get(id) + 1));
    }
  }
  return column;
}

/** Each branch gets a band of rows of its own; a node stands in the middle of its branches. */
function rows(order, parents) {
  const span = new Map();
  const row = new Map();
  let free = 0;
  for (const id of order) {
    const [first, last] = span.get(id) ?? [free, free++];
    const middle = (first + last) / 2;
    row.set(id, middle);
    const parent = parents.get(id);
    if (parent !== undefined) span.set(parent, [span.get(parent)?.[0] ?? middle, middle]);
  }
  return row;
}
