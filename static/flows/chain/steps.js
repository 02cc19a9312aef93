// Adds steps, copies, moves and removes them; nothing of it is saved before somebody says so.
import { toast } from "../../page/toast.js";
import { blocks, chain, forget, formOf, isNew, keyOf, put, settle, shownBlocks, start } from "./list.js";
import { showParts } from "./parts.js";
import { send } from "./sending.js";

/** A new step before a block, or at the end. */
export const addStep = (before) => insert(before, new FormData());

export function duplicate(block) {
  const sent = new FormData(formOf(block));
  sent.set("like", keyOf(block));
  const shown = shownBlocks();
  return insert(shown[shown.indexOf(block) + 1] ?? null, sent);
}

async function insert(before, sent) {
  if (shownBlocks().length >= Number(chain.dataset.most)) {
    toast(`A chain has at most ${chain.dataset.most} steps.`, "warning");
    return;
  }
  const shown = shownBlocks();
  const earlier = before ? shown.slice(0, shown.indexOf(before)) : shown;
  const named = earlier.map((block) => ({ key: keyOf(block), name: block.dataset.name, channel: block.dataset.channel }));
  sent.set("before", JSON.stringify(named));
  for (const block of blocks()) sent.append("taken", keyOf(block));
  const { ok, text } = await send(chain.dataset.newUrl, sent);
  if (!ok) return;
  const block = drawn(text);
  put(block, before);
  window.htmx.process(block);
  showParts(block);
  start(block);
  settle();
  block.scrollIntoView({ block: "center" });
  block.querySelector("input[type=text], input:not([type])")?.focus({ preventScroll: true });
}

export function drawn(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  return document.adoptNode(holder.content.firstElementChild);
}

export function moveStep(block, way) {
  const shown = shownBlocks();
  const near = shown[shown.indexOf(block) + (way === "up" ? -1 : 1)];
  if (!near) return;
  put(block, way === "up" ? near : near.nextElementSibling);
  settle();
  block.scrollIntoView({ block: "nearest" });
  block.querySelector(`.chain-foot [data-move="${way}"]`)?.focus({ preventScroll: true });
}

export function removeStep(block) {
  if (shownBlocks().length === 1) {
    toast("A chain has at least one step.", "warning");
    return;
  }
  block.dataset.gone = "";
  block.querySelector("[data-block]").hidden = true;
  block.querySelector(".chain-gone").hidden = false;
  block.querySelector("[data-undo]").focus();
  settle();
}

export function undoRemoval(block) {
  delete block.dataset.gone;
  block.querySelector("[data-block]").hidden = false;
  block.querySelector(".chain-gone").hidden = true;
  settle();
  block.querySelector("summary").focus();
}

/** New steps that were removed again are gone when anything is saved. */
export function sweep() {
  for (const block of blocks()) if ("gone" in block.dataset && isNew(block)) forget(block);
}
