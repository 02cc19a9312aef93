// Drags rules and groups by their grips, with a mouse, a pen or a finger.

import { placeAt } from "./rule_moves.js";

const FAR_ENOUGH = 4;
const EDGE = 60;

// `dropped` is called when something has come to another place.
export function draggable(builder, dropped) {
  builder.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (grip && event.button === 0) begin(builder, grip, event, dropped);
  });
}

function begin(builder, grip, start, dropped) {
  const item = grip.closest("[data-rule], [data-group]");
  const marker = document.createElement("div");
  marker.className = "rule-marker";
  let dragging = false;

  function moved(event) {
    if (!dragging && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < FAR_ENOUGH) return;
    if (!dragging) item.classList.add("dragged");
    dragging = true;
    event.preventDefault();
    scrollNear(event.clientY);
    const target = document.elementFromPoint(event.clientX, event.clientY);
    const place = placeAt(item, target, event.clientY, builder.root);
    if (place) place[0].insertBefore(marker, place[1]);
  }

  function ended(event) {
    const place = event.type === "pointerup" && dragging && marker.isConnected;
    if (place) marker.replaceWith(item);
    stop();
    if (place) dropped(item);
  }

  function pressed(event) {
    if (event.key !== "Escape" || !dragging) return;
    event.preventDefault();
    event.stopPropagation();
    stop();
  }

  function stop() {
    marker.remove();
    item.classList.remove("dragged");
    for (const [name, listener] of listeners) grip.removeEventListener(name, listener);
    document.removeEventListener("keydown", pressed, true);
  }

  const listeners = [["pointermove", moved], ["pointerup", ended], ["pointercancel", ended]];
  grip.setPointerCapture(start.pointerId);
  for (const [name, listener] of listeners) grip.addEventListener(name, listener);
  document.addEventListener("keydown", pressed, true);
}

function scrollNear(y) {
  if (y < EDGE) window.scrollBy(0, -12);
  else if (y > window.innerHeight - EDGE) window.scrollBy(0, 12);
}
