// The variants of a message as tabs of one form: the one that is shown is the one that is previewed.

const form = document.getElementById("words");

function panels() {
  return [...form.querySelectorAll("[data-variant]")];
}

function show(key, focus = false) {
  for (const panel of panels()) panel.hidden = panel.dataset.variant !== key;
  for (const tab of form.querySelectorAll("[role=tab]")) {
    const chosen = tab.dataset.show === key;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen && focus) tab.focus();
  }
  form.elements.variant.value = key;
}

function preview() {
  form.dispatchEvent(new CustomEvent("show-preview"));
}

form?.addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (!tab) return;
  show(tab.dataset.show);
  preview();
});

form?.addEventListener("keydown", (event) => {
  const tab = event.target.closest("[role=tab]");
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  const keys = panels().map((panel) => panel.dataset.variant);
  const next = keys[(keys.indexOf(tab.dataset.show) + step + keys.length) % keys.length];
  event.preventDefault();
  show(next, true);
  preview();
});

// Adding, copying and taking away answer with all variants anew; nothing of that is saved yet.
form?.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "variants") return;
  event.target.querySelector("input")?.dispatchEvent(new Event("input", { bubbles: true }));
  const panel = panels().find((each) => !each.hidden);
  panel?.querySelector("input:not([type=radio]), textarea")?.focus();
  preview();
});

// What stands outside of the form, as the width of the preview and whom it is for, belongs to it all the same.
let later = 0;

document.addEventListener("input", ({ target }) => {
  if (!form || target.form !== form || form.contains(target)) return;
  clearTimeout(later);
  later = setTimeout(preview, target.type === "radio" ? 0 : 400);
});

// Names to preview as are suggested while one is typed.
const people = document.querySelector("[data-people]");
people?.addEventListener("input", async () => {
  const asked = people.value;
  await new Promise((resolve) => setTimeout(resolve, 150));
  if (people.value !== asked || asked.length < 2) return;
  const answer = await fetch(`${people.dataset.people}?${new URLSearchParams({ q: asked })}`);
  if (!answer.ok || people.value !== asked) return;
  const { options } = await answer.json();
  let list = document.getElementById("people");
  if (!list) {
    list = document.createElement("datalist");
    list.id = "people";
    people.after(list);
    people.setAttribute("list", list.id);
  }
  list.replaceChildren(...options.map(([address, name]) => new Option(name, address)));
});
