// A list of values as chips, each of which can be taken off, and an input for the next one.

const inputOf = (box) => box.querySelector("input");

export function valuesOf(box) {
  const chips = [...box.querySelectorAll("[data-chip]")].map((chip) => chip.dataset.chip);
  const typed = inputOf(box).value.trim();
  return typed && !chips.includes(typed) ? [...chips, typed] : chips;
}

// What is typed, divided at commas and line ends except within "…".
export function divided(text) {
  const found = text.match(/"[^"]*"|[^,\n"]+/g) ?? [];
  return found.map((part) => part.trim().replace(/^"(.*)"$/, "$1").trim()).filter(Boolean);
}

// Make chips of what is complete: something that was suggested, everything before a comma, or all (when `done`).
export function take(input, done) {
  const box = input.closest("[data-chips]");
  if (!box) return;
  const text = input.value;
  const offered = [...(input.list?.options ?? [])].some((option) => option.value === text);
  if (offered && (done || input.matches(":focus"))) finish(box, [text.trim()], done ? "" : null);
  else if (done) finish(box, divided(text), "");
  else if (/[,\n]\s*$/.test(text) && (text.match(/"/g) ?? []).length % 2 === 0) finish(box, divided(text), "");
}

// `rest` is what stays in the input; null leaves it, for a suggestion may begin a longer word.
function finish(box, values, rest) {
  if (rest === null) return;
  const known = new Set([...box.querySelectorAll("[data-chip]")].map((chip) => chip.dataset.chip));
  for (const value of values.filter((each) => each && !known.has(each))) {
    known.add(value);
    inputOf(box).before(chip(box, value));
  }
  inputOf(box).value = rest;
}

function chip(box, value) {
  const made = box.querySelector("template").content.firstElementChild.cloneNode(true);
  made.dataset.chip = value;
  made.setAttribute("aria-label", `Remove ${value}`);
  made.querySelector("span").textContent = value;
  return made;
}

// Enter ends a value; Backspace in an empty input takes the last one off. Returns whether that was it.
export function chipKey(event) {
  const { target, key } = event;
  const box = target.closest("[data-chips]");
  if (!box || target !== inputOf(box)) return false;
  if (key === "Enter") {
    event.preventDefault();
    take(target, true);
    return true;
  }
  const last = [...box.querySelectorAll("[data-chip]")].at(-1);
  if (key !== "Backspace" || event.altKey || target.value || !last) return false;
  last.remove();
  return true;
}
