/** Puts new shapes on the canvas: dragged from the palette, or clicked there (also by keys and fingers). */

import { add, freshId, isTrigger, newNode, triggerOf } from "./graph.js";
import { freePlace, heightOf, snap, WIDTH } from "./geometry.js";
import { drag } from "./drag.js";

export function attachPlace(editor) {
  const { root, viewport, view, store, types, canvas } = editor;
  const palette = root.querySelector(".palette");
  const drawer = root.querySelector('[data-do="palette"]');

  /** Why no shape of this type may be added now, or "". */
  function refusal(type) {
    if (type.unavailable) return type.unavailable.hint;
    const trigger = triggerOf(store.doc, types);
    if (!type.has_input && trigger) {
      return `A scenario has one trigger only, and this one starts with “${types[trigger.type].label}”. Remove that first.`;
    }
    return "";
  }

  function put(type, place) {
    const node = newNode(freshId(store.doc), type, snap(place.x), snap(place.y));
    store.commit(add(store.doc, node));
    store.select([node.id]);
    editor.say(`Added “${type.label}”. Double-click it, or press Enter, to configure it.`);
    return node;
  }

  /** In view, where it covers nothing: right of what is chosen, else in the middle. */
  function placeInView(type) {
    const node = newNode("", type, 0, 0);
    const area = view.visible();
    const [chosen] = store.selection.ids;
    const beside = store.selection.ids.size === 1 && store.doc.nodes.find((each) => each.id === chosen);
    const wanted = beside
      ? { x: beside.x + WIDTH + 80, y: beside.y }
      : { x: area.x + (area.width - WIDTH) / 2, y: area.y + (area.height - heightOf(node)) / 2 };
    return freePlace(store.doc.nodes, wanted, heightOf(node));
  }

  const openDrawer = (open) => {
    root.classList.toggle("palette-open", open);
    drawer.setAttribute("aria-expanded", String(open));
  };
  drawer.addEventListener("click", () => openDrawer(!root.classList.contains("palette-open")));

  palette.addEventListener("click", (event) => {
    const item = event.target.closest("[data-type]");
    if (!item || !editor.may()) return;
    const type = types[item.dataset.type];
    const sentence = refusal(type);
    if (sentence) return void editor.say(sentence);
    const node = put(type, placeInView(type));
    openDrawer(false);
    if (event.detail === 0) canvas.focus(node.id); // pressed by a key: the focus goes on to the new shape
    else canvas.flush();
    view.reveal({ x: node.x, y: node.y, width: WIDTH, height: heightOf(node) });
  });

  palette.addEventListener("pointerdown", (down) => {
    const item = down.target.closest("[data-type]");
    if (!item || down.button !== 0) return;
    const type = types[item.dataset.type];
    let ghost;
    const follow = (event) => {
      ghost.style.translate = `${event.clientX}px ${event.clientY}px`;
      ghost.style.scale = view.now.k;
    };
    drag(down, palette, {
      start() {
        if (!editor.may()) return false;
        const sentence = refusal(type);
        if (sentence) {
          editor.say(sentence);
          return false;
        }
        ghost = item.cloneNode(true);
        ghost.className = "palette-ghost";
        ghost.removeAttribute("data-type");
        root.append(ghost);
        return true;
      },
      move: follow,
      end(event) {
        ghost.remove();
        openDrawer(false);
        const under = document.elementFromPoint(event.clientX, event.clientY);
        if (!viewport.contains(under)) return;
        const at = view.at(event);
        const height = heightOf(newNode("", type, 0, 0));
        put(type, { x: at.x - WIDTH / 2, y: at.y - height / 2 });
        viewport.focus({ preventScroll: true });
      },
      cancel: () => ghost.remove(),
    });
  });

  /** Entries that cannot be used now look so, and say why. */
  function mark() {
    const trigger = triggerOf(store.doc, types);
    for (const item of palette.querySelectorAll("[data-type]")) {
      const type = types[item.dataset.type];
      const off = Boolean(type.unavailable) || (isTrigger({ type: type.key }, types) && Boolean(trigger)) || editor.readOnly();
      item.setAttribute("aria-disabled", String(off));
    }
  }
  store.on("step", mark);
  mark();
  editor.markPalette = mark;
}
