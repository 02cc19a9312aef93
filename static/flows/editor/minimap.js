/** A small picture of everything, with the part in view framed; pressing or dragging on it goes there. */

import { bounds, heightOf, WIDTH } from "./geometry.js";

export function attachMinimap({ root, view, store }) {
  const map = root.querySelector(".minimap");
  const [picture, frame] = [map.querySelector("canvas"), map.querySelector("div")];
  let scale = { k: 1, x: 0, y: 0 };
  let pending = 0;

  function draw() {
    pending = 0;
    const rect = bounds(store.doc.nodes);
    map.hidden = !rect;
    if (!rect) return;
    const [width, height] = [map.clientWidth, map.clientHeight];
    const ratio = devicePixelRatio;
    if (picture.width !== width * ratio) Object.assign(picture, { width: width * ratio, height: height * ratio });
    const k = Math.min((width - 20) / rect.width, (height - 20) / rect.height, 0.12);
    scale = { k, x: (width - rect.width * k) / 2 - rect.x * k, y: (height - rect.height * k) / 2 - rect.y * k };
    const pen = picture.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = getComputedStyle(map).color;
    for (const node of store.doc.nodes) {
      pen.fillRect(node.x * k + scale.x, node.y * k + scale.y, Math.max(2, WIDTH * k), Math.max(2, heightOf(node) * k));
    }
    drawFrame();
  }

  function drawFrame() {
    const area = view.visible();
    frame.style.translate = `${area.x * scale.k + scale.x}px ${area.y * scale.k + scale.y}px`;
    frame.style.width = `${area.width * scale.k}px`;
    frame.style.height = `${area.height * scale.k}px`;
  }

  const go = (event) => {
    const box = map.getBoundingClientRect();
    view.centreOn({ x: (event.clientX - box.left - scale.x) / scale.k, y: (event.clientY - box.top - scale.y) / scale.k });
  };
  map.addEventListener("pointerdown", (event) => {
    map.setPointerCapture(event.pointerId);
    go(event);
  });
  map.addEventListener("pointermove", (event) => { if (map.hasPointerCapture(event.pointerId)) go(event); });
  const soon = () => { pending ||= requestAnimationFrame(draw); };
  store.on("doc", soon);
  view.onChange(drawFrame);
  new ResizeObserver(soon).observe(map);
  new MutationObserver(soon).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  draw();
}
