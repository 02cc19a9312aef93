/** One pointer held down and moved: every gesture that drags is told start, move, end or cancel. */

const THRESHOLD = 4; // px; less is a click. Capturing earlier would turn clicks on shapes into clicks on the canvas.
let running = null;

/**
 * Follows the pointer of a pointerdown event. `start` may return false to refuse. Every function gets the newest event.
 * Escape, a second finger and a lost pointer cancel.
 */
export function drag(down, surface, { start, move, end, cancel }) {
  cancelDrag();
  let started = false;
  const stop = () => {
    running = null;
    window.removeEventListener("pointermove", onMove);
    window.removeEventListener("pointerup", onUp);
    window.removeEventListener("pointercancel", onCancel);
    window.removeEventListener("keydown", onKey, true);
    if (surface.hasPointerCapture(down.pointerId)) surface.releasePointerCapture(down.pointerId);
  };
  const onMove = (event) => {
    if (event.pointerId !== down.pointerId) return;
    if (!started) {
      if (Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < THRESHOLD) return;
      if (start?.(down) === false) return stop();
      started = true;
      surface.setPointerCapture(down.pointerId);
    }
    move?.(event);
  };
  const onUp = (event) => {
    if (event.pointerId !== down.pointerId) return;
    stop();
    if (!started) return;
    swallowClick();
    end?.(event);
  };
  const onCancel = (event) => { if (!event || event.pointerId === down.pointerId) abandon(); };
  const onKey = (event) => {
    if (event.key !== "Escape" || !started) return;
    event.stopPropagation();
    abandon();
  };
  function abandon() {
    stop();
    if (started) cancel?.();
  }
  running = abandon;
  window.addEventListener("pointermove", onMove);
  window.addEventListener("pointerup", onUp);
  window.addEventListener("pointercancel", onCancel);
  window.addEventListener("keydown", onKey, true);
}

/** Breaks off whatever is being dragged. */
export function cancelDrag() {
  running?.();
}

/** The click that follows a drag means nothing. */
function swallowClick() {
  const swallow = (event) => event.stopPropagation();
  window.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", swallow, true));
}
