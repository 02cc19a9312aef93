// Asks for the numbers of each step while the chain is sent.
import { blockOf, chain } from "./list.js";
import { drawMap } from "./minimap.js";

const EVERY = 5000;
const words = new Intl.NumberFormat("en");

export function follow() {
  if (["draft", "cancelled"].includes(chain.dataset.state)) return;
  setInterval(() => document.visibilityState === "visible" && ask(), EVERY);
}

async function ask() {
  const answer = await fetch(chain.dataset.countsUrl).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const { state, steps, total } = await answer.json();
  for (const [key, counts] of Object.entries(steps)) {
    for (const place of blockOf(key)?.querySelectorAll("[data-count]") ?? []) write(place, counts[place.dataset.count]);
  }
  for (const place of document.querySelectorAll("[data-total-of]")) write(place, total[place.dataset.totalOf]);
  drawMap();
  const clean = chain.querySelector("[data-save-bar]")?.hidden ?? true;
  // Other commands are possible now; a page with something unsaved in it stays.
  if (state !== chain.dataset.state && clean && !document.querySelector("dialog[open]")) location.reload();
}

function write(place, number) {
  if (number !== undefined) place.textContent = words.format(number);
}
