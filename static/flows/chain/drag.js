// Steps are dragged to another place by their grip.
import { chain, put, settle, shownBlocks } from "./list.js";

export function watchDrags() {
  let dragged = null;

  chain.addEventListener("dragstart", (event) => {
    if (!event.target.closest?.("[data-grip]")) return;
    dragged = event.target.closest("[data-step]");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.name);
    event.dataTransfer.setDragImage(dragged.querySelector(".chain-head"), 20, 20);
    dragged.classList.add("dragged");
  });

  chain.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const over = shownBlocks().find((block) => {
      const { top, bottom } = block.getBoundingClientRect();
      return event.clientY >= top && event.clientY <= bottom;
    });
    if (!over || over === dragged) return;
    const { top, height } = over.querySelector(".chain-head").getBoundingClientRect();
    put(dragged, event.clientY < top + height / 2 ? over : over.nextElementSibling);
  });

  chain.addEventListener("drop", (event) => dragged && event.preventDefault());
  chain.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
    settle();
  });
  // A press on the grip does not open the block.
  chain.addEventListener("click", (event) => event.target.closest("[data-grip]") && event.preventDefault());
}
