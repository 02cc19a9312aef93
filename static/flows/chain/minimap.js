// The overview at the right: every step with its state; a press goes there.
import { blockOf, blocks, chain, icon, isDirty, isGone, keyOf } from "./list.js";

const STATES = { gone: "will be removed", invalid: "has errors", unsaved: "not saved", saved: "saved" };

function stateOf(block) {
  if (isGone(block)) return "gone";
  if ("wrong" in block.dataset) return "invalid";
  return isDirty(block) ? "unsaved" : "saved";
}

export function drawMap() {
  const map = chain.querySelector("[data-map]");
  let number = 0;
  map.replaceChildren(...blocks().map((block) => entry(block, isGone(block) ? "–" : (number += 1))));
}

function entry(block, number) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  const state = stateOf(block);
  button.type = "button";
  button.dataset.goto = keyOf(block);
  button.className = state;
  const place = text("span", "map-number", number);
  const name = text("span", "map-name", block.dataset.name || "Without a name");
  const mark = text("span", "map-state", "");
  mark.setAttribute("aria-hidden", "true");
  button.title = `${block.dataset.name}: ${STATES[state]}`;
  const counts = text("span", "map-counts", countsOf(block));
  button.append(place, icon(block.dataset.channel), name, counts, mark, text("span", "sr-only", `, ${STATES[state]}`));
  item.append(button);
  return item;
}

function text(tag, kind, words) {
  const element = document.createElement(tag);
  element.className = kind;
  element.textContent = words;
  return element;
}

/** How many were sent it, once it is sent, and how many wait for it. */
function countsOf(block) {
  const sent = block.querySelector('[data-count="sent"]')?.textContent;
  const waiting = block.querySelector('[data-count="waiting"]')?.textContent;
  if (sent === undefined) return "";
  return waiting && waiting !== "0" ? `${sent} · ${waiting} wait` : sent;
}

chain?.addEventListener("settled", drawMap);
chain?.querySelector("[data-map]").addEventListener("click", (event) => {
  const block = blockOf(event.target.closest("[data-goto]")?.dataset.goto);
  if (!block) return;
  block.querySelector("details").open = true;
  block.scrollIntoView({ block: "start" });
  block.querySelector("summary").focus({ preventScroll: true });
});
