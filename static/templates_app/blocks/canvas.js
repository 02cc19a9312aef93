/** The mail itself, in a frame where nothing runs: shows what is selected, and takes clicks and drops. */

const MARK = /^wp-(?:block|section)-([a-z0-9]+)$/i;
const COLUMN = /^wp-column-([a-z0-9]+)-(\d)$/i;

export function makeCanvas(frame, { onSelect, onDrop, onKey }) {
  let selected = null;
  let ready = false;
  let waiting = null;

  frame.addEventListener("load", () => {
    ready = true;
    if (waiting !== null) show(waiting);
  });
  if (frame.contentDocument?.readyState === "complete" && frame.contentDocument.URL !== "about:blank") ready = true;

  const marked = (node, pattern) => {
    for (let one = node; one?.classList; one = one.parentElement) {
      for (const name of one.classList) {
        const match = pattern.exec(name);
        if (match) return { element: one, match };
      }
    }
    return null;
  };

  const byId = (id) => frame.contentDocument?.querySelector(`.wp-block-${CSS.escape(id)}, .wp-section-${CSS.escape(id)}`);

  function show(html) {
    if (!ready) {
      waiting = html;
      return;
    }
    waiting = null;
    // Parsed by the frame, whose policy lets mails style themselves; the page around it does not allow that.
    const next = new frame.contentWindow.DOMParser().parseFromString(html, "text/html");
    const doc = frame.contentDocument;
    const top = doc.documentElement.scrollTop;
    doc.replaceChild(doc.adoptNode(next.documentElement), doc.documentElement);
    doc.documentElement.scrollTop = top;
    listen(doc);
    outline();
  }

  function listen(doc) {
    doc.onclick = (event) => {
      event.preventDefault();
      const found = marked(event.target, MARK);
      onSelect(found ? found.match[1] : null);
    };
    doc.onkeydown = onKey;
    doc.ondragover = (event) => {
      event.preventDefault();
      line(targetAt(event));
    };
    doc.ondragleave = (event) => {
      if (!event.relatedTarget) line(null);
    };
    doc.ondrop = (event) => {
      event.preventDefault();
      const target = targetAt(event);
      line(null);
      if (target) onDrop(event.dataTransfer.getData("text/plain"), target.where);
    };
    for (const block of doc.querySelectorAll("[class*=wp-block-]")) {
      const id = marked(block, MARK)?.match[1];
      if (!id) continue;
      block.draggable = true;
      block.ondragstart = (event) => {
        event.stopPropagation();
        event.dataTransfer.setData("text/plain", `move:${id}`);
      };
    }
  }

  /** Where something let go here would go: beside the block under the pointer, or into its column. */
  function targetAt(event) {
    const column = marked(event.target, COLUMN);
    if (!column) return null;
    const where = { section: column.match[1], column: Number(column.match[2]), before: null };
    const blocks = [...column.element.querySelectorAll("[class*=wp-block-]")].filter((one) => marked(one, MARK)?.element === one);
    for (const block of blocks) {
      const box = block.getBoundingClientRect();
      if (event.clientY < box.top + box.height / 2) {
        return { where: { ...where, before: marked(block, MARK).match[1] }, box, edge: "top" };
      }
    }
    const last = blocks.at(-1)?.getBoundingClientRect();
    return { where, box: last ?? column.element.getBoundingClientRect(), edge: last ? "bottom" : "middle" };
  }

  function overlay(id, box, style) {
    const doc = frame.contentDocument;
    let node = doc.getElementById(id);
    if (!box) {
      node?.remove();
      return;
    }
    if (!node) {
      node = doc.createElement("div");
      node.id = id;
      doc.body.append(node);
    }
    const scroll = doc.documentElement;
    Object.assign(node.style, {
      position: "absolute",
      pointerEvents: "none",
      zIndex: 10,
      left: `${box.left + scroll.scrollLeft}px`,
      top: `${box.top + scroll.scrollTop}px`,
      width: `${box.width}px`,
      ...style(box, scroll),
    });
  }

  function line(target) {
    overlay("wp-drop", target?.box, (box, scroll) => {
      const y = { top: box.top, bottom: box.bottom, middle: box.top + box.height / 2 }[target.edge];
      return { top: `${y + scroll.scrollTop - 2}px`, height: "4px", background: "#3257e0", borderRadius: "2px" };
    });
  }

  function outline() {
    const element = selected && byId(selected);
    overlay("wp-selected", element?.getBoundingClientRect(), (box) => ({
      height: `${box.height}px`,
      outline: "2px solid #3257e0",
      outlineOffset: "1px",
      borderRadius: "2px",
    }));
  }

  return {
    show,
    select(id) {
      selected = id;
      if (!ready || !frame.contentDocument.body) return;
      outline();
      byId(id)?.scrollIntoView({ block: "nearest" });
    },
    refresh: outline,
  };
}
