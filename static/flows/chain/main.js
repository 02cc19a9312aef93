// The list of a chain's steps: each block on its own, saved when somebody says so.
import "./parts.js";
import { follow } from "./counts.js";
import { watchDrags } from "./drag.js";
import { blocks, chain, settle, start } from "./list.js";
import { drawMap } from "./minimap.js";
import { saveSteps } from "./saving.js";
import { addStep, duplicate, moveStep, removeStep, undoRemoval } from "./steps.js";

if (chain) {
  for (const block of blocks()) start(block);
  settle();
  drawMap();
  follow();

  if (chain.dataset.editable === "true") {
    watchDrags();
    chain.addEventListener("click", (event) => clicked(event));
    chain.addEventListener("keydown", (event) => pressed(event));
    chain.addEventListener("step-edited", () => settle());
    document.addEventListener("keydown", (event) => {
      if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        saveSteps();
      }
    });
  }
  // What was chosen in a dialog is shown by the page itself; nothing unsaved is lost by it.
  document.body.addEventListener("chain-settings", () => location.reload());
  open(location.hash);
  window.addEventListener("hashchange", () => open(location.hash));
}

function clicked(event) {
  const button = event.target.closest("button");
  const block = button?.closest("[data-step]");
  if (!button) return;
  if ("addEnd" in button.dataset) addStep(null);
  else if ("addBefore" in button.dataset) addStep(block);
  else if ("saveAll" in button.dataset) saveSteps();
  else if ("saveOne" in button.dataset) saveSteps(block);
  else if ("duplicate" in button.dataset) duplicate(block);
  else if ("removeStep" in button.dataset) removeStep(block);
  else if ("undo" in button.dataset) undoRemoval(block);
  else if (button.dataset.move && !button.closest("rule-tree")) moveStep(block, button.dataset.move);
}

// Alt with an arrow moves the step whose head has the focus.
function pressed(event) {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key) || !event.target.matches(".chain-head")) return;
  event.preventDefault();
  moveStep(event.target.closest("[data-step]"), event.key === "ArrowUp" ? "up" : "down");
  event.target.focus();
}

function open(hash) {
  const block = hash.startsWith("#step-") && document.getElementById(hash.slice(1));
  if (block) block.querySelector("details").open = true;
}
