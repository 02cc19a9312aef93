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
