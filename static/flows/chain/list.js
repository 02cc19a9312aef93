// What every part of the page knows of the blocks: which there are, in which order, and what of them is not saved.

export const chain = document.getElementById("chain");
const list = chain?.querySelector("[data-steps]");
const saved = new Map(); // key → what its block said when it was saved last; none for a new one
let savedOrder = list ? [...list.children].map((block) => block.dataset.step) : [];

export const blocks = () => [...list.children];
export const keyOf = (block) => block.dataset.step;
export const isGone = (block) => "gone" in block.dataset;
export const isNew = (block) => "new" in block.dataset;
export const shownBlocks = () => blocks().filter((block) => !isGone(block));
export const blockOf = (key) => list.querySelector(`:scope > [data-step="${key}"]`);
export const formOf = (block) => block.querySelector("[data-step-form]");

export function put(block, before) {
  block.dataset.touched = "";
  list.insertBefore(block, before);
}

/** What a block says: the values of the fields that are shown. */
function said(block) {
  const form = formOf(block);
  return JSON.stringify([...new FormData(form)].filter(([name, value]) => value !== "" && !isHidden(form, name)));
}

function isHidden(form, name) {
  const control = form.elements[name];
  const element = control instanceof RadioNodeList ? control[0] : control;
  return Boolean(element?.closest("[hidden]"));
}

/** Whether somebody has typed into it before this script was there, or the browser has brought back what was typed. */
function isTouched(block) {
  return [...formOf(block).elements].some((control) =>
    ["checkbox", "radio"].includes(control.type) ? control.checked !== control.defaultChecked : control.defaultValue !== undefined && control.value !== control.defaultValue,
  );
}

/** A block has come from the server: new, refused, or as it is saved. */
export function start(block) {
  if (!isNew(block) && !("wrong" in block.dataset)) saved.set(keyOf(block), isTouched(block) ? "" : said(block));
  for (const name of ["input", "change"]) formOf(block).addEventListener(name, () => edited(block));
}

function edited(block) {
  const form = formOf(block);
  const key = keyOf(block);
  block.dataset.name = form.elements[`${key}-name`]?.value ?? "";
  block.dataset.channel = form.elements[`${key}-channel`]?.value ?? "email";
  for (const place of block.querySelectorAll("[data-name-of]")) place.textContent = block.dataset.name || "Without a name";
  block.querySelector("[data-channel-icon]").replaceChildren(icon(block.dataset.channel));
  settle();
}

export const icon = (channel) => document.getElementById(`map-${channel}`).content.cloneNode(true);

export const isDirty = (block) =>
  isGone(block) ? !isNew(block) : isNew(block) || "moved" in block.dataset || saved.get(keyOf(block)) !== said(block);

export const dirtyBlocks = () => blocks().filter(isDirty);

/** The order that is shown is the saved one, of the steps that are saved. */
export function keepOrder(keys) {
  savedOrder = keys;
}

export function forget(block) {
  saved.delete(keyOf(block));
  block.remove();
}

/** Of steps that have changed places, mark as few as explain the order, those that somebody moved before others: all
    but the longest row that still rises. */
function markMoved() {
  const now = shownBlocks().filter((block) => !isNew(block));
  const numbers = now.map((block) => savedOrder.indexOf(keyOf(block)));
  const length = (row) => row.reduce((sum, n) => sum + ("touched" in now[n].dataset ? 0.999 : 1), 0);
  const longestOf = (some) => some.sort((a, b) => length(b) - length(a))[0] ?? [];
  const rows = [];
  numbers.forEach((number, n) => {
    rows.push([...longestOf(rows.filter((row) => numbers[row.at(-1)] < number)), n]);
  });
  const still = new Set(longestOf(rows));
  now.forEach((block, n) => {
    if (still.has(n)) delete block.dataset.moved;
    else block.dataset.moved = "";
  });
}

/** Say everywhere what is not saved, and number the steps. */
export function settle() {
  markMoved();
  shownBlocks().forEach((block, n, all) => {
    block.querySelector("[data-place]").textContent = n + 1;
    const ways = { up: n === 0, down: n === all.length - 1 };
    for (const [way, none] of Object.entries(ways)) {
      const button = block.querySelector(`.chain-foot [data-move="${way}"]`);
      if (button) button.disabled = none;
    }
  });
  for (const block of blocks()) {
    const dirty = isDirty(block);
    block.classList.toggle("dirty", dirty);
    block.querySelector("[data-unsaved-badge]").hidden = !dirty;
    const button = block.querySelector("[data-save-one]");
    if (button) button.disabled = !dirty;
  }
  bar();
  chain.dispatchEvent(new CustomEvent("settled"));
}

function bar() {
  const place = chain.querySelector("[data-save-bar]");
  if (!place) return;
  const n = dirtyBlocks().length;
  place.hidden = !n;
  place.querySelector("[data-unsaved-words]").textContent = n ? `${n} step${n === 1 ? " is" : "s are"} not saved.` : "";
  // Leaving the page asks as long as this form counts as changed (see page/unsaved.js).
  chain.querySelector("[data-guard]").dispatchEvent(new Event(n ? "input" : "reset", { bubbles: true }));
  for (const each of document.querySelectorAll("[data-needs-saved]")) {
    if (n) each.setAttribute("aria-disabled", "true");
    else each.removeAttribute("aria-disabled");
    each.title = n ? "Save the steps first" : "";
  }
}
