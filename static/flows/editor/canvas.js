/** Draws shapes: one HTML element per node, brought up to date once a frame with what really changed. */

import { isTrigger, spoken } from "./graph.js";
import { createCulling } from "./culling.js";
import { heightOf, MARGIN, portOffset, rectOf } from "./geometry.js";

const MARKS = { yes: "✓", no: "✗" };

function make(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** `counts` maps ids to {waiting, failed}: contacts there; `pinned` maps ids to sentences that the last save found; `marks`
 * maps ids to "added" or "changed" where versions are compared. */
export function createCanvas({ world, viewport, types, store, view, drawEdges, marks = {}, waitingUrl }) {
  const drawn = new Map();
  let counts = new Map();
  let pinned = new Map();
  let frame = 0;
  let chosen = new Set();

  function create(node) {
    const type = types[node.type];
    const element = make("div", "node");
    element.dataset.id = node.id;
    element.dataset.group = type?.group ?? "";
    if (marks[node.id]) element.dataset.mark = marks[node.id];
    element.dataset.input = String(!isTrigger(node, types));
    element.tabIndex = 0;
    element.setAttribute("role", "group");
    const card = make("div", "node-card");
    const icon = make("span", "node-icon");
    const picture = document.getElementById(`icon-${node.type}`);
    if (picture) icon.append(picture.content.cloneNode(true));
    const words = make("div", "node-words");
    const parts = {
      element, card, icon, mark: make("span", "node-mark"), numbers: make("div", "node-numbers"), reached: make("a", "node-reached"), count: make("a", "node-count"), failed: make("a", "node-failed"), ports: [],
      title: make("strong", "node-title", type?.label ?? node.type), summary: make("span", "node-summary"),
    };
    parts.count.href = waitingUrl.replace("NODE", encodeURIComponent(node.id));
    parts.failed.href = `${parts.count.href}?show=failed`;
    parts.reached.href = `${parts.count.href}?show=numbers`;
    for (const link of [parts.reached, parts.count, parts.failed]) {
      link.draggable = false;
      link.dataset.nodeNumbers = node.id;
    }
    parts.numbers.append(parts.reached, parts.count);
    parts.mark.append(document.getElementById("icon-warning").content.cloneNode(true));
    words.append(parts.title, parts.summary);
    card.append(icon, words, parts.mark, parts.numbers, parts.failed);
    element.append(card);
    if (!isTrigger(node, types)) {
      parts.input = make("button", "port in");
      parts.input.type = "button";
      parts.input.tabIndex = -1;
      parts.input.setAttribute("aria-label", `Connect to ${type?.label ?? node.type}`);
      element.append(parts.input);
    }
    element.classList.toggle("selected", chosen.has(node.id));
    return parts;
  }

  function drawPorts(parts, node) {
    parts.ports.forEach((port) => port.remove());
    parts.ports = node.ports.map((port, place) => {
      const button = make("button", `port out ${port.tone ?? "plain"}`, MARKS[port.tone] ?? (node.ports.length > 1 ? port.label : ""));
      button.type = "button";
      button.dataset.port = port.name;
      button.title = port.label || "";
      button.style.top = `${MARGIN + portOffset(node, place)}px`;
      button.setAttribute("aria-label", `Connect from ${types[node.type]?.label ?? node.type}${port.label ? `, ${port.label}` : ""}`);
      parts.element.append(button);
      return button;
    });
    parts.element.style.height = `${heightOf(node) + 2 * MARGIN}px`;
    if (parts.input) parts.input.style.top = `${MARGIN + heightOf(node) / 2}px`;
  }

  const problemsOf = (node) => [...new Set([...node.problems, ...(pinned.get(node.id) ?? [])])];

  function describe(parts, node) {
    const problems = problemsOf(node);
    const configured = Object.keys(node.config).length > 0;
    parts.summary.textContent = node.summary || (configured ? "" : "Double-click to configure");
    parts.element.classList.toggle("blank", !node.summary && !configured);
    parts.element.classList.toggle("wrong", problems.length > 0);
    parts.mark.hidden = !problems.length;
    parts.mark.title = problems.join("\n");
    const { waiting = 0, failed = 0, entered = 0 } = counts.get(node.id) ?? {};
    parts.reached.hidden = !entered;
    parts.reached.textContent = entered.toLocaleString("en");
    parts.reached.title = `Reached ${entered.toLocaleString("en")} ${entered === 1 ? "time" : "times"}: see the numbers of this step`;
    parts.failed.hidden = !failed;
    parts.failed.textContent = failed.toLocaleString("en");
    parts.failed.title = `${failed.toLocaleString("en")} failed here: see why`;
    parts.count.hidden = !waiting;
    parts.count.textContent = waiting.toLocaleString("en");
    parts.count.title = `${waiting.toLocaleString("en")} waiting here: see who`;
    parts.element.setAttribute("aria-label", spoken(node, types, waiting, problems, failed));
  }

  function update(parts, node) {
    const before = parts.node;
    if (before === node) return;
    parts.node = node;
    if (before?.x !== node.x || before?.y !== node.y) {
      parts.element.style.translate = `${node.x - MARGIN}px ${node.y - MARGIN}px`;
    }
    if (before?.ports !== node.ports) drawPorts(parts, node);
    if (before?.summary !== node.summary || before?.problems !== node.problems || before?.config !== node.config) describe(parts, node);
  }

  /** Puts on the page what is in view, in the order of the document, which is the order of the Tab key. The shapes
   * before and after the focused one, the first and the last are there always, so that Tab finds them. */
  function arrange(wanted) {
    culling.look();
    const { nodes } = store.doc;
    const focused = document.activeElement?.closest?.("[data-id]")?.dataset.id;
    const at = focused ? nodes.findIndex((node) => node.id === focused) : -1;
    let after = null;
    for (let place = nodes.length - 1; place >= 0; place -= 1) {
      const node = nodes[place];
      const near = place === 0 || place === nodes.length - 1 || (at >= 0 && Math.abs(place - at) <= 1);
      let parts = drawn.get(node.id);
      if (near || node.id === wanted || culling.shows(rectOf(node))) {
        if (!parts) {
          drawn.set(node.id, (parts = create(node)));
          update(parts, node);
        }
        if (!parts.element.isConnected) world.insertBefore(parts.element, after);
        after = parts.element;
      } else if (parts?.element.isConnected) parts.element.remove();
    }
    drawEdges(culling);
  }
  const culling = createCulling({ view, store, arrange });

  function draw(wanted) {
    frame = 0;
    const gone = new Set(drawn.keys());
    for (const node of store.doc.nodes) {
      gone.delete(node.id);
      const parts = drawn.get(node.id);
      if (parts) update(parts, node);
    }
    for (const id of gone) {
      const { element } = drawn.get(id);
      // Focus must not fall out of the canvas with the shape that is removed.
      if (element.contains(document.activeElement)) viewport.focus({ preventScroll: true });
      element.remove();
      drawn.delete(id);
    }
    arrange(wanted);
  }

  const paint = () => { frame ||= requestAnimationFrame(() => draw()); };
  function markSelection() {
    for (const id of chosen) drawn.get(id)?.element.classList.remove("selected");
    chosen = store.selection.ids;
    for (const id of chosen) drawn.get(id)?.element.classList.add("selected");
  }
  store.on("doc", paint);
  store.on("selection", markSelection);

  // The browser's own scrolling would move the drawing away from its view.
  viewport.addEventListener("focusin", (event) => {
    viewport.scrollLeft = viewport.scrollTop = 0;
    const node = drawn.get(event.target.closest("[data-id]")?.dataset.id)?.node;
    if (node) arrange();
    if (node && event.target.matches(":focus-visible")) view.reveal(rectOf(node));
  });
  viewport.addEventListener("scroll", () => { viewport.scrollLeft = viewport.scrollTop = 0; });

  return {
    /** Draws at once what is waiting for the next frame. */
    flush(wanted) { cancelAnimationFrame(frame); draw(wanted); },
    element: (id) => drawn.get(id)?.element,
    focus(id) { this.flush(id); drawn.get(id)?.element.focus({ preventScroll: true, focusVisible: true }); },
    problems: () => store.doc.nodes.flatMap((node) => problemsOf(node).map((message) => ({ node: node.id, message }))),
    setCounts(next) {
      const differs = (a, b) => ["waiting", "failed", "entered"].some((metric) => (a?.[metric] ?? 0) !== (b?.[metric] ?? 0));
      const changed = [...drawn.keys()].filter((id) => differs(counts.get(id), next.get(id)));
      counts = next;
      for (const id of changed) describe(drawn.get(id), drawn.get(id).node);
    },
    setPinned(next) {
      const touched = new Set([...pinned.keys(), ...next.keys()]);
      pinned = next;
      for (const id of touched) if (drawn.has(id)) describe(drawn.get(id), drawn.get(id).node);
    },
    pinned: () => pinned,
  };
}
