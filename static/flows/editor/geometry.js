/** Where things are: sizes of shapes, curves between them, and the way between the screen and the drawing. */

export const GRID = 10;
export const WIDTH = 200;
export const MARGIN = 16; // around a card, for its connectors
const PORT = 32; // the height of a connector's touch area

export const snap = (value) => Math.round(value / GRID) * GRID;
export const heightOf = (node) => Math.max(80, 16 + node.ports.length * PORT);
export const rectOf = (node) => ({ x: node.x, y: node.y, width: WIDTH, height: heightOf(node) });
export const centre = (rect) => ({ x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 });

export const inPoint = (node) => ({ x: node.x, y: node.y + heightOf(node) / 2 });

/** The way out called `port`: the connectors share the right side, centred, 32 px apart. */
export function outPoint(node, port) {
  const place = Math.max(0, node.ports.findIndex((each) => each.name === port));
  return { x: node.x + WIDTH, y: node.y + portOffset(node, place) };
}

export const portOffset = (node, place) => heightOf(node) / 2 + (place - (node.ports.length - 1) / 2) * PORT;

/** An SVG path from a way out to a way in; edges that lead back bow further out. */
export function curve(from, to) {
  const across = to.x - from.x;
  const reach = across >= 0 ? Math.max(30, across / 2) : Math.min(240, 60 - across / 3);
  return `M${from.x} ${from.y}C${from.x + reach} ${from.y} ${to.x - reach} ${to.y} ${to.x} ${to.y}`;
}

export function intersects(a, b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

export const contains = (rect, point) =>
  point.x >= rect.x && point.x <= rect.x + rect.width && point.y >= rect.y && point.y <= rect.y + rect.height;

/** The rectangle between two points, whichever way it was drawn. */
export const between = (a, b) => ({
  x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y),
});

/** The smallest rectangle around shapes, or null for none. */
export function bounds(nodes) {
  if (!nodes.length) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const node of nodes) {
    left = Math.min(left, node.x);
    top = Math.min(top, node.y);
    right = Math.max(right, node.x + WIDTH);
    bottom = Math.max(bottom, node.y + heightOf(node));
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/* A view {x, y, k} draws the world's origin at (x, y) of the viewport, k times as large. */

export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 2;
export const toWorld = (view, point) => ({ x: (point.x - view.x) / view.k, y: (point.y - view.y) / view.k });
export const toScreen = (view, point) => ({ x: point.x * view.k + view.x, y: point.y * view.k + view.y });
export const visible = (view, size) => ({ ...toWorld(view, { x: 0, y: 0 }), width: size.width / view.k, height: size.height / view.k });

/** The view `factor` times as large, with what is under `point` (of the viewport) staying there. */
export function zoomAt(view, point, factor) {
  const k = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, view.k * factor));
  const kept = toWorld(view, point);
  return { k, x: point.x - kept.x * k, y: point.y - kept.y * k };
}

/** The view that shows all of `rect`, never larger than life. */
export function fitting(rect, size, padding = 48) {
  const room = { width: Math.max(1, size.width - 2 * padding), height: Math.max(1, size.height - 2 * padding) };
  const k = Math.max(MIN_ZOOM, Math.min(1, room.width / rect.width, room.height / rect.height));
  return { k, x: (size.width - rect.width * k) / 2 - rect.x * k, y: (size.height - rect.height * k) / 2 - rect.y * k };
}

/** The view to begin with: all of `rect` where that stays readable, else its left end, life-size enough to be read. */
export function opening(rect, size) {
  const all = fitting(rect, size);
  if (all.k >= 0.5) return all;
  const k = 0.75;
  return { k, x: 24 - rect.x * k, y: Math.max(48, (size.height - rect.height * k) / 2) - rect.y * k };
}

/** The least shift (screen px) of the view that brings `rect` (world) into the viewport. */
export function revealing(view, rect, size, padding = 40) {
  const place = toScreen(view, rect);
  const axis = (start, length, room) => {
    if (start < padding || length > room - 2 * padding) return padding - start;
    return Math.min(0, room - padding - (start + length));
  };
  return { x: axis(place.x, rect.width * view.k, size.width), y: axis(place.y, rect.height * view.k, size.height) };
}

/** Positions at which a moved shape lines up with others: {x: [lines], y: [lines]} of world coordinates. */
export function guides(node, others) {
  const lines = { x: new Set(), y: new Set() };
  const middle = centre(rectOf(node)).y;
  for (const other of others) {
    if (other.x === node.x) lines.x.add(node.x);
    if (centre(rectOf(other)).y === middle) lines.y.add(middle);
  }
  return { x: [...lines.x], y: [...lines.y] };
}

/** The nearest place at or below `wanted` where a new shape covers none. */
export function freePlace(nodes, wanted, height) {
  const place = { x: snap(wanted.x), y: snap(wanted.y) };
  const taken = (at) => nodes.some((node) => intersects({ ...at, width: WIDTH + 2 * MARGIN, height: height + 2 * MARGIN }, rectOf(node)));
  while (taken(place)) place.y += 2 * GRID;
  return place;
}
