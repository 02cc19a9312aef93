/** The view: moved by dragging blank canvas, the wheel or two fingers; zoomed by Ctrl+wheel, pinching and buttons. */

import { bounds, fitting, opening, revealing, toWorld, visible, zoomAt } from "./geometry.js";
import { cancelDrag, drag } from "./drag.js";

/** Draws `world` inside `viewport`. Listeners are told once a frame after the view changed. */
export function createView(viewport, world) {
  let view = { x: 0, y: 0, k: 1 };
  let box = viewport.getBoundingClientRect();
  let frame = 0;
  const listeners = [];
  function draw() {
    frame = 0;
    world.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.k})`;
    viewport.style.backgroundPosition = `${view.x}px ${view.y}px`;
    const dot = 20 * view.k * (view.k < 0.4 ? 4 : 1);
    viewport.style.backgroundSize = `${dot}px ${dot}px`;
    viewport.classList.toggle("far", view.k < 0.2); // too small to be read: drawn without words
    listeners.forEach((listener) => listener());
  }
  function set(next) {
    view = next;
    frame ||= requestAnimationFrame(draw);
  }
  const measure = () => { box = viewport.getBoundingClientRect(); };
  new ResizeObserver(() => { measure(); listeners.forEach((listener) => listener()); }).observe(viewport);
  addEventListener("scroll", measure, { passive: true });
  const size = () => ({ width: box.width, height: box.height });
  const inside = (event) => ({ x: event.clientX - box.left, y: event.clientY - box.top });
  const middle = () => ({ x: box.width / 2, y: box.height / 2 });

  return {
    set,
    get now() { return view; },
    box: () => box,
    size,
    visible: () => visible(view, size()),
    onChange(listener) { listeners.push(listener); },
    /** The world's point under a pointer event. */
    at: (event) => toWorld(view, inside(event)),
    panBy: (dx, dy) => set({ ...view, x: view.x + dx, y: view.y + dy }),
    zoom: (factor, event) => set(zoomAt(view, event ? inside(event) : middle(), factor)),
    fit(nodes) {
      const rect = bounds(nodes);
      set(rect ? fitting(rect, size()) : { x: 0, y: 0, k: 1 });
    },
    begin: (nodes) => set(nodes.length ? opening(bounds(nodes), size()) : view),
    reveal(rect) {
      const shift = revealing(view, rect, size());
      if (shift.x || shift.y) set({ ...view, x: view.x + shift.x, y: view.y + shift.y });
    },
    centreOn: (point) => set({ ...view, x: box.width / 2 - point.x * view.k, y: box.height / 2 - point.y * view.k }),
  };
}

export function attachPanZoom({ root, viewport, view, store }) {
  attachPinch(viewport, view);
  viewport.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 18 : 1;
    if (event.ctrlKey || event.metaKey) view.zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY * lines)) / 120), event);
    else if (event.shiftKey && !event.deltaX) view.panBy(-event.deltaY * lines, 0);
    else view.panBy(-event.deltaX * lines, -event.deltaY * lines);
  }, { passive: false });

  let space = false;
  addEventListener("keydown", (event) => { if (event.key === " " && document.activeElement === document.body) space = true; });
  addEventListener("keyup", (event) => { if (event.key === " ") space = false; });
  viewport.addEventListener("pointerdown", (event) => {
    const blank = !event.target.closest("[data-id], [data-edge], [data-handle]");
    const meant = event.button === 1 || (event.button === 0 && (space || (blank && !event.shiftKey)));
    if (!meant) return;
    if (event.button === 1) event.preventDefault();
    let last = event;
    drag(event, viewport, {
      start: () => root.classList.add("panning"),
      move(next) {
        view.panBy(next.clientX - last.clientX, next.clientY - last.clientY);
        last = next;
      },
      end: () => root.classList.remove("panning"),
      cancel: () => root.classList.remove("panning"),
    });
  }, { capture: false });

  for (const [name, act] of Object.entries({
    "zoom-in": () => view.zoom(1.25), "zoom-out": () => view.zoom(0.8), fit: () => view.fit(store.doc.nodes),
  })) {
    for (const button of root.querySelectorAll(`[data-do="${name}"]`)) button.addEventListener("click", act);
  }
  const percent = root.querySelector("[data-zoom]");
  view.onChange(() => { percent.textContent = `${Math.round(view.now.k * 100)} %`; });
}

/** Two fingers move and zoom at once; whatever one finger had begun is broken off. */
function attachPinch(viewport, view) {
  const fingers = new Map();
  const spread = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
  const middle = ([a, b]) => ({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 });
  viewport.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    fingers.set(event.pointerId, event);
    if (fingers.size === 2) {
      event.stopPropagation();
      cancelDrag();
    }
  }, true);
  addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    const before = [...fingers.values()];
    fingers.set(event.pointerId, event);
    if (fingers.size !== 2) return;
    const after = [...fingers.values()];
    const [from, to] = [middle(before), middle(after)];
    view.panBy(to.clientX - from.clientX, to.clientY - from.clientY);
    view.zoom(spread(after) / spread(before), to);
  });
  const lift = (event) => fingers.delete(event.pointerId);
  addEventListener("pointerup", lift);
  addEventListener("pointercancel", lift);
}
