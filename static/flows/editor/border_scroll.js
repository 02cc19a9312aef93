/** While something is dragged near the border of the canvas, the canvas moves on underneath. */

const BORDER = 36;
const SPEED = 14; // px a frame at the very border

/** `again(event)` is called after each move of the canvas, with the last pointer event. */
export function createBorderScroll(view, again) {
  let last = null;
  let frame = 0;
  const push = (at, low, high) => {
    if (at < low + BORDER) return Math.min(1, (low + BORDER - at) / BORDER) * SPEED;
    if (at > high - BORDER) return -Math.min(1, (at - high + BORDER) / BORDER) * SPEED;
    return 0;
  };
  function step() {
    frame = 0;
    if (!last) return;
    const box = view.box();
    const [dx, dy] = [push(last.clientX, box.left, box.right), push(last.clientY, box.top, box.bottom)];
    if (!dx && !dy) return;
    view.panBy(dx, dy);
    again(last);
    frame = requestAnimationFrame(step);
  }
  return {
    follow(event) {
      last = event;
      frame ||= requestAnimationFrame(step);
    },
    stop() {
      last = null;
      cancelAnimationFrame(frame);
      frame = 0;
    },
  };
}
