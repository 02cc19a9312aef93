/**
 * The menu of what can be put into a text. A button with `data-inserts` opens it, for the control beside it or, where
 * there is none, for the text that was written in last; a choice goes where the cursor was, around what was selected.
 */

const TEXTS = "[data-rich], textarea, input[type=text], input[type=url], input:not([type])";
const written = new WeakSet(); // texts that have had a cursor
const marked = new WeakMap(); // what was selected in a rich text when it was left

let last = null;
let opener = null; // the button whose menu is open
let pressedOpen = null;
let into = null;

const menuOf = (button) => (button.closest("dialog") ?? document).querySelector("[data-inserter]");
const choices = (menu) => [...menu.querySelectorAll("[data-insert]")].filter((each) => !each.hidden);
const isShown = (field) => field?.isConnected && field.getClientRects().length > 0;

document.addEventListener("focusin", ({ target }) => {
  if (!target.matches(TEXTS) || target.closest("[data-inserter]")) return;
  last = target;
  written.add(target);
});

document.addEventListener("focusout", ({ target }) => {
  const selection = getSelection();
  if (target.matches("[data-rich]") && selection.rangeCount && target.contains(selection.anchorNode)) {
    marked.set(target, selection.getRangeAt(0).cloneRange());
  }
});

function textFor(button) {
  const beside = button.closest(".insertable")?.querySelector(TEXTS);
  if (beside || isShown(last)) return beside ?? last;
  return [...(button.closest("aside, form") ?? document).querySelectorAll(TEXTS)].find(isShown);
}

// Light dismissal has closed the menu by the time a press on its own button becomes a click.
document.addEventListener("pointerdown", () => (pressedOpen = opener), true);

document.addEventListener("click", ({ target, detail }) => {
  const button = target.closest("[data-inserts]");
  const choice = target.closest("[data-insert]");
  if (choice) choose(choice);
  else if (button && !(detail && button === pressedOpen)) open(button);
  pressedOpen = null;
});

function open(button) {
  const menu = menuOf(button);
  if (!menu) return;
  prepare(menu);
  find(menu, "");
  menu.showPopover();
  opener = button;
  into = textFor(button);
  button.setAttribute("aria-expanded", "true");
  place(menu);
  // A keyboard on the screen would cover what it is about.
  if (matchMedia("(pointer: coarse)").matches) menu.focus();
  else menu.querySelector("[data-find]").focus();
}

/** A menu that has just arrived listens from now on. */
function prepare(menu) {
  if (menu.dataset.ready) return;
  menu.dataset.ready = "yes";
  menu.addEventListener("beforetoggle", ({ newState }) => {
    if (newState !== "closed") return;
    opener?.setAttribute("aria-expanded", "false");
    opener = null;
  });
  menu.addEventListener("keydown", (event) => press(menu, event));
  menu.querySelector("[data-find]").addEventListener("input", ({ target }) => find(menu, target.value));
}

function find(menu, words) {
  menu.querySelector("[data-find]").value = words;
  const wanted = words.trim().toLowerCase();
  for (const choice of menu.querySelectorAll("[data-insert]")) choice.hidden = !choice.textContent.toLowerCase().includes(wanted);
  for (const group of menu.querySelectorAll("[data-group]")) group.hidden = !choices(group).length;
  say(menu, choices(menu).length ? "" : "Nothing is called that.");
  menu.querySelector(".inserter-list").scrollTop = 0;
}

function say(menu, words) {
  const place = menu.querySelector("[data-said]");
  place.textContent = words;
  place.hidden = !words;
}

function press(menu, event) {
  const all = choices(menu);
  const at = all.indexOf(document.activeElement);
  const searching = document.activeElement.matches("[data-find]");
  // One stop for the Tab key: it goes on from the button.
  if (event.key === "Tab") return void menu.hidePopover();
  if (event.key === "Enter" && searching) {
    event.preventDefault();
    return void (all.length && choose(all[0]));
  }
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: searching ? null : 0, End: searching ? null : all.length - 1 }[event.key] ?? null;
  if (to === null || !all.length) return undefined;
  event.preventDefault();
  if (to < 0) menu.querySelector("[data-find]").focus();
  else all[Math.min(to, all.length - 1)].focus();
  return undefined;
}

/** Under its button or above it, wherever there is more room; nothing that scrolls can cut it off. */
function place(menu) {
  if (!opener) return;
  const button = opener.getBoundingClientRect();
  const below = innerHeight - button.bottom - 14;
  const above = button.top - 14;
  const under = below >= Math.min(320, above);
  const { style } = menu;
  style.maxHeight = `${Math.min(384, under ? below : above)}px`;
  style.top = under ? `${button.bottom + 6}px` : "auto";
  style.bottom = under ? "auto" : `${innerHeight - button.top + 6}px`;
  const wanted = opener.closest(".insertable") ? button.right - menu.offsetWidth : button.left;
  style.left = `${Math.max(8, Math.min(wanted, innerWidth - menu.offsetWidth - 8))}px`;
}

const replace = ({ target }) => {
  const menu = opener && menuOf(opener);
  if (menu && !menu.contains(target)) place(menu);
};
addEventListener("resize", replace);
document.addEventListener("scroll", replace, true);

function choose({ dataset: { insert: before, insertAfter: after = "" } }) {
  const menu = opener && menuOf(opener);
  if (!into?.isConnected) return void menu?.hidePopover();
  const room = into.maxLength > 0 ? into.maxLength - into.value.length : Infinity;
  if (before.length + after.length > room) return void say(menu, `There is no room for this: at most ${into.maxLength} letters.`);
  menu?.hidePopover();
  put(into, before, after);
  return undefined;
}

/** As if it was typed, so that it is undone, kept and counted like that. */
function put(text, before, after) {
  if (text.isContentEditable) return putRich(text, before, after);
  const isNew = !written.has(text);
  text.focus();
  // Who has not been there yet goes on at its end.
  if (isNew) text.setSelectionRange(text.value.length, text.value.length);
  const chosen = text.value.slice(text.selectionStart, text.selectionEnd);
  document.execCommand("insertText", false, before + chosen + after);
  if (after) text.setSelectionRange(text.selectionEnd - after.length, text.selectionEnd - after.length);
  return undefined;
}

function putRich(text, before, after) {
  const range = marked.get(text);
  text.focus();
  if (range && text.contains(range.startContainer)) {
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
  document.execCommand("insertText", false, before + getSelection().toString() + after);
}
