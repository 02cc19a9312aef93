/** Draws connections: click a way out and then a shape, drag from one to the other, or by keys; and moves an edge's ends. */

import { connect, disconnect, edgeKey, edgeOf, index, nodeOf, refusal } from "./graph.js";
import { curve, inPoint, outPoint } from "./geometry.js";
import { createBorderScroll } from "./border_scroll.js";
import { drag } from "./drag.js";
import { svg } from "./edges.js";

export function attachConnect(editor) {
  const { root, viewport, view, store, types, canvas, layer } = editor;
  const line = svg("path", "edge-line pending");
  let pending = null; // {from, port, instead: the edge that is being moved, if any}
  let hovered = null;
  const label = (node) => types[node.type]?.label ?? node.type;

  /** Why the pending connection may not lead to this shape; an edge that is being moved is no obstacle. */
  const refused = (edge) => {
    const doc = pending.instead ? disconnect(store.doc, edgeKey(pending.instead)) : store.doc;
    return refusal(doc, types, edge);
  };

  function begin(from, port, instead = null) {
    if (!editor.may()) return false;
    const taken = !instead && index(store.doc).out.get(from).find((edge) => edge.port === port);
    if (taken) {
      editor.say(refusal(store.doc, types, { from, port, to: taken.to }));
      store.select([], edgeKey(taken));
      return false;
    }
    pending = { from, port, instead };
    line.setAttribute("class", `edge-line pending ${nodeOf(store.doc, from).ports.find((each) => each.name === port)?.tone ?? ""}`);
    line.removeAttribute("d");
    layer.append(line);
    root.classList.add("connecting");
    canvas.element(from)?.classList.add("source");
    return true;
  }

  function stop() {
    if (!pending) return;
    canvas.element(pending.from)?.classList.remove("source");
    hover(null);
    pending = null;
    line.remove();
    root.classList.remove("connecting");
  }

  function hover(element) {
    if (hovered === element) return;
    hovered?.classList.remove("target", "refused");
    hovered = element;
    if (!element || element.dataset.id === pending.from) return;
    hovered.classList.add(refused({ ...pending, to: element.dataset.id }) ? "refused" : "target");
  }

  /** Ends the pending connection at a shape: one step, or a sentence. */
  function finish(to) {
    const { from, port, instead } = pending;
    const sentence = refused({ from, port, to });
    stop();
    if (sentence) return editor.say(sentence);
    const edge = { from, port, to };
    const doc = instead ? disconnect(store.doc, edgeKey(instead)) : store.doc;
    if (instead?.to !== to) store.commit(connect(doc, edge));
    return editor.say(`Connected “${label(nodeOf(store.doc, from))}” to “${label(nodeOf(store.doc, to))}”.`);
  }

  const shapeAt = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-id]") ?? null;
  function follow(event) {
    const to = view.at(event);
    line.setAttribute("d", curve(outPoint(nodeOf(store.doc, pending.from), pending.port), to));
    hover(shapeAt(event));
  }

  /** Drags a loose end; `start` says what is pending. */
  function dragEnd(down, start, drop) {
    const border = createBorderScroll(view, follow);
    drag(down, viewport, {
      start,
      move(event) {
        follow(event);
        border.follow(event);
      },
      end(event) {
        border.stop();
        const element = shapeAt(event);
        if (drop) drop(element, event);
        else if (element) finish(element.dataset.id);
        else stop();
      },
      cancel() {
        border.stop();
        stop();
      },
    });
  }

  viewport.addEventListener("pointerdown", (down) => {
    if (down.button !== 0) return;
    const port = down.target.closest(".port.out");
    const handle = down.target.closest("[data-handle]");
    if (port && !pending) {
      const { id } = port.closest("[data-id]").dataset;
      dragEnd(down, () => begin(id, port.dataset.port));
    } else if (handle) {
      const edge = edgeOf(store.doc, store.selection.edge);
      if (handle.dataset.handle === "to") dragEnd(down, () => begin(edge.from, edge.port, edge));
      else moveStart(down, edge);
    }
  });

  /** The start of an edge is dragged to another way out: the target stays. */
  function moveStart(down, edge) {
    const target = inPoint(nodeOf(store.doc, edge.to));
    drag(down, viewport, {
      start() {
        if (!begin(edge.from, edge.port, edge)) return false;
        return true;
      },
      move(event) { line.setAttribute("d", curve(view.at(event), target)); },
      end(event) {
        const element = shapeAt(event);
        const source = element && nodeOf(store.doc, element.dataset.id);
        stop();
        if (!source?.ports.length) return;
        const { out } = index(store.doc);
        const free = source.ports.find((port) => !out.get(source.id).some((each) => each.port === port.name && each !== edge));
        const port = document.elementFromPoint(event.clientX, event.clientY)?.closest(".port.out")?.dataset.port ?? free?.name ?? source.ports[0].name;
        const moved = { from: source.id, port, to: edge.to };
        const rest = disconnect(store.doc, edgeKey(edge));
        const sentence = refusal(rest, types, moved);
        if (sentence) editor.say(sentence);
        else if (edgeKey(moved) !== edgeKey(edge)) store.commit(connect(rest, moved));
      },
      cancel: stop,
    });
  }

  viewport.addEventListener("click", (event) => {
    const port = event.target.closest(".port.out");
    const element = event.target.closest("[data-id]");
    if (!pending && port) {
      event.stopImmediatePropagation();
      if (begin(element.dataset.id, port.dataset.port)) editor.say("Now choose the shape to connect to, or press Escape.");
    } else if (!pending && event.target.closest(".port.in")) {
      editor.say("Start at a connector on the right side of a shape.");
    } else if (pending) {
      event.stopImmediatePropagation();
      if (element && !(port && element.dataset.id === pending.from)) finish(element.dataset.id);
      else stop();
    }
  });
  viewport.addEventListener("pointermove", (event) => {
    // Between the two clicks the curve follows the mouse; while dragging, `drag` does this.
    if (pending && !event.buttons && event.pointerType === "mouse") follow(event);
  });
  store.on("step", stop);

  Object.assign(editor, {
    connecting: () => pending,
    stopConnecting: stop,
    finishConnecting: finish,
    /** By keys: from the first free way out, or from the next one when asked again. */
    startConnecting(id) {
      const node = nodeOf(store.doc, id);
      const taken = new Set(index(store.doc).out.get(id).map((edge) => edge.port));
      const free = node.ports.filter((port) => !taken.has(port.name));
      const next = pending?.from === id ? free[(free.findIndex((port) => port.name === pending.port) + 1) % free.length] : free[0];
      stop();
      if (!node.ports.length) return editor.say(`“${label(node)}” ends the way, so nothing can follow it.`);
      if (!next) return void begin(id, node.ports[0].name);
      if (!begin(id, next.name)) return undefined;
      const way = next.label ? `, ${next.label}` : "";
      const more = free.length > 1 ? " C takes the next connector." : "";
      return editor.say(`Connecting from “${label(node)}”${way}. Tab to a shape and press Enter; Escape cancels.${more}`);
    },
  });
}
